"""A surface to what its `.pyi` files declare, and the static manager classes beside it."""

from asyncgen.stub.maker import StubMaker

__all__ = ["StubMaker"]
