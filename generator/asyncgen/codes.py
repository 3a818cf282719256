"""What each code of a problem or a finding means. The texts stand in codes.toml, for all who show
them: `asyncgen rule AG305`, the pages of the reference, the reports of the audit.
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

from asyncgen.problems import AsyncgenError, Problem, Severity

WIDTH = 88


@dataclass(frozen=True, slots=True)
class Code:
    """One code; see the head of codes.toml for the fields."""

    code: str
    what: str
    why: str
    way: str
    example: str = ""
    name: str = ""
    warning: bool = False

    @property
    def title(self) -> str:
        return f"{self.what[0].upper()}{self.what[1:]}"

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.warning else Severity.ERROR


@cache
def codes() -> Mapping[str, Code]:
    """Every code."""
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    phrases = {f"{{{name}}}": text.strip() for name, text in tables.pop("phrases").items()}
    for fields in tables.values():
        for name, text in phrases.items():
            fields["why"] = fields["why"].replace(name, text)
    return {code: Code(code, **fields) for code, fields in tables.items()}


def rules() -> Mapping[str, Code]:
    """The codes of the audit."""
    return {code: each for code, each in codes().items() if each.name}


def text(code: str) -> str:
    """The page of a code, as text. Raises AsyncgenError (AG208) where there is no such code."""
    known = named(code)
    parts = _rule_page(known) if known.name else _problem_page(known)
    return "\n\n".join(parts) + "\n"


def named(code: str) -> Code:
    """The code of that name. Raises AsyncgenError (AG208) where there is none."""
    known = codes().get(code.upper())
    if known is None:
        close = get_close_matches(code.upper(), codes(), n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(codes())}"
        raise AsyncgenError(Problem("AG208", f"there is no code {code}", hint))
    return known


def _problem_page(code: Code) -> list[str]:
    example = ["For example:", _indented(code.example)] if code.example else []
    return [
        f"{code.code} {code.title} ({code.severity.value})",
        _filled(code.why),
        *example,
        "The way out:",
        _indented(_filled(code.way, WIDTH - 4)),
    ]


def _rule_page(rule: Code) -> list[str]:
    return [
        f"{rule.code} {rule.name} ({rule.severity.value})",
        _filled(f"{rule.title}."),
        _filled(rule.why),
        "Instead of:",
        _indented(rule.example),
        "write:",
        _indented(rule.way),
        "Ignore one:",
        _indented(f"…  # asyncgen: ignore[{rule.code}] why"),
    ]


def _indented(text: str) -> str:
    return indent(text.rstrip(), "    ")


def _filled(text: str, width: int = WIDTH) -> str:
    """Paragraph of that width; what is in backticks stays on one line."""
    joined = re.sub(r"`[^`]+`", lambda span: span[0].replace(" ", "\0"), " ".join(text.split()))
    lines = fill(joined, width, break_long_words=False, break_on_hyphens=False)
    return lines.replace("\0", " ")
