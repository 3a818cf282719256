"""The names of one stub: what it imports, its type variables, and annotations spelled with them.

An annotation that is taken over from a source keeps its text, but for the names in it: each is
looked up where the annotation was written, and replaced by the name that the stub has for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from asyncgen.analysis.types import Known, Types, ordered
from asyncgen.analysis.variables import class_parameters, is_variable, type_parameter
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.definitions import Alias, Definition
from asyncgen.facts import Call, Get, Import, Literal, Name
from asyncgen.namespace import BUILTINS, Namespace
from asyncgen.resolve import Resolver
from asyncgen.source import Attribute, Class, Module, TypeParameter
from asyncgen.stub.rewriting import Rewriting, unsaid_arguments
from asyncgen.surface import ImportLine

# Other calls that make a type; what any other one gives is a value to type checkers.
_TYPE_MAKERS = frozenset({"NewType", "NamedTuple", "namedtuple", "TypedDict", "TypeAliasType"})
# What stands for a type parameter's argument of which nothing is known, by the parameter's stars.
_UNKNOWN = {"": "{any}", "*": "*tuple[{any}, ...]", "**": "..."}
_KINDS = {"": "TypeVar", "*": "TypeVarTuple", "**": "ParamSpec"}


NO_SUBSTITUTES: Mapping[str, str] = MappingProxyType({})


class UnknownNameError(Exception):
    """An annotation has a name that cannot be found where it was written."""


class RecursiveAliasError(Exception):
    """A type alias leads back to itself: it cannot be written out."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a text was written; `substitutes` are names that mean something else in the stub."""

    module: Module
    resolver: Resolver
    owner: Class | None = None
    substitutes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Renamed:
    """A text in the names of a file, and the imports of these."""

    text: str
    imports: frozenset[ImportLine]


