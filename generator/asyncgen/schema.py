"""The JSON Schema of [tool.asyncgen], for editors and for validate-pyproject.

https://validate-pyproject.readthedocs.io/en/stable/dev-guide.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast


def get_schema(tool: str = "asyncgen") -> dict[str, object]:
    """What validate-pyproject's entry point calls, with the name of the table."""
    text = Path(__file__).with_suffix(".json").read_text("utf-8")
    return cast(dict[str, object], json.loads(text))
