"""What is known of Python, the standard library and Django without reading it: stubs of ours.

`library/*.pyi` say what callables take and return, in the notation that every contributor knows,
and are read like any other source. A type variable stands for what the arguments have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from asyncgen.analysis.growth import is_growing
from asyncgen.analysis.types import ANY, Known, Types, made, substituted, tuple_parts
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.facts import Display, Expression, Item, Name, Operation
from asyncgen.read import read_file
from asyncgen.resolve import FunctionIn, Resolver
from asyncgen.source import (
    Attribute,
    Binding,
    Class,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Signature,
    TypeParameter,
)

ROOT = Path(__file__).parents[1] / "library"
_ONE_AFTER_THE_OTHER = frozenset({"Collection", "Iterable", "Iterator", "Sequence"})
_KEYWORD = (ParameterKind.KEYWORD_ONLY, ParameterKind.VAR_KEYWORD)

# What an annotation of a module means; the names are those of type variables.
Meaning = Callable[[str, Module, Resolver, Mapping[str, Types]], Types | None]


@dataclass(frozen=True, slots=True)
class Passed:
    """The types of what a call passes; None for what is not known. With `is_complete` that is all,
    and nothing is unpacked."""

    positional: tuple[Types | None, ...] = ()
    keywords: Mapping[str | None, Types | None] = field(default_factory=dict)
    is_complete: bool = True


class _Files(Resolver):
    """Finds modules as the files of the library, and nothing else."""

    def _candidates(self, dotted: str) -> Iterator[Path]:
        base = ROOT.joinpath(*dotted.split("."))
        yield from (base / "__init__.pyi", base.with_name(f"{base.name}.pyi"))


@cache
def files() -> Resolver:
    """The library, of which a module is read when it is first asked for."""
    return _Files((ROOT,), lambda path, name: read_file(path, name, path.name, keep=True))


@cache
def runs_through(dotted: str) -> frozenset[int | str] | None:
    """Which arguments a call of a function or class of the library runs through: the places and
    names of the parameters that are annotated Iterable. None where the library has no such name."""
    match files().dotted(dotted):
        case FunctionIn() as found:
            function: object = found.function
        case Class() as cls:
            _, function = files().lookup(cls, "__init__") or (cls, None)
        case _:
            return None
    whole = Passed(is_complete=False)
    signature = _fitting(function, whole) if isinstance(function, Function) else None
    return frozenset(
        key
        for place, each in enumerate(signature.parameters if signature else ())
        if each.annotation and _is_iterable(parse_annotation(each.annotation))
        for key in (place, each.name)
    )


def _is_iterable(annotation: Expression | None) -> bool:
    match annotation:
        case Item(value=value):
            return last_word(value) == "Iterable"
        case Operation(operator="|", operands=operands):
            return any(map(_is_iterable, operands))
    return False


@dataclass
class Library:
    """Looks up what calls give; `meaning` reads annotations, and `elements` says what is in an
    iterable of some types."""

    meaning: Meaning
    elements: Callable[[Types | None], Types | None]
    files: Resolver = field(default_factory=files)

    # -- looking up --------------------------------------------------------------------------------

    def klass(self, dotted: str) -> Class | None:
        definition = self.files.dotted(dotted)
        return definition if isinstance(definition, Class) else None

    def attribute(self, known: Known, name: str) -> Types | None:
        """What `instance.name` is declared to be."""
        cls = self.klass(f"{known.module}.{known.name}")
        match self.files.lookup(cls, name) if cls else None:
            case (where, Attribute(annotation=str(text))):
                return self.meaning(text, self._module(where), self.files, {})
        return None

    def _module(self, cls: Class) -> Module:
        module = self.files.module(cls.module)
        assert module is not None, cls.dotted
        return module

    # -- calling -----------------------------------------------------------------------------------

    def called(self, dotted: str, passed: Passed) -> Types | None:
        """What calling the function, class or method of that name gives."""
        match self.files.dotted(dotted):
            case FunctionIn(function=function, module=module):
                return self._returned(function, module, passed, {})
            case Class() as found:
                return self._made(found, passed)
        owner, _, name = dotted.rpartition(".")
        cls = self.klass(owner) if "." in owner else None
        return self.method(Known(cls.module, cls.qualname), name, passed) if cls else None

    def method(self, known: Known, name: str, passed: Passed) -> Types | None:
        """What calling `instance.name` gives."""
        cls = self.klass(f"{known.module}.{known.name}")
        match self.files.lookup(cls, name) if cls else None:
            case (where, Function() as function):
                names = self._arguments(where, known)
                result = self._returned(function, self._module(where), passed, names)
                return result if result is None else substituted(result, known)
        return None

    def put(self, known: Known, name: str, passed: Passed) -> Iterator[tuple[Types, Types | None]]:
        """What calling `instance.name` puts into it: what a parameter takes that is annotated with
        a type parameter of the class, with the type argument that stands for it."""
        cls = self.klass(f"{known.module}.{known.name}")
        match self.files.lookup(cls, name) if cls else None:
            case (Class() as where, Function() as function):
                signature = _fitting(function, passed)
                names = self._arguments(where, known)
                if signature is None or not passed.is_complete:
                    yield from ((argument, None) for argument in names.values())
                    return
                for parameter, types in _matched(signature, passed):
                    wanted = parse_annotation(parameter.annotation or "object")
                    for each, part in self._parts(wanted, types, names.keys()):
                        yield names[each], part

    def items(self, known: Known) -> Types | None:
        """What running through an instance gives."""
        result = self.method(known, "__iter__", Passed())
        return next(iter(result)).arguments[0] if result else None

    def _made(self, cls: Class, passed: Passed) -> Types | None:
        """An instance of a class; of what, its `__init__` tells."""
        solved: dict[str, Types] = {}
        match self.files.lookup(cls, "__init__"):
            case (_, Function() as function):
                signature = _fitting(function, passed)
                if signature is None:
                    return None
                solved = self._solved(signature, passed, cls.type_parameters)
        is_empty = passed.is_complete and not passed.positional and not passed.keywords
        rest = frozenset() if is_empty and is_growing(Known(cls.module, cls.qualname)) else ANY
        inner = tuple(solved.get(each.name, rest) for each in cls.type_parameters)
        if cls.dotted == "builtins.tuple":
            inner = (*inner, frozenset())
        return frozenset({Known(cls.module, cls.qualname, inner)})

    @staticmethod
    def _arguments(cls: Class, known: Known) -> dict[str, Types]:
        """What the type parameters of the class stand for."""
        names = [each.name for each in cls.type_parameters]
        if len(known.arguments) != len(names):
            return dict.fromkeys(names, ANY)
        return dict(zip(names, known.arguments, strict=True))

    def _returned(
        self, function: Function, module: Module, passed: Passed, names: dict[str, Types]
    ) -> Types | None:
        signature = _fitting(function, passed)
        if signature is None or signature.returns is None:
            return None
        every = (function, *function.overloads)
        own = tuple(each for one in every for each in one.type_parameters)
        solved = self._solved(signature, passed, own)
        if any(each.name not in solved and _is_part(each.name, signature.returns) for each in own):
            return None  # whatever was passed
        known = {**dict.fromkeys((each.name for each in own), ANY), **names, **solved}
        return self.meaning(signature.returns, module, self.files, known)

    # -- type variables ----------------------------------------------------------------------------

    def _solved(
        self, signature: Signature, passed: Passed, own: tuple[TypeParameter, ...]
    ) -> dict[str, Types]:
        """What type variables stand for: of those with constraints one argument tells all, of
        others each has to be known."""
        names = {each.name: each.constraints for each in own}
        solved: dict[str, Types] = {}
        unknown: set[str] = set()
        for parameter, types in _matched(signature, passed) if passed.is_complete else ():
            wanted = parse_annotation(parameter.annotation) if parameter.annotation else None
            for name, part in self._parts(wanted, types, names.keys()):
                if names[name]:
                    part = frozenset(e for e in part or () if e.name in names[name])
                elif not part:
                    unknown.add(name)
                solved[name] = solved.get(name, frozenset()) | (part or frozenset())
        return {name: types for name, types in solved.items() if types and name not in unknown}

    def _parts(
        self, wanted: Expression | None, types: Types | None, own: Set[str]
    ) -> Iterator[tuple[str, Types | None]]:
        """What the type variables in an annotation stand for, where these types are passed."""
        match wanted:
            case Name(id=name) if name in own:
                yield name, types
            case Item(value=value, index=Display(elements=(_, gives))) if (
                last_word(value) == "Callable"
            ):
                yield from self._parts(gives, made(types), own)
            case Item(index=Display(elements=elements)):
                parts = tuple_parts(types, len(elements))
                for each, part in zip(elements, parts, strict=True):
                    yield from self._parts(each, part, own)
            case Item(value=value, index=index) if last_word(value) in _ONE_AFTER_THE_OTHER:
                yield from self._parts(index, self.elements(types), own)


def _is_part(name: str, annotation: str) -> bool:
    """Whether the annotation is the variable, or a union with it."""
    match parse_annotation(annotation):
        case Operation(operator="|", operands=operands):
            return Name(name) in operands
        case expression:
            return expression == Name(name)


def _fitting(function: Function, passed: Passed) -> Signature | None:
    """The signature, without the receiver, of the first overload that takes what is passed."""
    has_receiver = function.binding in (Binding.METHOD, Binding.CLASSMETHOD)
    signatures = [
        replace(each.signature, parameters=each.signature.parameters[has_receiver:])
        for each in function.overloads or (function,)
    ]
    if not passed.is_complete:
        return signatures[0] if len(signatures) == 1 else None
    return next((each for each in signatures if _takes(each, passed)), None)


def _takes(signature: Signature, passed: Passed) -> bool:
    parameters = signature.parameters
    by_position = [each for each in parameters if each.kind not in _KEYWORD]
    is_open = any(each.kind is ParameterKind.VAR_POSITIONAL for each in by_position)
    if len(passed.positional) > len(by_position) and not is_open:
        return False
    names = {each.name for each in parameters}
    takes_any = any(each.kind is ParameterKind.VAR_KEYWORD for each in parameters)
    if not takes_any and not set(passed.keywords) <= names:
        return False
    return all(
        number < len(passed.positional) or each.name in passed.keywords
        for number, each in enumerate(parameters)
        if each.default is None and not each.kind.name.startswith("VAR_")
    )


def _matched(signature: Signature, passed: Passed) -> Iterator[tuple[Parameter, Types | None]]:
    parameters = signature.parameters
    by_position = [each for each in parameters if each.kind not in _KEYWORD]
    for number, types in enumerate(passed.positional):
        yield by_position[min(number, len(by_position) - 1)], types
    named: dict[str | None, Parameter] = {each.name: each for each in parameters}
    for name, types in passed.keywords.items():
        if name in named:
            yield named[name], types
