"""What the oracle looks at: everything that can be built here, as the texts that are written and
the folders of their sources."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
