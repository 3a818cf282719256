"""What is said of all findings together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from asyncgen.audit.finding import Finding
from asyncgen.audit.outcome import Outcome
from asyncgen.codes import codes


def statistics(findings: Sequence[Finding]) -> str:
    """How many findings each code has, the most frequent first."""
    counts = sorted(Counter(each.code for each in findings).items(), key=lambda each: -each[1])
    width = max((len(str(count)) for _, count in counts), default=0)
    return "\n".join(f"{count:>{width}}  {code}  {codes()[code].what}" for code, count in counts)


def text(outcome: Outcome) -> str:
    """The last lines of a run: what is mended, what was found, what was passed over."""
    lines = [f"mended: {each.file}: {each.code} {each.statement}" for each in outcome.mended]
    if outcome.mended:
        lines.append("--write-baseline takes out of the baseline what is mended.")
    looked = f"{_count(outcome.audit.functions, 'function')} on the event loop looked at"
    said = [_found(outcome), looked, *_seen(outcome), *_passed_over(outcome)]
    return "\n".join([*lines, f"asyncgen: {'; '.join(said)}"])


def _found(outcome: Outcome) -> str:
    findings = outcome.findings
    if not findings:
        return "nothing found"
    fixes = [each.fix for each in findings if each.fix]
    mends = sum(each.safe and bool(each.kind) for each in fixes)
    files = _count(len({each.path for each in findings}), "file")
    mend = f", of which --fix mends {mends}" if mends else ""
    return f"{_count(len(findings), 'finding')} in {files}{mend}"


def _seen(outcome: Outcome) -> list[str]:
    seen = outcome.confirmed
    return [f"{seen.seen} seen at run time, {seen.missed} seen and not found"] if seen else []


def _passed_over(outcome: Outcome) -> list[str]:
    said = {"ignored by comments": outcome.ignored, "known in the baseline": outcome.known}
    return [f"{len(each)} {how}" for how, each in said.items() if each]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
