"""What `asyncgen rule AG703` says: a page for each code, from the table of rules."""

from __future__ import annotations

from textwrap import fill, indent

from asyncgen.audit.rules import RULES


def text(code: str) -> str:
    """The page of a code of the audit."""
    rule = RULES[code]
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
