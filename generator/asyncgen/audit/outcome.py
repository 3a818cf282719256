"""What of an audit is to be told: after the configuration, the comments and the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from asyncgen.audit.baseline import Baseline, Fingerprint, compared
from asyncgen.audit.confirm import Confirmed, Sight, confirmed
from asyncgen.audit.finding import Audit, Finding, Level
from asyncgen.audit.ignores import Ignore, ignores, sort
from asyncgen.audit.places import shown
from asyncgen.config import Config
from asyncgen.contents import Contents


@dataclass(frozen=True, slots=True)
class Outcome:
    """`findings` count; `ignored` are passed over by a comment, `known` by the baseline, of which
    `mended` is what is there no more."""

    root: Path
    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...]
    known: tuple[Finding, ...]
    mended: tuple[Fingerprint, ...]
    audit: Audit
    confirmed: Confirmed | None = None


def outcome(
    config: Config,
    audit: Audit,
    files: Sequence[Path],
    *,
    possible: bool,
    baseline: Baseline | None = None,
    sights: Sequence[Sight] | None = None,
    contents: Contents | None = None,
) -> Outcome:
    """What counts of an audit of these files; what is only possible counts when it is asked for, or
    was seen.

    A comment may ignore what is only possible in either case, so the audit has both.
    """
    findings = [replace(each, path=config.root / each.path) for each in audit.findings]
    seen = None
    if sights is not None:
        seen = confirmed(findings, sights, set(files))
        findings = list(seen.findings)
    comments = [
        each for path in files for each in ignores(path, _text(path, contents or Contents()))
    ]
    sorted_ = sort(findings, comments)
    counting = [
        each
        for each in (*sorted_.left, *(each.unused() for each in sorted_.unused))
        if (possible or each.level is Level.CERTAIN) and not _is_configured_away(each, config)
    ]
    counting.sort(key=lambda each: (each.path, each.line, each.column, each.code))
    split = compared(counting, baseline or Baseline(), config.root)
    return Outcome(config.root, split.new, sorted_.ignored, split.known, split.mended, audit, seen)


def _text(path: Path, contents: Contents) -> str:
    try:
        return contents.of(path).decode("utf-8")
    except (OSError, UnicodeDecodeError):  # the audit says so by itself
        return ""


def _is_configured_away(finding: Finding, config: Config) -> bool:
    """Whether `ignore` or `per-file-ignores` names the code."""
    if finding.code.startswith(config.audit.ignore):
        return True
    file = shown(finding.path, config.root)
    return any(
        fnmatchcase(file, pattern) and finding.code.startswith(codes)
        for pattern, codes in config.audit.per_file_ignores.items()
    )
