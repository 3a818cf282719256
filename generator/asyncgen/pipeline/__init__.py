"""The flow from a configuration to rendered files, and the report of what was decided."""

from asyncgen.pipeline.result import Entry, Result
from asyncgen.pipeline.run import Progress, Run, rendered
from asyncgen.pipeline.selection import Selection, import_root

__all__ = ["Entry", "Progress", "Result", "Run", "Selection", "import_root", "rendered"]
