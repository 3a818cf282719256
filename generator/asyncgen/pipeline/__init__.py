"""The flow from a configuration to rendered files, and the report of what was decided."""

from asyncgen.pipeline.result import Entry, Result
from asyncgen.pipeline.run import Progress, Run, rendered

__all__ = ["Entry", "Progress", "Result", "Run", "rendered"]
