"""What a build makes of a project, in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asyncgen.config import Config, load
from asyncgen.plan import Result, Run, rendered
from asyncgen.problems import Problem


@dataclass(frozen=True)
class Built:
    """A configuration, what a run over it says, and the texts that a build writes, by path."""

    config: Config
    result: Result
    texts: dict[str, str]

    def write(self, folder: Path | None = None) -> None:
        """Write the texts below the folder, that of the configuration unless told otherwise."""
        for name, text in self.texts.items():
            path = (folder or self.config.root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def build(config: Config | Path, *, warnings: bool = False) -> Built:
    """Run asyncgen with a configuration, or that of a pyproject.toml. Nothing is written.

    Problems fail the test: errors always, warnings unless they are allowed.
    """
    config = load(config) if isinstance(config, Path) else config
    result = Run(config).result()
    problems: tuple[Problem, ...] = tuple(result.errors if warnings else result.problems)
    assert not problems, problems
    return Built(config, result, {each.path: each.text for each in rendered(result, config)})
