"""Where a sync callable answers from a cache of its object, without a query: when its twin need
not go to the worker thread.

Nothing but the cache is declared. The rest is read: the body is followed as it runs when the cache
is filled, into the methods that it calls on `self`. If all of that only reads attributes, calls
builtins on the cache and raises, there is a shortcut. Its conditions are the cache, what is tested
on the way, and that no subclass overrides any of the methods that were read: an override may query,
and belongs on the worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from asyncgen.facts import (
    Assign,
    Block,
    Branch,
    Call,
    Choice,
    Display,
    Evaluate,
    Expression,
    Get,
    Item,
    Leave,
    Literal,
    Loop,
    Name,
    Operation,
    Raise,
    Return,
    Star,
    Try,
)
from asyncgen.resolve import Resolver
from asyncgen.source import Binding, Class, Function
from asyncgen.surface import Shortcut, SurfaceClass

# The attribute that holds the rows once they have been read.
CACHES: Mapping[str, str] = {
    "django.db.models.query.QuerySet": "_result_cache",
    "django.db.models.query.RawQuerySet": "_result_cache",
}
# Builtins that do not more than look at what they are passed.
BUILTINS = frozenset({"bool", "isinstance", "iter", "len", "type"})
# Methods of a model instance and of a query that do no more than look at it.
LOOKS = frozenset({"_is_pk_set", "get_meta"})

Lookup = Callable[[str], Function | None]


class _Queries(Exception):
    """What was read may query although the cache is filled."""


def shortened(surface: SurfaceClass, resolver: Resolver) -> SurfaceClass:
    """The class with the shortcuts of its twins, where it has any."""
    cls = surface.source
    if cls.dotted not in CACHES:
        return surface

    def lookup(name: str) -> Function | None:
        what = resolver.lookup(cls, name)
        return what[1] if what and isinstance(what[1], Function) else None

    twins = tuple(
        replace(each, shortcut=conditions(cls, (each.decision.function.name,), lookup))
        for each in surface.twins
    )
    return replace(surface, twins=twins, shortcut=conditions(cls, ("__iter__", "__len__"), lookup))


def conditions(owner: Class, names: Iterable[str], lookup: Lookup) -> Shortcut | None:
    """The tests under which none of the methods queries; None where there is no shortcut."""
    cache = CACHES.get(owner.dotted)
    if cache is None:
        return None
    walk = _Walk(owner, cache, lookup)
    try:
        for name in names:
            walk.method(name)
    except _Queries:
        return None
    if not walk.uses_cache:
        return None
    return Shortcut((f"self.{cache} is not None", *walk.tests), owner, tuple(walk.methods))


@dataclass
class _Walk:
    """One reading of a method and of those that it calls, as they run with a filled cache."""

    owner: Class
    cache: str
    lookup: Lookup
    methods: dict[str, None] = field(default_factory=dict)
    tests: dict[str, None] = field(default_factory=dict)
    uses_cache: bool = False
    aliases: set[str] = field(default_factory=set)  # local names of self

    def method(self, name: str) -> None:
        if name in self.methods:
            return
        function = self.lookup(name)
        if function is None or function.is_generator:
            raise _Queries
        if function.decorators and function.binding is not Binding.PROPERTY:
            raise _Queries
        self.methods[name] = None
        outer, self.aliases = self.aliases, {function.signature.parameters[0].name}
        self.block(function.body)
        self.aliases = outer

    def block(self, block: Block) -> bool:
        """Read the statements in turn. Whether the last one read leaves the function."""
        return any(self.statement(each) for each in block)

    def statement(self, statement: object) -> bool:
        match statement:
            case Raise():
                return True
            case Return(value=value):
                self.expression(value)
                return True
            case Evaluate(value=value):
                self.expression(value)
            case Assign(targets=(Name(id=name),), value=Name(id=source)) if source in self.aliases:
                self.aliases.add(name)
            case Loop(target=Name(), iterable=iterable, body=body, otherwise=()):
                self.expression(iterable)
                self.block(body)
            case Branch():
                return self.branch(statement)
            case Try(body=body, handlers=handlers, otherwise=otherwise, final=final):
                ends = [self.block((*body, *otherwise)), *(self.block(h.body) for h in handlers)]
                return self.block(final) or all(ends)
            case Leave():
                return True
            case _:
                raise _Queries
        return False

    def branch(self, branch: Branch) -> bool:
        filled = self.filled(branch.test)
        if filled is not None:
            return self.block(branch.blocks[0 if filled else 1])
        self.expression(branch.test)
        ends = []
        for number, block in enumerate(branch.blocks):
            trial = _Walk(
                self.owner,
                self.cache,
                self.lookup,
                dict(self.methods),
                dict(self.tests),
                self.uses_cache,
                set(self.aliases),
            )
            try:
                ends.append(trial.block(block))
            except _Queries:
                self.require(branch, avoided=number)
            else:
                self.methods, self.tests = trial.methods, trial.tests
                self.uses_cache = trial.uses_cache
                self.aliases |= trial.aliases
        return bool(ends) and all(ends)

    def require(self, branch: Branch, avoided: int) -> None:
        """Make it a condition that the block at `avoided` does not run."""
        text = _text(branch.test, self.aliases)
        if text is None:
            raise _Queries
        text = f"({text})" if " " in text else text
        self.tests[f"not {text}" if avoided == 0 else text] = None

    def filled(self, test: Expression | None) -> bool | None:
        """What the test gives when the cache is filled; None where it tests something else."""
        match test:
            case Operation(
                operator="is" | "is not" as operator, operands=(left, Literal(type="None"))
            ):
                if self.is_cache(left):
                    self.uses_cache = True
                    return operator == "is not"
        return None

    def is_cache(self, expression: object) -> bool:
        match expression:
            case Get(value=Name(id=name), name=attribute):
                return name in self.aliases and attribute == self.cache
        return False

    def expression(self, expression: object) -> None:
        """Read an expression; raises _Queries where it is not plain."""
        match expression:
            case None | Name() | Literal():
                pass
            case Get(value=value, name=name):
                self.expression(value)
                if isinstance(value, Name) and value.id in self.aliases and self.lookup(name):
                    self.method(name)
            case Star(value=value):
                self.expression(value)
            case Operation(operands=operands):
                self.all(operands)
            case Choice(options=options, test=test):
                self.all((test, *options))
            case Item(value=Name(id=name), index=index) if name in self.aliases:
                self.expression(index)
                self.method("__getitem__")
            case Item(value=value, index=index) if self.is_cache(value):
                self.expression(index)
            case Call(function=Name(id=name), arguments=arguments, keywords=()) if name in BUILTINS:
                self.all(arguments)
            case Call(function=Get(value=Name(id=name), name=method)) if name in self.aliases:
                self.all((*expression.arguments, *(value for _, value in expression.keywords)))
                self.method(method)
            case Call(function=Get(value=value, name=method), arguments=(), keywords=()) if (
                method in LOOKS
            ):
                self.expression(value)
            case Display(elements=elements):
                self.all(elements)
            case _:
                raise _Queries

    def all(self, expressions: Iterable[object]) -> None:
        for each in expressions:
            self.expression(each)


def _text(expression: object, aliases: set[str]) -> str | None:
    """A test of attributes of self as source text; None for any other expression."""
    match expression:
        case Name(id=name) if name in aliases:
            return "self"
        case Get(value=value, name=name):
            inner = _text(value, aliases)
            return inner and f"{inner}.{name}"
        case Operation(operator="not", operands=(operand,)):
            inner = _text(operand, aliases)
            return inner and f"not {inner}"
        case Choice(options=options, operator="and" | "or" as operator):
            parts = [_text(each, aliases) for each in options]
            return f" {operator} ".join(map(str, parts)) if all(parts) else None
    return None
