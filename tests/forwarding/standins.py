"""Modules and classes that stand in for those of source files, of which nothing is executed.

`World.load` gives a module of which every name that its file binds can be had: a class has the
methods that its statement defines, and the bases that it names; a function, in a class or not,
keeps its signature, and notes in `World.calls` what it is called with. What cannot be known without
running something is a `Symbol`, one object for one dotted name. Only names, attributes, constants
and the factories of managers are evaluated; each call in a default gives an object of its own, so
that a default which is evaluated twice is seen.

Generated modules are executed in such a world: what they import comes from it.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

PROPERTIES = (
    "property",
    "functools.cached_property",
    "types.DynamicClassAttribute",
    "django.utils.functional.cached_property",
)


class Symbol:
    """Something that only its dotted name is known of; two of one name are one object."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Symbol:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        found = Symbol(f"{self._path}.{name}")
        setattr(self, name, found)
        return found

    def __call__(self, *args: object, **kwargs: object) -> Symbol:
        return Symbol(f"{self._path}()")

    def __getitem__(self, key: object) -> Symbol:
        return Symbol(f"{self._path}[]")

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return ()

    def __repr__(self) -> str:
        return f"<{self._path}>"


class Root:
    """What every stand-in of a class inherits from."""

    Meta = type("Meta", (), {})
    _default_manager = Symbol("_default_manager")

    @classmethod
    def from_queryset(cls, queryset: Any, class_name: str | None = None) -> type:
        """A class with the methods of the queryset class that it does not have itself."""
        found = inspect.getmembers_static(queryset) if isinstance(queryset, type) else []
        copied = {name: value for name, value in found if not hasattr(cls, name)}
        return type(class_name or f"{cls.__name__}From{queryset}", (cls,), copied)

    @classmethod
    def as_manager(cls) -> Symbol:
        return Symbol("as_manager()")

    def __getattr__(self, name: str) -> None:
        """Of an instance nothing is known: it is as good as empty."""
        if name.startswith("__"):
            raise AttributeError(name)


@dataclass(frozen=True, eq=False)
class Made:
    """What a call returned; each is another. It may be entered, and has no rows."""

    def __enter__(self) -> Made:
        return self

    def __exit__(self, *error: object) -> None: ...

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def close(self) -> None: ...


@dataclass(frozen=True)
class Called:
    """One call: what ran, and what it was given, receiver included."""

    function: Callable[..., Any]
    args: tuple[object, ...]
    kwargs: Mapping[str, object]


