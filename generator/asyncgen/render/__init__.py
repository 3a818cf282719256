"""Surfaces and stubs to text. The only package that imports Jinja2."""

from asyncgen.render.python import Renderer

__all__ = ["Renderer"]
