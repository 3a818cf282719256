"""What `asyncgen rule AG703` says: a page for each code, from the table of rules."""

from __future__ import annotations

from difflib import get_close_matches
from textwrap import fill, indent

from asyncgen.audit.rules import RULES
from asyncgen.problems import AsyncgenError, Problem


def text(code: str) -> str:
    """The page of a code. Raises AsyncgenError (AG208) where there is no such code."""
    rule = RULES.get(code.upper())
    if rule is None:
        close = get_close_matches(code.upper(), RULES, n=1)
        hint = f"did you mean {close[0]}?" if close else ""
        raise AsyncgenError(
            Problem("AG208", f"no rule is called {code}", hint or f"known: {', '.join(RULES)}")
        )
    return "\n".join(
        [
            f"{rule.code} {rule.name} ({rule.severity.value})",
            "",
            fill(f"{rule.what[0].upper()}{rule.what[1:]}.", 88),
            "",
            fill(rule.why, 88, break_long_words=False, break_on_hyphens=False),
            "",
            "Instead of:",
            "",
            indent(rule.example, "    "),
            "",
            "write:",
            "",
            indent(rule.way, "    "),
            "",
            "Ignore one:",
            "",
            f"    …  # asyncgen: ignore[{rule.code}] why",
            "",
        ]
    )