@dataclass
class World:
    """`roots` are where source files are found, `outputs` the texts of generated modules,
    `given` what stands in for modules that generated code calls."""

    roots: Sequence[Path]
    outputs: Mapping[str, str]
    given: Mapping[str, object]
    calls: list[Called] = field(default_factory=list)
    modules: dict[str, Any] = field(default_factory=dict)
    heads: dict[Callable[..., Any], Head] = field(default_factory=dict)  # of what is so called

    # -- modules -------------------------------------------------------------------------------

    def load(self, name: str) -> Any:
        """The module of that name, or the Symbol for one that nothing is known of."""
        if name not in self.modules:
            top = name.partition(".")[0]
            if name in self.given:
                self.modules[name] = self.given[name]
            elif name in self.outputs:
                self.execute(name)
            elif path := self.find(name):
                self.modules[name] = Module(SourceModule(self, name, path))
            elif top in sys.stdlib_module_names:
                self.modules[name] = importlib.import_module(name)
            else:
                self.modules[name] = Symbol(name)
        return self.modules[name]

    def find(self, name: str) -> Path | None:
        for root in self.roots:
            path = root.joinpath(*name.split("."))
            for found in (path / "__init__.py", path.with_suffix(".py")):
                if found.is_file():
                    return found
        return None

    def is_module(self, name: str) -> bool:
        return name in self.given or name in self.outputs or self.find(name) is not None

    def execute(self, name: str) -> None:
        """Run a generated module, every import of which is one of this world."""
        module = self.modules[name] = ModuleType(name)
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self.imported}
        exec(compile(self.outputs[name], f"{name}.py", "exec"), vars(module))

    def imported(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """What `__import__` gives: the top module, or the one whose names are asked for."""
        if level:
            package = (globals or {})["__name__"]
            assert isinstance(package, str)
            name = ".".join([*package.split(".")[:-level], *([name] if name else [])])
        if name == "__future__":
            return importlib.import_module(name)
        self.load(name)
        if fromlist:
            return Dotted(self, name)
        top = name.partition(".")[0]
        return Dotted(self, top)

    def attribute(self, module: str, name: str) -> Any:
        """What `from module import name` gives: what the module binds, else its submodule."""
        found = self.load(module)
        try:
            return getattr(found, name)
        except AttributeError:
            if self.is_module(f"{module}.{name}"):
                return self.load(f"{module}.{name}")
            raise

    # -- functions -------------------------------------------------------------------------------

    def recorder(self, node: ast.FunctionDef, owner: str, scope: Scope) -> Any:
        """The function that stands in for a definition, bound as its decorators say."""
        others = []
        bind: Callable[[Any], Any] = lambda function: function  # noqa: E731
        for each in node.decorator_list:
            match scope.binding(each):
                case "":
                    others.append(each)
                case "plain":
                    pass
                case kind:
                    bind = {"staticmethod": staticmethod, "classmethod": classmethod}.get(
                        kind, property
                    )
        function = self.noting(node.name)
        if not others:
            self.heads[function] = Head(node, owner, scope)
        return bind(function)

    def noting(self, name: str) -> Callable[..., Made]:
        def function(*args: object, **kwargs: object) -> Made:
            self.calls.append(Called(function, args, kwargs))
            return Made()

        function.__name__ = name
        return function

    def signature(self, function: Any) -> inspect.Signature | None:
        """The signature that the function's definition gives it; None where that is not known,
        because something unknown decorates it."""
        return self.heads[function].signature if function in self.heads else None


@dataclass(frozen=True)
class Head:
    """A definition, the class that it stands in, and where its defaults are evaluated."""

    node: ast.FunctionDef
    owner: str
    scope: Scope

    @cached_property
    def signature(self) -> inspect.Signature:
        """That of the definition's head, run with nothing in its body."""
        arguments = self.node.args
        defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
        values = {f"_default_{n}": self.scope.default(each) for n, each in enumerate(defaults)}
        names = iter(values)
        named: list[ast.expr | None] = [
            ast.Name(next(names), ast.Load()) if each else None
            for each in (*arguments.defaults, *arguments.kw_defaults)
        ]
        plain = ast.arguments(
            posonlyargs=[ast.arg(each.arg) for each in arguments.posonlyargs],
            args=[ast.arg(each.arg) for each in arguments.args],
            vararg=ast.arg(arguments.vararg.arg) if arguments.vararg else None,
            kwonlyargs=[ast.arg(each.arg) for each in arguments.kwonlyargs],
            kw_defaults=named[len(arguments.defaults) :],
            kwarg=ast.arg(arguments.kwarg.arg) if arguments.kwarg else None,
            defaults=[
                ast.Name(each, ast.Load()) for each in list(values)[: len(arguments.defaults)]
            ],
        )
        # Inside a class of the same name, so that names with two underscores are mangled alike.
        module = ast.parse(f"class {self.owner or '_'}:\n    def head(): pass")
        module.body[0].body[0].args = plain  # type: ignore[attr-defined]
        ast.fix_missing_locations(module)
        space: dict[str, Any] = dict(values)
        exec(compile(module, "head", "exec"), space)
        return inspect.signature(vars(space[self.owner or "_"])["head"])


# -- names ----------------------------------------------------------------------------------------


class Module:
    """A source module as those see it who import it: it has nothing but its names."""

    __slots__ = ("_source",)

    def __init__(self, source: SourceModule) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._source.get(name)


class Dotted:
    """A module that was imported: its attributes are the names that it binds, and submodules."""

    __slots__ = ("_name", "_world")

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        return self._world.attribute(self._name, name)


class Scope:
    """Where expressions of a source are evaluated, as far as that runs nothing."""

    def name(self, name: str) -> Any:
        raise NotImplementedError

    def evaluate(self, node: ast.expr) -> Any:
        """The value of a name, an attribute, a constant, or of a factory of managers; of anything
        else a Symbol."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.name(name)
            case ast.Attribute(value=value, attr=name):
                found = self.evaluate(value)
                return getattr(found, name, Symbol(f"?.{name}"))
            case ast.Subscript(value=value):  # QuerySet["Book"]
                return self.evaluate(value)
            case ast.Call(func=ast.Attribute(value=value, attr="from_queryset"), args=[first, *_]):
                manager, queryset = self.evaluate(value), self.evaluate(first)
                base = manager if isinstance(manager, type) else Root
                return Root.from_queryset.__func__(base, queryset)  # type: ignore[attr-defined]
        return Symbol(f"?{ast.dump(node)}")

    def default(self, node: ast.expr) -> Any:
        """What a default is. Whatever a call or a display makes is an object of its own."""
        try:
            return ast.literal_eval(node)
        except ValueError:
            pass
        inner = [each for each in ast.walk(node) if not isinstance(each, ast.expr_context)]
        if all(isinstance(each, ast.Name | ast.Attribute) for each in inner):
            return self.evaluate(node)
        names = {each.id for each in inner if isinstance(each, ast.Name)}
        if not names and not any(isinstance(each, ast.Call | ast.Lambda) for each in inner):
            return eval(compile(ast.Expression(node), "default", "eval"), {})
        return Made()

    def binding(self, decorator: ast.expr) -> str:
        """What a decorator makes of a method: "staticmethod", "classmethod", "property"; "plain":
        it is called as before; "": that is not known."""
        found = self.evaluate(decorator)
        if isinstance(found, type) and issubclass(found, Root):
            symbols = [each for base in found.__mro__ for each in vars(base).get("symbols", ())]
            is_property = "__get__" in dir(found) or any(map(_is_property, symbols))
            return "property" if is_property else ""
        if found in (staticmethod, classmethod):
            return found.__name__
        if _is_property(found):
            return "property"
        text = ast.unparse(decorator)
        if text.endswith((".setter", ".getter", ".deleter")):
            return "property"
        return "plain" if _path(found) in PLAIN else ""


# What hands the function on as it is, or is called as it is.
PLAIN = ("contextlib.contextmanager", "abc.abstractmethod", "typing.overload", "typing.final")


def _path(found: Any) -> str:
    if isinstance(found, Symbol):
        return found._path
    module = getattr(found, "__module__", "")
    name = getattr(found, "__qualname__", "")
    return name if module == "builtins" else f"{module}.{name}"


def _is_property(found: Any) -> bool:
    return _path(found) in PROPERTIES


@cache
def parsed(path: Path) -> ast.Module:
    with warnings.catch_warnings():  # of other people's escapes
        warnings.simplefilter("ignore")
        return ast.parse(path.read_text(encoding="utf-8-sig"))


class SourceModule(Scope):
    """A module, each name of which is made of its source file when it is asked for."""

    def __init__(self, world: World, name: str, path: Path) -> None:
        self.world, self.dotted, self.path = world, name, path
        self.made: dict[str, Any] = {}
        self.busy: set[str] = set()

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path)

    @cached_property
    def bound(self) -> dict[str, ast.AST]:
        """The statement that binds each name last."""
        return dict(bindings(self.tree.body))

    @cached_property
    def stars(self) -> list[str]:
        return [
            self.absolute(each)
            for each in self.tree.body
            if isinstance(each, ast.ImportFrom) and each.names[0].name == "*"
        ]

    def absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.dotted.split(".")
        if self.path.name == "__init__.py":
            parts.append("")
        return ".".join([*parts[: -node.level], *([node.module] if node.module else [])])

    def get(self, name: str) -> Any:
        """What the module binds to the name. Raises AttributeError."""
        if name in self.busy:  # a cycle of imports
            raise AttributeError(name)
        if name not in self.made:
            self.busy.add(name)
            try:
                self.made[name] = self.make(name)
            finally:
                self.busy.discard(name)
        return self.made[name]

    def make(self, name: str) -> Any:
        node = self.bound.get(name)
        world = self.world
        match node:
            case None:
                for star in self.stars:
                    if not name.startswith("_") and star != self.dotted:
                        found = getattr(world.load(star), name, None)
                        if found is not None and not isinstance(found, Symbol):
                            return found
                raise AttributeError(name)
            case ast.ClassDef():
                return class_of(world, node, self)
            case ast.FunctionDef():
                return world.recorder(node, "", self)
            case ast.Import():
                for alias in node.names:
                    if alias.asname == name:
                        return world.load(alias.name)
                    if alias.name.partition(".")[0] == name:
                        return world.load(name)
            case ast.ImportFrom():
                module = self.absolute(node)
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        if module == self.dotted:
                            return world.load(f"{module}.{name}")
                        return world.attribute(module, alias.name)
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                try:
                    return ast.literal_eval(value)
                except ValueError:
                    found = self.evaluate(value)
                    is_known = not isinstance(found, Symbol) or not found._path.startswith("?")
                    return found if is_known else Symbol(f"{self.dotted}.{name}")
        return Symbol(f"{self.dotted}.{name}")

    def name(self, name: str) -> Any:
        if name in self.bound or self.stars:
            with suppress(AttributeError):
                return self.get(name)
        return getattr(builtins, name, Symbol(f"{self.dotted}.{name}"))

    def nested(self, name: str) -> Iterator[type]:
        """The classes of that name that stand in a class or function of the module."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and node.name == name:
                yield class_of(self.world, node, self)


def bindings(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """Each name that statements bind, in order, with the statement."""
    for node in body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, node
            case ast.AsyncFunctionDef(name=name):
                yield name, node
            case ast.Import(names=names):
                yield from ((e.asname or e.name.partition(".")[0], node) for e in names)
            case ast.ImportFrom(names=names):
                yield from ((e.asname or e.name, node) for e in names)
            case ast.Assign(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, node
                    elif isinstance(target, ast.Tuple | ast.List):
                        parts = [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
                        yield from ((part, ast.Pass()) for part in parts)
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                yield name, node
            case ast.If(test=test, body=inner, orelse=other):
                if ast.unparse(test).endswith("TYPE_CHECKING"):
                    yield from bindings(other)
                else:
                    yield from bindings([*other, *inner])
            case ast.Try(body=inner, handlers=handlers, orelse=other, finalbody=final):
                for handler in handlers:
                    yield from bindings(handler.body)
                yield from bindings([*inner, *other, *final])
            case ast.With(body=inner) | ast.For(body=inner) | ast.While(body=inner):
                yield from bindings(inner)


class Body(Scope):
    """The names that the body of a class sees: its own, then the module's."""

    def __init__(self, module: SourceModule, own: dict[str, Any]) -> None:
        self.module, self.own = module, own

    def name(self, name: str) -> Any:
        return self.own[name] if name in self.own else self.module.name(name)


def class_of(world: World, node: ast.ClassDef, module: SourceModule) -> type:
    """The class that stands in for the statement: its functions, and what they are named again."""
    own: dict[str, Any] = {"__module__": module.dotted}
    scope = Body(module, own)
    bases = [scope.evaluate(each) for each in written_bases(node)]
    own["symbols"] = tuple(each for each in bases if not isinstance(each, type))
    for name, statement in bindings(node.body):
        match statement:
            case ast.FunctionDef() if name in vars(Root):
                pass
            case ast.FunctionDef():
                own[name] = world.recorder(statement, node.name, scope)
            case ast.AsyncFunctionDef():
                own[name] = Symbol(name)
            case ast.ClassDef():
                own[name] = class_of(world, statement, module)
            case ast.Assign(value=ast.Constant(value=constant)):
                own[name] = constant
            case ast.Assign(value=ast.Name() | ast.Attribute() as value):
                found = scope.evaluate(value)
                if not isinstance(found, Symbol):
                    own[name] = found
            case ast.Assign(value=ast.Call(func=made)) if _is_property(scope.evaluate(made)):
                own[name] = property(world.noting(name))
            case ast.Assign(value=ast.Call() | ast.Lambda()):
                own[name] = world.noting(name)
    stand_ins = tuple(each for each in bases if isinstance(each, type) and issubclass(each, Root))
    stand_in = joined(node.name, (*dict.fromkeys(stand_ins), Root), own)
    stand_in.__qualname__ = node.name
    return stand_in


def written_bases(node: ast.ClassDef) -> Iterator[ast.expr]:
    for each in node.bases:
        match each:
            case ast.Call(func=ast.Name(id="with_metaclass"), args=[_, *bases]):
                yield from bases
            case ast.Starred():
                pass
            case _:
                yield each


def joined(name: str, bases: tuple[type, ...], own: dict[str, Any]) -> type:
    """A class with these bases; with all that they have, where they have no order together."""
    bases = tuple(b for b in bases if not any(o is not b and issubclass(o, b) for o in bases))
    try:
        return type(name, bases or (Root,), own)
    except TypeError:
        rest = {
            key: value
            for base in reversed(bases)
            for each in reversed(base.__mro__[:-1])
            for key, value in vars(each).items()
            if not key.startswith("__") and each is not Root
        }
        return type(name, (Root,), {**rest, **own})


# -- what generated code calls --------------------------------------------------------------------


class _Bridge:
    """Calls on at once, in the shape of asgiref's `sync_to_async`: awaited, and with a `self`."""

    def __init__(self, function: Callable[..., Any], **options: object) -> None:
        self._function = function

    async def __call__(self, *args: object, **kwargs: object) -> Any:
        return self._function(*args, **kwargs)


def _at_once(function: Callable[..., Any], **options: object) -> Callable[..., Any]:
    return function


def bridges(names: Sequence[str], static_twin: Callable[..., Any]) -> dict[str, object]:
    """What stands in for the bridge and the runtime: each calls on at once, on the same thread.
    `names` are bridges beside the usual ones, as dotted names."""
    given: dict[str, object] = {
        "asgiref.sync": SimpleNamespace(sync_to_async=_Bridge),
        "asyncgen_runtime": SimpleNamespace(
            context_to_async=_at_once,
            iterator_to_async=_at_once,
            no_stop_iteration=_at_once,
            on_worker=_Bridge,
            read_rows=_at_once,
            static_twin=static_twin,
            ModelMixin=type("ModelMixin", (), {}),
            sync_to_async=_Bridge,
        ),
        "itertools": SimpleNamespace(islice=lambda rows, count: rows),
        "django.views.decorators.debug": SimpleNamespace(
            sensitive_variables=lambda *names: lambda function: function
        ),
    }
    for each in names:
        module, _, name = each.rpartition(".")
        setattr(given.setdefault(module, SimpleNamespace()), name, _Bridge)
    return given
