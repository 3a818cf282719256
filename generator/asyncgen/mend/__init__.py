"""LibCST changes of people's own source: lossless, and only where they say."""

from asyncgen.mend.apply import Change, Mended, mended
from asyncgen.mend.files import write

__all__ = ["Change", "Mended", "mended", "write"]
