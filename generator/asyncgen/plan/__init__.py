"""The flow from a configuration to rendered files, and the report of what was decided."""

from asyncgen.plan.result import Entry, Result
from asyncgen.plan.run import Progress, Run, rendered, renderer_of
from asyncgen.plan.selection import ASIDE, Selection, import_root

__all__ = [
    "ASIDE",
    "Entry",
    "Progress",
    "Result",
    "Run",
    "Selection",
    "import_root",
    "rendered",
    "renderer_of",
]
