"""What is known of labelled callables without a return annotation, to compare with `known/`.

    python -m tests.projects.known    write the tables anew, to be read as a diff

A line for each: the callable's name, its kind, and the type that a stub says of it (`?`: none).
A label says what is right; this says what is so, that a change is seen: what becomes unknown, a
type that becomes another one, a twin more or less.
"""

from __future__ import annotations

from asyncgen.analysis.types import text

from tests.projects.download import HERE, Package, packages
from tests.projects.score import decided, labels

TABLES = HERE / "known"
UNKNOWN = "?"


def every() -> list[Package]:
    """The packages that have labels."""
    return [*packages().values()]


def known(package: Package) -> dict[str, str]:
    """Kind and type of each labelled callable without a return annotation, by its name."""
    found: dict[str, str] = {}
    wanted = [label.name for label in labels(package)]
    for name, entry, spelling in decided(package, wanted):
        if entry.decision.function.signature.returns is None and name in wanted:
            types = spelling.returns(entry.decision, entry.module)
            said = UNKNOWN if types is None else text(types)
            found[name] = f"{entry.decision.kind.value} {said}"
    return dict(sorted(found.items()))


def written(package: Package) -> dict[str, str]:
    """What the table of the package says."""
    lines = (TABLES / f"{package.name}.txt").read_text(encoding="utf-8").splitlines()
    return {name: said for name, _, said in (line.partition(" ") for line in lines)}


def write(package: Package) -> None:
    lines = (f"{name} {said}\n" for name, said in known(package).items())
    (TABLES / f"{package.name}.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    for each in every():
        write(each)
