"""What each code of a problem means: `asyncgen rule AG305`, and the pages of the reference.

The texts stand in codes.toml; the codes of the audit have a table of their own, `audit.rules`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from textwrap import fill, indent

from asyncgen.problems import AsyncgenError, Problem

WIDTH = 88


@dataclass(frozen=True, slots=True)
class Code:
    """One code; see the head of codes.toml for the fields."""

    code: str
    what: str
    why: str
    way: str
    example: str = ""
    warning: bool = False

    @property
    def title(self) -> str:
        return f"{self.what[0].upper()}{self.what[1:]}"

    @property
    def severity(self) -> str:
        return "warning" if self.warning else "error"


@cache
def codes() -> Mapping[str, Code]:
    """Every code but those of the audit."""
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {code: Code(code, **fields) for code, fields in tables.items()}


def text(code: str) -> str:
    """The page of a code, as text. Raises AsyncgenError (AG208) where there is no such code."""
    from asyncgen.audit.report import page
    from asyncgen.audit.rules import RULES

    name = code.upper()
    if name in RULES:
        return page.text(name)
    if name in codes():
        return _page(codes()[name])
    known = [*codes(), *RULES]
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    raise AsyncgenError(Problem("AG208", f"there is no code {code}", hint))


def _page(code: Code) -> str:
    example = ["For example:", "", indent(code.example.rstrip(), "    "), ""]
    return "\n".join(
        [
            f"{code.code} {code.title} ({code.severity})",
            "",
            _filled(code.why),
            "",
            *(example if code.example else []),
            "The way out:",
            "",
            indent(_filled(code.way, WIDTH - 4), "    "),
            "",
        ]
    )


def _filled(text: str, width: int = WIDTH) -> str:
    """Paragraph of that width; what is in backticks stays on one line."""
    joined = re.sub(r"`[^`]+`", lambda span: span[0].replace(" ", "\0"), " ".join(text.split()))
    lines = fill(joined, width, break_long_words=False, break_on_hyphens=False)
    return lines.replace("\0", " ")
