"""A dotted name to the class, function or module it means, across files; and Python's MRO."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncgen.decorators import Decorators
from asyncgen.definitions import (
    Alias,
    Definition,
    External,
    FunctionIn,
    Missing,
    ModuleReference,
)
from asyncgen.django import factories
from asyncgen.facts import Call, Choice, Expression, Get, Import, Item, Literal, Name
from asyncgen.modules import Modules
from asyncgen.source import Attribute, Class, Function, Module

STANDARD_LIBRARY = sys.stdlib_module_names
BUILTIN_CLASSES = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type)
)
READ_LIMIT = 40  # how many re-exports and aliases a name may pass through


@dataclass
class Resolver(Modules):
    """Tells what names mean, and what classes inherit.

    A class that inherits from one of a module in `outputs` has nothing missing.
    """

    _linear: dict[Class, tuple[Class, ...]] = field(default_factory=dict)
    _bases: dict[Class, tuple[tuple[Class, ...], tuple[str, ...]]] = field(default_factory=dict)
    _outer_bases: dict[Class, frozenset[str]] = field(default_factory=dict)
    _managers: dict[tuple[Class, Class, str], Class] = field(default_factory=dict)
    _names: dict[tuple[str, str], Definition | None] = field(default_factory=dict)
    _dotted: dict[str, Definition] = field(default_factory=dict)  # of what was found

    def decided(self, module: Module) -> Module:
        return Decorators(self).decided(module)

    def add(self, module: Module) -> None:
        super().add(module)
        self._dotted.clear()

    # -- names ---------------------------------------------------------------------------------

    def dotted(self, name: str) -> Definition | None:
        """What the absolute name means: `package.module.Class` or `package.module`."""
        found = self._dotted.get(name)
        if found is None:
            module, _, attribute = name.rpartition(".")
            owner = self.dotted(module) if module else None
            found = self.member(owner, attribute) if owner else None
            found = found if module else ModuleReference(name)
            if found:  # else it may be met while it is being told
                self._dotted[name] = found
        return found

    def name(self, module: Module, name: str, depth: int = 0) -> Definition | None:
        """What `name` means in `module`; None where it is not bound there."""
        key = (module.name, name)
        if key not in self._names:
            self._names[key] = None  # a circular import ends here
            self._names[key] = self._name(module, name, depth)
        return self._names[key]

    def _name(self, module: Module, name: str, depth: int) -> Definition | None:
        if depth > READ_LIMIT:
            return None
        if name in module.classes:
            return module.classes[name]
        if name in module.functions:
            return FunctionIn(module.functions[name], module)
        if name in module.attributes:
            return self._attribute(module, module.attributes[name], depth)
        if name in module.imports:
            return self._import(module.imports[name], depth)
        for star in module.star_imports:
            source = self.readable(star)
            if source is None or name.startswith("_"):
                continue
            if source.exports is None or name in source.exports:
                definition = self.name(source, name, depth + 1)
                if definition:
                    return definition
        return None

    @staticmethod
    def _binds(module: Module, name: str) -> bool:
        """Whether the module itself binds the name, star imports aside."""
        return (
            name in module.classes
            or name in module.functions
            or name in module.attributes
            or name in module.imports
        )

    def _attribute(self, module: Module, attribute: Attribute, depth: int) -> Definition | None:
        value = attribute.value
        while isinstance(value, Choice):
            value = value.options[0]
        if isinstance(value, Name | Get | Item):
            definition = self.expression(module, value, depth + 1)
            if isinstance(definition, Class | FunctionIn | ModuleReference | External):
                return definition
        if isinstance(value, Call):
            made = self.made(module, value, attribute.name) or self.loaded(module, value)
            return made or Alias(attribute, module)
        return Alias(attribute, module)

    def _import(self, import_: Import, depth: int) -> Definition | None:
        if import_.name is None:
            return ModuleReference(import_.module)
        return self.member(ModuleReference(import_.module), import_.name, depth + 1)

    def member(self, owner: Definition, name: str, depth: int = 0) -> Definition | None:
        """What `owner.name` means."""
        match owner:
            case ModuleReference(name=dotted):
                module = self.readable(dotted)
                if module is None:
                    inner = f"{dotted}.{name}"
                    return ModuleReference(inner) if self.is_there(inner) else External(inner)
                inner = f"{dotted}.{name}"  # there, or about to be written
                if not self._binds(module, name) and (inner in self.outputs or self.find(inner)):
                    return ModuleReference(inner)
                return self.name(module, name, depth)
            case External(dotted=dotted):
                return External(f"{dotted}.{name}")
            case Class():
                return owner.classes.get(name)
        return None

    def expression(
        self, module: Module, expression: Expression, depth: int = 0
    ) -> Definition | None:
        """What a base class expression, an annotation or a decorator means in `module`."""
        match expression:
            case Name(id=name):
                return self.name(module, name, depth)
            case Get(value=value, name=name):
                owner = self.expression(module, value, depth)
                return self.member(owner, name, depth) if owner else None
            case Item(value=Call() as call, index=Literal(type="int", text=position)):
                return self.loaded(module, call, int(position))
            case Item(value=value):  # QuerySet["Book"]
                return self.expression(module, value, depth)
            case Call():
                return self.made(module, expression) or self.loaded(module, expression)
            case Choice(options=(first, *_)):
                return self.expression(module, first, depth)
        return None

    def loaded(self, module: Module, call: Call, position: int = 0) -> Class | None:
        """The class that a call names by its module and its name, as strings.

        `get_class("catalogue.managers", "ProductManager")`: the module is looked for below each
        package that the calling one is in. Of several names `position` says which is meant.
        """
        inner, name = factories.named_class(call, position)
        package = module.name.split(".")
        for depth in range(len(package), -1, -1) if inner else ():
            known = self.readable(".".join([*package[:depth], inner]))
            if known:
                definition = self.name(known, name)
                return definition if isinstance(definition, Class) else None
        return None

    # -- classes -------------------------------------------------------------------------------

    def made(self, module: Module, call: Expression, name: str = "") -> Class | None:
        """The class that `X.from_queryset(Y)` makes; None for any other call."""
        match call:
            case Call(function=Get(value=base, name="from_queryset"), arguments=(first, *_)):
                manager = self.expression(module, base)
                queryset = self.expression(module, first)
                if isinstance(manager, Class) and isinstance(queryset, Class):
                    return self._manager(manager, queryset, module, (base, first), name)
        return None

    def manager_of(self, manager: Class, queryset: Class, module: Module) -> Class:
        """The class behind `queryset.as_manager()` and `manager.from_queryset(queryset)`."""
        bases = (Name(manager.name), Name(queryset.name))
        return self._manager(manager, queryset, module, bases)

    def _manager(
        self,
        manager: Class,
        queryset: Class,
        module: Module,
        bases: tuple[Expression, Expression],
        name: str = "",
    ) -> Class:
        key = (manager, queryset, name)
        if key not in self._managers:
            functions = factories.copied(self.mro(manager), self.mro(queryset))
            made = factories.manager_class(
                name or f"{manager.name}From{queryset.name}",
                module.name,
                queryset,
                bases,
                functions,
            )
            self._bases[made] = ((manager,), ())
            self._managers[key] = made
        return self._managers[key]

    def derive(self, base: Class, name: str) -> Class:
        """A class `name` that inherits from `base` and adds nothing."""
        made = factories.made_class(name, base.module, base.location)
        self._bases[made] = ((base,), ())
        return made

    def bases(self, cls: Class) -> tuple[tuple[Class, ...], tuple[str, ...]]:
        """The classes that `found` inherits from, and the texts of those that cannot be told."""
        if cls not in self._bases:
            module = self.readable(cls.module)
            classes: list[Class] = []
            missing: list[str] = []
            for expression, text in _each_base(cls):
                base = self.expression(module, expression) if module else None
                if isinstance(base, Class) and base is not cls:
                    classes.append(base)
                elif not self._is_known(base, expression, module):
                    missing.append(text)
            self._bases[cls] = (tuple(classes), tuple(missing))
        return self._bases[cls]

    def _is_known(
        self, base: Definition | None, expression: Expression, module: Module | None
    ) -> bool:
        """A base that needs no source: the standard library's, or one that this build writes."""
        if isinstance(base, External):
            module_name, _, _ = base.dotted.rpartition(".")
            is_standard = base.dotted.partition(".")[0] in STANDARD_LIBRARY
            return is_standard or module_name in self.outputs
        if isinstance(base, Alias) and isinstance(base.attribute.value, Name):
            return base.attribute.value.id in BUILTIN_CLASSES  # `Base = object`
        if isinstance(expression, Name):
            import_ = module.imports.get(expression.id) if module else None
            return expression.id in BUILTIN_CLASSES or (
                import_ is not None and import_.module in self.outputs
            )
        return False

    def mro(self, cls: Class) -> tuple[Class, ...]:
        """The classes that attributes of `found` are looked up in, by C3 linearisation.

        Bases that cannot be told are left out. Where C3 finds no order, Python itself would not
        make the class: the order is then depth first.
        """
        if cls not in self._linear:
            self._linear[cls] = (cls,)  # a class that inherits from itself ends here
            bases, _ = self.bases(cls)
            sequences = [list(self.mro(base)) for base in bases] + [list(bases)]
            self._linear[cls] = (cls, *_merge(sequences))
        return self._linear[cls]

    def missing(self, cls: Class) -> tuple[Missing, ...]:
        """The bases, of the class or any it inherits from, that cannot be told."""
        return tuple(
            Missing(known, text, self._is_imported(known, text))
            for known in self.mro(cls)
            for text in self.bases(known)[1]
        )

    def outer_bases(self, cls: Class) -> frozenset[str]:
        """The dotted names of the bases, its own and inherited ones, that are not read."""
        if cls not in self._outer_bases:
            self._outer_bases[cls] = frozenset(
                base.dotted
                for known in self.mro(cls)
                if (module := self.readable(known.module))
                for each in known.bases
                if isinstance(base := self.expression(module, each), External)
            )
        return self._outer_bases[cls]

    def _is_imported(self, cls: Class, base: str) -> bool:
        """Whether the text of a base begins with a name that the module imports, or may do so."""
        module = self.readable(cls.module)
        root = re.match(r"\w+", base)
        if module is None or root is None or "(" in base:
            return False
        return root[0] in module.imports or bool(module.star_imports)

    def lookup(
        self, cls: Class, name: str, after: Class | None = None
    ) -> tuple[Class, Function | Attribute | Class] | None:
        """The class in the MRO that has `name` and what it has there; with `after`, as super().

        What is declared for type checkers only is found where nothing else is.
        """
        order = self.mro(cls)
        if after in order:
            order = order[order.index(after) + 1 :]
        declared: tuple[Class, Function] | None = None
        for known in order:
            for table in (known.functions, known.attributes, known.classes):
                if name not in table:
                    continue
                what = table[name]
                if not (isinstance(what, Function) and what.is_type_only):
                    return known, what
                declared = declared or (known, what)
        return declared

    def builtin_base(self, cls: Class) -> str | None:
        """The builtin type that the class inherits from, if it does: dict, Exception."""
        for known in self.mro(cls):
            for base in known.bases:
                if isinstance(base, Name) and base.id in BUILTIN_CLASSES and base.id != "object":
                    return base.id
        return None


def _each_base(cls: Class) -> Iterator[tuple[Expression, str]]:
    """The base expressions with their texts; those inside `with_metaclass(Meta, A, B)` too."""
    for expression, text in zip(cls.bases, cls.base_texts, strict=True):
        match expression:
            case Call(function=Name(id=name) | Get(name=name), arguments=(_, *inner)) if (
                name == "with_metaclass"
            ):
                yield from ((each, text) for each in inner)
            case _:
                yield expression, text


def _merge(sequences: list[list[Class]]) -> Iterator[Class]:
    """C3: take the first head that stands in no other tail."""
    sequences = [sequence for sequence in sequences if sequence]
    while sequences:
        for sequence in sequences:
            head = sequence[0]
            if not any(head in other[1:] for other in sequences):
                break
        else:
            head = sequences[0][0]
        yield head
        sequences = [
            rest
            for sequence in sequences
            if (rest := [each for each in sequence if each is not head])
        ]
