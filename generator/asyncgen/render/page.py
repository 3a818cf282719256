"""One file that is rendered: the names that its templates ask for, and the imports of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from jinja2 import pass_context
from jinja2.runtime import Context

from asyncgen.namespace import Namespace
from asyncgen.render.imports import IsFirstParty, grouped
from asyncgen.source import Class
from asyncgen.surface import Host, ImportLine, Twin

_NOTHING: frozenset[str] = frozenset()


@dataclass
class Page:
    """The names of one module. Templates call `use`, `own`, `owns`, `imports` and
    `type_imports`."""

    module: str
    members: frozenset[str]
    is_first_party: IsFirstParty
    twins: Sequence[Twin]
    runtime: Iterable[ImportLine] = ()
    typing: Iterable[ImportLine] = ()
    host: Host | None = None  # the file that all goes into, which has names already
    names: Namespace = field(init=False)
    _used: set[ImportLine] = field(default_factory=set)
    _owned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.names = Namespace(self.members | (self.host.names if self.host else _NOTHING))
        for line in self.host.imports if self.host else ():
            self.names.add(line)
        for line in (*self.runtime, *self.typing):
            self.names.add(line)
        self._used.update(self.runtime)

    @pass_context
    def use(self, context: Context, what: str | Class | ImportLine) -> str:
        """The name, in this file and in the twin that is being written, of what has a dotted
        name."""
        return self.name(what, context.get("twin"))

    def name(self, what: str | Class | ImportLine, twin: Twin | None = None) -> str:
        """The name of something in the body of `twin`, or else at the top of the file."""
        module, name = _parts(what)
        avoid = bound(twin) if twin else _NOTHING
        if module == self.module:
            return name
        if module == "builtins":
            text = self.names.builtin(name, avoid)
        else:
            first, dot, rest = name.partition(".")
            text = self.names.name(module, first, avoid=avoid) + dot + rest
        self._used.update(self.names.lines([text.partition(".")[0]]))
        return text

    def own(self, name: str) -> str:
        """The name of a helper that the file defines itself; no parameter has it."""
        self._owned.add(name)
        return self.names.own(name, self.bound)

    @cached_property
    def bound(self) -> frozenset[str]:
        """The names that any twin binds."""
        return frozenset().union(*map(bound, self.twins))

    def owns(self, name: str) -> bool:
        """Whether a helper was asked for."""
        return name in self._owned

    def imports(self) -> list[list[str]]:
        """The import statements of all that was asked for, in isort's groups."""
        lines = set(self._used)
        if any(_is_annotated(twin) for twin in self.twins):
            lines.add(ImportLine("__future__", "annotations"))
        if self.typing:
            self.name("typing.TYPE_CHECKING")
            lines = lines | self._used
        return grouped(lines, self.is_first_party)

    def lacking(self) -> tuple[ImportLine, ...]:
        """The imports of all that was asked for and the host does not have."""
        known = self.host.imports if self.host else ()
        return tuple(sorted(self._used.difference(known), key=repr))

    def type_imports(self) -> list[list[str]]:
        """Those that only annotations need."""
        return grouped(self.typing, self.is_first_party)


def bound(twin: Twin) -> frozenset[str]:
    """The names that a twin's function binds: its parameters, and the function that it imports."""
    names = {parameter.name for parameter in twin.signature.parameters}
    return frozenset({*names, *filter(None, (twin.receiver, twin.alias))})


def _parts(what: str | Class | ImportLine) -> tuple[str, str]:
    match what:
        case Class(module=module, qualname=name):
            return module, name
        case ImportLine(module=module, name=str(name)):
            return module, name
    module, _, name = str(what).rpartition(".")
    return module, name


def _is_annotated(twin: Twin) -> bool:
    signature = twin.signature
    return bool(signature.returns) or any(each.annotation for each in signature.parameters)
