"""The names of one written file: what it imports, and what it calls it."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from asyncgen.surface import ImportLine

# The names that every module has for the same thing; `__name__` and its like are each module's own.
BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("__"))
_NOTHING: frozenset[str] = frozenset()
_OWN = ""  # the module of what the file defines itself


@dataclass
class Namespace:
    """Hands out the names of one file.

    No import takes one of `members`, the names that the file or a class in it binds by a
    definition, nor a name that stands for something else already. `avoid` are names that mean
    something else where the name is used: the parameters of a function.
    """

    members: frozenset[str]
    _targets: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # by local name

    @property
    def imports(self) -> tuple[ImportLine, ...]:
        """All that was asked for, sorted."""
        return tuple(
            self.lines(sorted(self._targets, key=lambda local: repr(self._targets[local])))
        )

    def lines(self, names: Iterable[str]) -> Iterator[ImportLine]:
        """The imports that bind `names`, as far as imports do."""
        for local in names:
            module, name = self._targets.get(local, (_OWN, None))
            if module != _OWN:
                yield ImportLine(module, name, None if local in (name, module) else local)

    def add(self, line: ImportLine) -> None:
        """Bind what `line` imports, under the name that it says."""
        self._targets[line.alias or line.name or line.module] = line.module, line.name

    def name(
        self,
        module: str,
        name: str | None,
        wanted: str | None = None,
        avoid: frozenset[str] = _NOTHING,
    ) -> str:
        """The file's name for `name` of `module` (None: the module itself)."""
        for local, target in self._targets.items():
            if target == (module, name) and local.partition(".")[0] not in avoid:
                return local
        local = wanted or name or module
        if self.is_taken(local, name is None) or local.partition(".")[0] in avoid:
            local = self.fresh(local.replace(".", "_"), avoid)
        self._targets[local] = module, name
        return local

    def builtin(self, name: str, avoid: frozenset[str] = _NOTHING) -> str:
        """The file's text for a builtin: its name, where nothing hides it."""
        if name in self.members or name in avoid or name in self._targets:
            return f"{self.name('builtins', None, avoid=avoid)}.{name}"
        return name

    def own(self, name: str, avoid: frozenset[str]) -> str:
        """The name of a helper that the file defines itself."""
        return self.name(_OWN, name, avoid=avoid)

    def fresh(self, wanted: str, avoid: frozenset[str] = _NOTHING) -> str:
        """A name that stands for nothing yet; it is not remembered. It does not begin with two
        underscores: a class would take it for a private name of its own."""
        while wanted in avoid or self.is_taken(wanted):
            wanted = f"{wanted}_" if wanted.startswith("_") else f"_{wanted}"
        return wanted

    def is_taken(self, local: str, is_module: bool = False) -> bool:
        """Whether the name stands for something already. `import a.b` and `import a.c` bind the
        same `a`."""
        first = local.partition(".")[0]
        if first in self.members:
            return True
        for other, (module, name) in self._targets.items():
            is_other_module = other == module and name is None
            if first == other.partition(".")[0] and not (is_module and is_other_module):
                return True
        return False
