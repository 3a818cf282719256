"""An outline has the classes that the whole file has: against Django's own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from asyncgen.modules import every_class
from asyncgen.read import read_file, read_outline
from asyncgen.source import Module

ROOT = Path(django.__file__).parent
FILES = sorted(
    each.relative_to(ROOT).as_posix()
    for pattern in ("contrib/*/models.py", "contrib/*/fields.py", "contrib/admin/sites.py")
    for each in ROOT.glob(pattern)
)
HARD = """\
from x import First, Second
from y import *
if First:
    Base, Other = First, Second
else:
    from z import Base
__all__ = ["Outer"]
__all__ += ["second"]
Made = First.from_queryset(Second)
class Outer(Base, key=Made):
    "text"
    a: int = [1][0]
    b = c = {"d": 1}
    def get_queryset(self, o=1): return p
async def first(e=f(1), *, g: Base = None) -> Base:
    try:
        with h:
            class Inner(Base[int]):
                class Deep(Other): pass
    except ValueError:
        for i in j:
            class Caught(Made.k): get_queryset = None
    match e:
        case 1:
            class Matched: l: Made
    return lambda: [Inner for m in n]
@decorated
def second():
    class Local(Second()): pass
"""


def shown(module: Module) -> Iterator[object]:
    """What tells the role of a class: names, bases, and what members are called."""
    for each in every_class(module):
        yield each.qualname, each.base_texts, each.bases, each.keywords
        yield set(each.functions), set(each.attributes), set(each.classes)
    yield dict(module.imports), module.star_imports, module.exports
    yield (
        set(module.functions),
        {name: each.value for name, each in module.attributes.items() if name in ("Base", "Made")},
    )


@pytest.mark.parametrize("name", FILES)
def test_of_django(name: str) -> None:
    path = ROOT / name
    assert list(shown(read_outline(path, "m", name))) == list(shown(read_file(path, "m", name)))


def test_of_hard_files(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text(HARD)
    found = list(shown(read_outline(path, "m", "m.py")))
    assert found == list(shown(read_file(path, "m", "m.py")))
    assert "<locals>.Matched" in str(found)
