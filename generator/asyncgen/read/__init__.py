"""Source text to module facts. The only package that imports LibCST."""

from asyncgen.read.files import decode, read_file

__all__ = ["decode", "read_file"]
