"""Whether each class inherits the mixin that was written for it, so that its twins are there.

Told from facts: the mixins of a run stand in for the modules that it writes, and Python's method
resolution order says which twin a class has. What is wrong is a `Fault`; `check` reports it, and
`apply` (see `mend`) changes the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase

from asyncgen.analysis.variables import class_parameters
from asyncgen.definitions import External
from asyncgen.facts import Expression
from asyncgen.modules import every_class
from asyncgen.problems import Location, Problem, Severity
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Module, TypeParameter
from asyncgen.surface import ImportLine, Mixin, Mixins

# What a comment `# asyncgen: unwired` above a class, and the key of that name, say of it.
UNWIRED = "unwired"


class FaultKind(Enum):
    """What is wrong with a class and a mixin; the value is the code of the problem."""

    MISSING = "AG502"
    MISPLACED = "AG503"
    STALE = "AG504"


@dataclass(frozen=True, slots=True)
class Fault:
    """A class that lacks its mixin, has it behind what wins over it, or has one that is not there.

    `owner` is None where a module imports what is not there and no class of it inherits that.
    `text` is the mixin as it stands among the bases, where it does. `subscript` are the type
    variables of a generic mixin. `winner` is what wins, and the twin that it has. `severity` is a
    warning as long as the project uses none of its mixins: it has yet to begin.
    """

    kind: FaultKind
    path: str
    module: str
    owner: Class | None
    mixin: ImportLine
    text: str = ""
    subscript: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    winner: tuple[str, str] = ("", "")
    severity: Severity = Severity.ERROR
    line: int = 1

    @property
    def location(self) -> Location:
        return self.owner.location if self.owner else Location(self.path, self.line)

    @property
    def base(self) -> str:
        """The mixin as it stands among the bases."""
        name = self.mixin.name or ""
        return f"{name}[{', '.join(self.subscript)}]" if self.subscript else name

    def problem(self) -> Problem:
        say = _SAID[self.kind]
        return Problem(self.kind.value, say(self), self.hint, self.location, self.severity)

    @property
    def hint(self) -> str:
        if self.kind is FaultKind.STALE:
            return "run `asyncgen apply`, which takes it out"
        return (
            f"run `asyncgen apply`, or {self.by_hand}; "
            f"`# asyncgen: {UNWIRED}` above the class says that it is meant"
        )

    @property
    def by_hand(self) -> str:
        """What to write: the class statement as it should be, and the import that it needs."""
        if self.kind is FaultKind.STALE:
            return f"take out {self.text or self.mixin.name} and `{self.import_line}`"
        owner = self.owner
        others = [text for text in (owner.base_texts if owner else ()) if text != self.text]
        bases = ", ".join([self.base, *others])
        name = owner.name if owner else ""
        return f"write `class {name}({bases})`, with `{self.import_line}`"

    @property
    def import_line(self) -> str:
        return f"from {self.mixin.module} import {self.mixin.name}"


def _missing(fault: Fault) -> str:
    owner = fault.owner.name if fault.owner else ""
    twins = _listed(fault.twins)
    if fault.winner[0]:
        return (
            f"{owner} does not inherit {fault.base}: its {fault.winner[1]} is that of "
            f"{fault.winner[0]}, which need not run what {owner} overrides"
        )
    return f"{owner} does not inherit {fault.base}, so it has no {twins}"


def _misplaced(fault: Fault) -> str:
    owner = fault.owner.name if fault.owner else ""
    winner, twin = fault.winner
    return f"{owner} inherits {fault.base} behind {winner}, whose {twin} wins"


def _stale(fault: Fault) -> str:
    who = f"{fault.owner.name} inherits" if fault.owner else "the module imports"
    return f"{who} {fault.mixin.name}, which {fault.mixin.module} does not have"


_SAID = {
    FaultKind.MISSING: _missing,
    FaultKind.MISPLACED: _misplaced,
    FaultKind.STALE: _stale,
}


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


@dataclass
class Wiring:
    """Looks at the classes of modules that can import each other.

    `written` are the names in each module that the run writes. `mixins` are those that the
    classes are to have, those of other sources too.
    """

    resolver: Resolver
    written: Mapping[str, frozenset[str]]
    mixins: Mixins

    def __post_init__(self) -> None:
        self.mixin_classes = {owner: _as_class(each) for owner, each in self.mixins.items()}
        self.twinned = self._with_mixins()

    def _with_mixins(self) -> Resolver:
        """The resolver, to which what the run writes is there already."""
        resolver = Resolver(self.resolver.roots, self.resolver.read, self.resolver.outputs)
        for module in self.resolver.known:
            resolver.add(module)
        modules: dict[str, dict[str, Class]] = {}
        for mixin in self.mixin_classes.values():
            modules.setdefault(mixin.module, {})[mixin.name] = mixin
        for name, classes in modules.items():
            resolver.add(Module(name, name, {}, (), classes, {}, {}, None))
        return resolver

    def uses_mixins(self, module: Module) -> bool:
        """Whether the module imports anything of what the run writes, or an earlier one wrote."""
        return any(
            each.module in self.written or self.is_ours(each.module, each.name)
            for each in module.imports.values()
            if each.name
        )

    def faults(self, module: Module) -> Iterator[Fault]:
        """What is wrong in one module, by class."""
        classes = list(every_class(module))
        for each in classes:
            yield from self._stale(each, module)
            if each in self.mixins:
                yield from self._unwired(each, self.mixins[each], module)
        inherited = {line for each in classes for _, line in self._outputs(each, module)}
        for line in self._lost_imports(module):
            if line not in inherited:
                yield Fault(FaultKind.STALE, module.path, module.name, None, line)

    def _unwired(self, owner: Class, mixin: Mixin, module: Module) -> Iterator[Fault]:
        """That the class lacks its mixin, or another's twin comes before that of the mixin."""
        surface_class, mixin_class = mixin.surface_class, self.mixin_classes[owner]
        names = tuple(twin.name for twin in surface_class.twins)
        parameters = class_parameters(owner, self.resolver) if surface_class.is_generic else ()
        line = ImportLine(mixin.module, surface_class.name)
        fault = Fault(
            FaultKind.MISSING,
            module.path,
            module.name,
            owner,
            line,
            text=next((text for text, base in self._outputs(owner, module) if base == line), ""),
            subscript=tuple(map(_argument, parameters)),
            twins=(*names, *surface_class.protocol),
        )
        kind = FaultKind.MISPLACED if mixin_class in self.twinned.mro(owner) else FaultKind.MISSING
        for name in names:
            winner = self.twinned.lookup(owner, name)
            if winner and winner[0] is not mixin_class and winner[0] is not owner:
                yield replace(fault, kind=kind, winner=(winner[0].name, name))
                return
        if kind is FaultKind.MISSING:
            yield fault

    def _stale(self, owner: Class, module: Module) -> Iterator[Fault]:
        """The bases of the class that no module has."""
        for text, line in self._outputs(owner, module):
            if line.name not in self.written.get(line.module, ()):
                yield Fault(FaultKind.STALE, module.path, module.name, owner, line, text)

    def _outputs(self, owner: Class, module: Module) -> Iterator[tuple[str, ImportLine]]:
        """The bases of a class that are names in modules of ours, as they are written."""
        for base, text in zip(owner.bases, owner.base_texts, strict=True):
            line = self._output(base, module)
            if line:
                yield text, line

    def _output(self, base: Expression, module: Module) -> ImportLine | None:
        """The name in a module of ours, or one that is there no more, which a base stands for."""
        definition = self.resolver.expression(module, base)
        if not isinstance(definition, External):
            return None
        name, _, member = definition.dotted.rpartition(".")
        return ImportLine(name, member) if self.is_ours(name, member) else None

    def _lost_imports(self, module: Module) -> Iterator[ImportLine]:
        """What the module imports from a module of ours that does not have it."""
        for import_ in module.imports.values():
            if import_.name and self.is_ours(import_.module, import_.name):
                known = self.written.get(import_.module)
                # What a stub alone declares is imported for type checkers alone.
                if known is None or not (import_.is_type_only or import_.name in known):
                    yield ImportLine(import_.module, import_.name)

    def has(self, module: str, name: str) -> bool:
        """Whether the run writes the name into the module."""
        return name in self.written.get(module, ())

    def is_ours(self, module: str, name: str) -> bool:
        """Whether this run decides what the module has, or it looks as an earlier one did: it is
        in a package of the project, is not there, and the name is a mixin's."""
        if module in self.resolver.outputs:
            return True
        package = self.resolver.find(module.rpartition(".")[0])
        is_own = package is not None and "site-packages" not in package.parts
        return is_own and self.resolver.find(module) is None and name.endswith("Async")


def _argument(parameter: TypeParameter) -> str:
    """A type parameter as what a base is subscripted with."""
    return f"*{parameter.name}" if parameter.stars == "*" else parameter.name


def is_exempt(cls: Class, patterns: Iterable[str]) -> str | None:
    """The pattern, or the comment, which says that the class is not to be wired."""
    if cls.pragma == UNWIRED:
        return UNWIRED
    return next(
        (each for each in patterns if fnmatchcase(cls.name, each) or fnmatchcase(cls.dotted, each)),
        None,
    )


def _as_class(mixin: Mixin) -> Class:
    """The mixin as it is written, as far as the order of classes goes."""
    surface_class = mixin.surface_class
    functions = {
        twin.name: replace(twin.decision.function, name=twin.name, is_type_only=False)
        for twin in surface_class.twins
    }
    return Class(
        name=surface_class.name,
        qualname=surface_class.name,
        module=mixin.module,
        bases=(),
        base_texts=(),
        keywords=(),
        functions=functions,
        attributes={},
        classes={},
        location=surface_class.source.location,
    )