@dataclass
class Scope(Namespace):
    """The names of a file that has annotations: also its type variables, and annotations spelled
    with all of these."""

    resolver: Resolver = field(kw_only=True)
    _variables: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _parameters: set[str] = field(default_factory=set)  # names of type parameters
    _open: set[tuple[str, str]] = field(default_factory=set)  # aliases that are being written out

    @property
    def variables(self) -> tuple[str, ...]:
        """The assignments of type variables and aliases, one that needs another after it."""
        return tuple(line for _, line in self._variables.values())

    def name(
        self,
        module: str,
        name: str | None,
        wanted: str | None = None,
        avoid: frozenset[str] = frozenset(),
    ) -> str:
        return super().name(module, name, wanted, avoid | self._parameters)

    def is_taken(self, local: str, is_module: bool = False) -> bool:
        variables = (name for name, _ in self._variables.values())
        return super().is_taken(local, is_module) or local in variables

    def is_of_django(self, dotted: str) -> bool:
        """Whether the stub has imported the name, or what it begins with, from Django."""
        first = dotted.partition(".")[0]
        return any(
            local == first and module.partition(".")[0] == "django"
            for local, (module, _) in self._targets.items()
        )

    def spelled(self, types: Types, substitutes: Mapping[str, str] = NO_SUBSTITUTES) -> str:
        """A union as an annotation."""
        parts = (self._spelled(each, substitutes) for each in ordered(types))
        return " | ".join(parts) or self.name("typing", "Never")

    def _spelled(self, known: Known, substitutes: Mapping[str, str]) -> str:
        if known.module in ("", "typing") and known.name in substitutes:
            return substitutes[known.name]
        if not known.module:  # a type parameter of another class
            return self.name("typing", "Any")
        if known.variable:
            return self.variable(known.variable, self.resolver)
        if known.module == "builtins":
            name = known.name if known.name == "None" else self.builtin(known.name)
        else:
            first, dot, rest = known.name.partition(".")
            name = f"{self.name(known.module, first)}{dot}{rest}"
        if known.name == "tuple" and known.arguments == (frozenset(),):
            return f"{name}[()]"
        inner = [self.spelled(each, substitutes) if each else "..." for each in known.arguments]
        if inner:
            return f"{name}[{', '.join(inner)}]"
        definition = self.resolver.dotted(f"{known.module}.{known.name}")
        return name + self._unsaid(known.module, known.name, definition, self.resolver)

    # -- annotations -----------------------------------------------------------------------------

    def annotation(self, text: str, where: Where) -> str | None:
        """The annotation in the stub's names, unquoted; None where a name in it is unknown."""
        if text.startswith("*"):
            inner = self.annotation(text[1:], where)
            return f"*{inner}" if inner else None
        try:
            return Rewriting(
                lambda chain: self._translated(chain, where),
                lambda chain: self._unsaid_arguments(chain, where),
            ).text(text)
        except (UnknownNameError, SyntaxError):
            return None

    def renamed(self, text: str, where: Where, *, is_data: bool = False) -> Renamed:
        """An annotation or, as data, a default, as it is written, but for names that the file has
        under another name.

        Raises UnknownNameError for a name that the module does not bind at its top; SyntaxError.
        """
        names: set[str] = set()

        def bound(chain: str) -> str:
            name, rest = self._bound(chain, where)
            names.add(name)
            return name + rest

        found = Rewriting(bound, keeps_quotes=True).text(text, is_data=is_data)
        return Renamed(found, frozenset(self.lines(names)))

    def _bound(self, chain: str, where: Where) -> tuple[str, str]:
        """The name of what a dotted name of a module begins with, imported from where the module
        has it, and the rest."""
        first, dot, rest = chain.partition(".")
        rest = dot + rest
        module = where.module
        if first in where.substitutes:
            return where.substitutes[first], rest
        if first in {*module.classes, *module.functions, *module.attributes}:
            return self.name(module.name, first), rest
        import_ = module.imports.get(first)
        if import_ is not None:
            return self.name(import_.module, import_.name, first), rest
        if first not in BUILTINS:
            raise UnknownNameError(first)
        name, dot, attribute = self.builtin(first).partition(".")
        return name, dot + attribute + rest

    def _translated(self, chain: str, where: Where) -> str:
        first, dot, rest = chain.partition(".")
        if first in where.substitutes:
            return self._substituted(where.substitutes[first], rest)
        if rest == "Self" and rest in where.substitutes:  # typing.Self
            return where.substitutes[rest]
        module = where.module
        if where.owner and first in where.owner.classes:
            return self._in_module(module, f"{where.owner.qualname}.{chain}")
        if first in module.imports and _is_what_it_means(module, first):
            return self._imported(chain, module.imports[first], where)
        if first in module.classes or first in module.functions:
            return self._in_module(module, chain)
        if first in module.attributes:
            return self._attribute(first, where) + dot + rest
        for star in module.star_imports:
            source = where.resolver.readable(star)
            if source and where.resolver.name(source, first):
                return self.name(star, first) + dot + rest
        if first in BUILTINS:
            return self.builtin(first) + dot + rest
        raise UnknownNameError(first)

    def _substituted(self, text: str, attribute: str) -> str:
        """What a type variable stands for; `args` and `kwargs` of a ParamSpec whose parameters are
        known have no name."""
        if not attribute:
            return text
        return f"{text}.{attribute}" if text.isidentifier() else self.name("typing", "Any")

    def _unsaid_arguments(self, chain: str, where: Where) -> str:
        """The arguments of a generic class that is named without them."""
        first, last = chain.partition(".")[0], chain.rpartition(".")[2]
        module = where.module
        if first in where.substitutes or last == "Self":
            return ""
        home = "builtins"
        if first in module.imports:
            home = module.imports[first].module
        elif first in {*module.classes, *module.functions, *module.attributes}:
            home = module.name
        definition = where.resolver.name(module, chain)
        return self._unsaid(home, last, definition, where.resolver)

    def _unsaid(
        self, module: str, name: str, definition: Definition | None, resolver: Resolver
    ) -> str:
        """`[Any, …]` for a generic class: `found`, or one that is known by its module and name."""
        if isinstance(definition, Class) and not definition.module.startswith("django."):
            parameters = class_parameters(definition, resolver)
            needed = [self.unknown(each) for each in parameters if not each.default]
            return f"[{', '.join(needed)}]" if needed else ""
        return unsaid_arguments(module, name, self.name("typing", "Any"))

    def unknown(self, parameter: TypeParameter) -> str:
        """The argument for a type parameter of which nothing is known."""
        return _UNKNOWN[parameter.stars].format(any=self.name("typing", "Any"))

    def _in_module(self, module: Module, chain: str) -> str:
        first, dot, rest = chain.partition(".")
        return self.name(module.name, first) + dot + rest

    def _attribute(self, name: str, where: Where) -> str:
        """A type variable is made anew; anything else is imported from where it is."""
        attribute = where.module.attributes[name]
        definition = where.resolver.name(where.module, name)
        if attribute.annotation == "TypeAlias" and not where.module.name.startswith("django."):
            definition = Alias(attribute, where.module)  # also of a class, or of Literal[…]
        return self._alias(definition, where) or self.name(where.module.name, name)

    def _alias(self, definition: Definition | None, where: Where) -> str | None:
        """A type variable, made anew; a private type alias, written out, for it is not for other
        modules to import.

        Raises UnknownNameError for what is no type but a value: `User = get_user_model()`.
        """
        if not isinstance(definition, Alias):
            return None
        if is_variable(definition):
            return self.variable(definition, where.resolver)
        attribute = definition.attribute
        value = attribute.value
        if isinstance(value, Call) and last_word(value.function) not in _TYPE_MAKERS:
            raise UnknownNameError(attribute.name)
        if not attribute.name.startswith("_") or attribute.annotation != "TypeAlias":
            return None
        return self._written_out(definition, where)

    def _written_out(self, alias: Alias, where: Where) -> str | None:
        """What a type alias stands for; the name of a copy of one that has itself in it."""
        key = (alias.module.name, alias.attribute.name)
        if key in self._variables:
            return self._variables[key][0]
        if key in self._open:
            raise RecursiveAliasError(key)
        home = Where(alias.module, where.resolver)
        self._open.add(key)
        try:
            return self.annotation(alias.attribute.text or "", home)
        except RecursiveAliasError as error:
            if error.args != (key,):
                raise
            return self._copied(key, alias.attribute, home)
        finally:
            self._open.remove(key)

    def _copied(self, key: tuple[str, str], alias: Attribute, home: Where) -> str:
        """The stub's own copy of a recursive alias."""
        local = self.fresh(alias.name, frozenset(self._parameters))
        self._variables[key] = (local, "")  # what its own text finds
        text = self.annotation(alias.text or "", home) or self.name("typing", "Any")
        self._variables[key] = (local, f"{local}: {self.name('typing', 'TypeAlias')} = {text}")
        return local

    def _imported(self, chain: str, imported: Import, where: Where) -> str:
        first, dot, rest = chain.partition(".")
        if variable := self._variable_through(chain, where):
            return variable
        if imported.name is not None:
            definition = where.resolver.name(where.module, first)
            alias = self._alias(definition, where)
            return (alias or self.name(imported.module, imported.name, first)) + dot + rest
        if first != imported.module:
            return self.name(imported.module, None, first) + dot + rest
        module = _longest_module(chain, where.resolver)
        return self.name(module, None) + chain.removeprefix(module)

    def _variable_through(self, chain: str, where: Where) -> str | None:
        """The stub's name for `module.P` or `module.P.args`."""
        owner, _, last = chain.rpartition(".")
        is_part = last in ("args", "kwargs")
        expression = parse_annotation(owner if is_part else chain)
        definition = where.resolver.expression(where.module, expression) if expression else None
        if not owner or not isinstance(definition, Alias) or not is_variable(definition):
            return None
        return self.variable(definition, where.resolver) + (f".{last}" if is_part else "")

    # -- type variables ----------------------------------------------------------------------------

    def variable(self, alias: Alias, resolver: Resolver) -> str:
        """The stub's own, invariant copy of a type variable: its name is private, as it is no
        part of what the module has at run time."""
        where = Where(alias.module, resolver)
        return self._variable(alias.attribute.name, type_parameter(alias), where)

    def own_variable(self, owner: str, parameter: TypeParameter, where: Where) -> str:
        """A variable for a type parameter (PEP 695) of the function `owner`, where it cannot be
        one in the stub."""
        return self._variable(f"{owner}.{parameter.name}", parameter, where)

    def _variable(self, name: str, parameter: TypeParameter, where: Where) -> str:
        key = (where.module.name, name)
        if key not in self._variables:
            local = self.fresh(f"_{parameter.name.lstrip('_')}", frozenset(self._parameters))
            bound, constraints, default = self._limits(parameter, where)
            parts = [f'"{local}"', *constraints]
            parts += [f"bound={bound}"] if bound else []
            parts += [f"default={default}"] if default else []
            source = "typing_extensions" if default else "typing"
            kind = self.name(source, _KINDS[parameter.stars])
            self._variables[key] = (local, f"{local} = {kind}({', '.join(parts)})")
        return self._variables[key][0]

    def _limits(
        self, parameter: TypeParameter, where: Where
    ) -> tuple[str | None, list[str], str | None]:
        """The bound, the constraints and the default of a type parameter, in the stub's names."""
        bound = self.annotation(parameter.bound, where) if parameter.bound else None
        constraints = [
            self.annotation(each, where) or self.name("typing", "Any")
            for each in parameter.constraints
        ]
        default = self.annotation(parameter.default, where) if parameter.default else None
        return bound, constraints, default or (parameter.default and self.unknown(parameter))

    def type_parameters(
        self, parameters: Iterable[TypeParameter], where: Where
    ) -> tuple[str, Where]:
        """`[T: Model, **P]` in the stub's names, and where it was written, with what its names
        are here."""
        parameters = tuple(parameters)
        if not parameters:
            return "", where
        names = {each.name: self.fresh(each.name) for each in parameters}
        self._parameters.update(names.values())
        where = replace(where, substitutes={**where.substitutes, **names})
        texts = [self._type_parameter(each, where) for each in parameters]
        return f"[{', '.join(texts)}]", where

    def _type_parameter(self, parameter: TypeParameter, where: Where) -> str:
        bound, constraints, default = self._limits(parameter, where)
        limit = f"({', '.join(constraints)})" if constraints else bound
        text = parameter.stars + where.substitutes[parameter.name]
        text += f": {limit}" if limit else ""
        return f"{text} = {default}" if default else text


def _is_what_it_means(module: Module, name: str) -> bool:
    """Whether type checkers take an imported name for what is imported, although the module binds
    it elsewhere too: what a class or a plain value stands in for, where the import fails."""
    known = module.attributes.get(name)
    return known is None or isinstance(known.value, Literal | Name | Get)


def _longest_module(chain: str, resolver: Resolver) -> str:
    """The longest prefix of `a.b.C` that is a module."""
    parts = chain.split(".")
    for end in range(len(parts) - 1, 1, -1):
        prefix = ".".join(parts[:end])
        if resolver.find(prefix) or _is_standard(prefix):
            return prefix
    return parts[0]


@cache
def _is_standard(dotted: str) -> bool:
    """Whether the standard library has a module of that name. It is looked for, never imported:
    `importlib.util.find_spec("a.b")` runs `a`."""
    top, *inner = dotted.split(".")
    if top not in sys.stdlib_module_names:
        return False
    base = Path(os.__file__).parent.joinpath(top, *inner)
    return (
        not inner
        or dotted == "os.path"
        or (base / "__init__.py").is_file()
        or base.with_name(f"{base.name}.py").is_file()
    )
