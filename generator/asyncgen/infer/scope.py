"""The names of one stub: what it imports, its type variables, and annotations spelled with them.

An annotation that is taken over from a source keeps its text, but for the names in it: each is
looked up where the annotation was written, and replaced by the name that the stub has for it.
"""

from __future__ import annotations

import builtins
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from asyncgen.annotation import expression_text, last_word
from asyncgen.facts import Call, Expression, Import
from asyncgen.infer.known import Known, Types, ordered
from asyncgen.infer.rewriting import Rewriting, unsaid_arguments
from asyncgen.infer.variables import class_parameters, is_variable
from asyncgen.resolve import Alias, Definition, Resolver
from asyncgen.source import Class, Module
from asyncgen.surface import ImportLine

_BUILTINS = frozenset(vars(builtins))
# Other calls that make a type; what any other one gives is a value to type checkers.
_TYPE_MAKERS = frozenset({"NewType", "NamedTuple", "namedtuple", "TypedDict", "TypeAliasType"})
_VARIANCE = frozenset({"covariant", "contravariant", "infer_variance"})


NO_SUBSTITUTES: Mapping[str, str] = MappingProxyType({})


class UnknownNameError(Exception):
    """An annotation has a name that cannot be found where it was written."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a text was written; `substitutes` are names that mean something else in the stub."""

    module: Module
    resolver: Resolver
    owner: Class | None = None
    substitutes: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Scope:
    """Hands out the names of one stub. No import takes one of `members`, the names that the stub
    binds itself."""

    members: frozenset[str]
    resolver: Resolver
    _locals: dict[tuple[str, str | None], str] = field(default_factory=dict)
    _variables: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    # -- what the stub has at its top ------------------------------------------------------------

    @property
    def imports(self) -> tuple[ImportLine, ...]:
        return tuple(
            ImportLine(module, name, None if local in (name, module) else local)
            for (module, name), local in sorted(self._locals.items(), key=repr)
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """The assignments of type variables, one that needs another after it."""
        return tuple(f"{local} = {text}" for local, text in self._variables.values())

    # -- names -----------------------------------------------------------------------------------

    def name(self, module: str, name: str | None, wanted: str | None = None) -> str:
        """The stub's name for `name` of `module` (None: the module itself)."""
        if (module, name) not in self._locals:
            local = wanted or name or module
            while self._is_taken(local):
                local = f"_{local}"
            self._locals[module, name] = local
        return self._locals[module, name]

    def _is_taken(self, local: str) -> bool:
        variables = (name for name, _ in self._variables.values())
        return local in self.members or local in self._locals.values() or local in variables

    def is_of_django(self, dotted: str) -> bool:
        """Whether the stub has imported the name, or what it begins with, from Django."""
        first = dotted.partition(".")[0]
        return any(
            local == first and module.partition(".")[0] == "django"
            for (module, _), local in self._locals.items()
        )

    def builtin(self, name: str) -> str:
        return f"{self.name('builtins', None)}.{name}" if name in self.members else name

    def spelled(self, types: Types, substitutes: Mapping[str, str] = NO_SUBSTITUTES) -> str:
        """A union as an annotation."""
        parts = (self._spelled(each, substitutes) for each in ordered(types))
        return " | ".join(parts) or self.name("typing", "Never")

    def _spelled(self, known: Known, substitutes: Mapping[str, str]) -> str:
        if known.module in ("", "typing") and known.name in substitutes:
            return substitutes[known.name]
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
        found = self.resolver.dotted(f"{known.module}.{known.name}")
        return name + self._unsaid(known.module, known.name, found, self.resolver)

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

    def _translated(self, chain: str, where: Where) -> str:
        first, dot, rest = chain.partition(".")
        if first in where.substitutes:
            return where.substitutes[first] + dot + rest
        if chain.rpartition(".")[2] in where.substitutes:  # typing.Self
            return where.substitutes[chain.rpartition(".")[2]]
        module = where.module
        if where.owner and first in where.owner.classes:
            return self._in_module(module, f"{where.owner.qualname}.{chain}")
        if first in module.classes or first in module.functions:
            return self._in_module(module, chain)
        if first in module.attributes:
            return self._attribute(first, where) + dot + rest
        if first in module.imports:
            return self._imported(chain, module.imports[first], where)
        for star in module.star_imports:
            source = where.resolver.readable(star)
            if source and where.resolver.name(source, first):
                return self.name(star, first) + dot + rest
        if first in _BUILTINS:
            return self.builtin(first) + dot + rest
        raise UnknownNameError(first)

    def _unsaid_arguments(self, chain: str, where: Where) -> str:
        """The arguments of a generic class that is named without them."""
        first, last = chain.partition(".")[0], chain.rpartition(".")[2]
        module = where.module
        if where.substitutes.keys() & {first, last}:
            return ""
        home = "builtins"
        if first in module.imports:
            home = module.imports[first].module
        elif first in {*module.classes, *module.functions, *module.attributes}:
            home = module.name
        found = where.resolver.name(module, chain)
        return self._unsaid(home, last, found, where.resolver)

    def _unsaid(self, module: str, name: str, found: Definition | None, resolver: Resolver) -> str:
        """`[Any, …]` for a generic class: `found`, or one that is known by its module and name."""
        any_ = self.name("typing", "Any")
        if isinstance(found, Class) and not found.module.startswith("django."):
            needed = [each for each, default in class_parameters(found, resolver) if not default]
            return f"[{', '.join([any_] * len(needed))}]" if needed else ""
        return unsaid_arguments(module, name, any_)

    def _in_module(self, module: Module, chain: str) -> str:
        first, dot, rest = chain.partition(".")
        return self.name(module.name, first) + dot + rest

    def _attribute(self, name: str, where: Where) -> str:
        """A type variable is made anew; anything else is imported from where it is."""
        found = where.resolver.name(where.module, name)
        return self._alias(found, where) or self.name(where.module.name, name)

    def _alias(self, found: Definition | None, where: Where) -> str | None:
        """A type variable, made anew; a private type alias, written out.

        Raises UnknownNameError for what is no type but a value: `User = get_user_model()`.
        """
        if not isinstance(found, Alias):
            return None
        if is_variable(found):
            return self.variable(found, where.resolver)
        attribute = found.attribute
        value = attribute.value
        if isinstance(value, Call) and last_word(value.function) not in _TYPE_MAKERS:
            raise UnknownNameError(attribute.name)
        if not attribute.name.startswith("_") or attribute.annotation != "TypeAlias":
            return None
        text = expression_text(attribute.value)
        return self.annotation(text, Where(found.module, where.resolver)) if text else None

    def _imported(self, chain: str, found: Import, where: Where) -> str:
        first, dot, rest = chain.partition(".")
        if found.name is not None:
            definition = where.resolver.name(where.module, first)
            alias = self._alias(definition, where)
            if alias:
                return alias
            return self.name(found.module, found.name, first) + dot + rest
        if first != found.module:
            return self.name(found.module, None, first) + dot + rest
        module = _longest_module(chain, where.resolver)
        return self.name(module, None) + chain.removeprefix(module)

    # -- type variables ----------------------------------------------------------------------------

    def variable(self, found: Alias, resolver: Resolver) -> str:
        """The stub's own, invariant copy of a type variable: its name is private, as it is no
        part of what the module has at run time."""
        key = (found.module.name, found.attribute.name)
        if key not in self._variables:
            local = f"_{found.attribute.name.lstrip('_')}"
            while self._is_taken(local):
                local = f"_{local}"
            text = self._variable_text(found, local, Where(found.module, resolver))
            self._variables[key] = (local, text)
        return self._variables[key][0]

    def own_variable(self, module: str, name: str, bound: str) -> str:
        """The stub's variable for a type parameter of a class (PEP 695)."""
        key = (module, name)
        if key not in self._variables:
            local = f"_{name}"
            while self._is_taken(local):
                local = f"_{local}"
            text = f'{self.name("typing", "TypeVar")}("{local}", bound={bound})'
            self._variables[key] = (local, text)
        return self._variables[key][0]

    def _variable_text(self, found: Alias, local: str, where: Where) -> str:
        call = found.attribute.value
        assert isinstance(call, Call)
        kind = last_word(call.function)
        parts = [f'"{local}"']
        parts += [self._argument(each, where) for each in call.arguments[1:]]
        keywords = dict(call.keywords)
        for name, value in keywords.items():
            if name not in _VARIANCE:
                parts.append(f"{name}={self._argument(value, where)}")
        source = "typing_extensions" if "default" in keywords else "typing"
        return f"{self.name(source, kind)}({', '.join(parts)})"

    def _argument(self, expression: Expression, where: Where) -> str:
        text = expression_text(expression)
        found = self.annotation(text, where) if text else None
        return found or self.name("typing", "Any")


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
    """Whether the standard library has a module of that name; nothing else is imported."""
    if dotted.partition(".")[0] not in sys.stdlib_module_names:
        return False
    try:
        return importlib.util.find_spec(dotted) is not None
    except ImportError:
        return False
