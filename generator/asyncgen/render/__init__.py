"""Surfaces and stubs to text. The only package that imports Jinja2."""

from asyncgen.render.stub import render_dispatch_stub, render_managers, render_stub
from asyncgen.render.surface import render, render_dispatch, twin_lines

__all__ = [
    "render",
    "render_dispatch",
    "render_dispatch_stub",
    "render_managers",
    "render_stub",
    "twin_lines",
]
