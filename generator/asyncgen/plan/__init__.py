"""The flow from a configuration to rendered files, and the report of what was decided."""

from asyncgen.plan.covered import covered, outlines
from asyncgen.plan.own import own_files
from asyncgen.plan.result import Entry, Result
from asyncgen.plan.roots import Roots
from asyncgen.plan.run import Progress, Run, rendered, renderer_of
from asyncgen.plan.uncovered import uncovered, unnamed

__all__ = [
    "Entry",
    "Progress",
    "Result",
    "Roots",
    "Run",
    "covered",
    "outlines",
    "own_files",
    "rendered",
    "renderer_of",
    "uncovered",
    "unnamed",
]
