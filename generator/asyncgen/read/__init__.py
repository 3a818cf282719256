"""Source text to module facts. The only package that imports LibCST."""

from asyncgen.read.files import Files, decode, read_file
from asyncgen.read.outline import read_outline

__all__ = ["Files", "decode", "read_file", "read_outline"]
