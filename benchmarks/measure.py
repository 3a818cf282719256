"""Costs and their ratios, and whole processes that take turns to be measured.

What takes turns is slowed alike by a busy machine.
"""

from __future__ import annotations

import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"
# Nothing of the caller's may change how Python starts, or where caches are.
_DROPPED = ("PYTHON", "VIRTUAL_ENV", "ASYNCGEN_", "DJANGO_")


@dataclass(frozen=True)
class Cost:
    """What something took, in seconds; `cpu` is user and system time together."""

    cpu: float
    wall: float

    @classmethod
    def median(cls, costs: Sequence[Cost]) -> Cost:
        return cls(
            statistics.median(each.cpu for each in costs),
            statistics.median(each.wall for each in costs),
        )


@dataclass(frozen=True)
class Ratio:
    """What one thing took to what another took beside it.

    The median over many pairs, and the interval in which the median lies with 95 % confidence: by
    the ranks that a binomial distribution gives, so whatever the noise is distributed like.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of_pairs(cls, pairs: Sequence[tuple[float, float]]) -> Ratio:
        ratios = sorted(one / other for one, other in pairs)
        reach = 1.96 / 2 * math.sqrt(len(ratios))
        low = max(math.floor(len(ratios) / 2 - reach), 0)
        return cls(statistics.median(ratios), ratios[low], ratios[-1 - low])

    def __str__(self) -> str:
        if self.median < 0.1:
            return f"1/{1 / self.median:.0f}"
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Command:
    """A command, and what is done before each run of it without being timed."""

    arguments: Sequence[str | Path]
    folder: Path
    prepare: Callable[[], object] = lambda: None
    variables: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = (0,)

    def run(self) -> Cost:
        """Run it once; CalledProcessError when its exit status is not one of `statuses`."""
        self.prepare()
        kept = {key: value for key, value in os.environ.items() if not key.startswith(_DROPPED)}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(
            self.arguments,
            cwd=self.folder,
            env={**kept, **self.variables},
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wall = time.perf_counter() - start
        if done.returncode not in self.statuses:
            raise subprocess.CalledProcessError(done.returncode, self.arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return Cost(cpu, wall)


def medians(commands: Mapping[str, Command], rounds: int) -> dict[str, Cost]:
    """Run each command in turn, `rounds` times after one round that warms the disk."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            cost = command.run()
            if number:
                costs[name].append(cost)
    return {name: Cost.median(found) for name, found in costs.items()}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table; all but the first column to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def environment() -> Path:
    """The bin folder of an environment with every generator, made when the lock file changed."""
    folder = ROOT / ".cache" / "benchmarks"
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = folder / "requirements.txt"
    if not installed.is_file() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        needed = ["--require-hashes", "--requirement", str(REQUIREMENTS)]
        subprocess.run([*pip, *needed], check=True)
        shutil.copy(REQUIREMENTS, installed)
    own = map(str, (ROOT / "runtime", ROOT))
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--force-reinstall", *own], check=True
    )
    return folder / "bin"
