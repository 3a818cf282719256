"""What is known of Python, the standard library and Django without reading it: stubs of ours.

`library/*.pyi` say what callables take and return, in the notation that every contributor knows,
and are read like any other source. A type variable stands for what the arguments have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cache

from asyncgen.analysis.growth import is_growing
from asyncgen.analysis.types import (
    ANY,
    NONE,
    Known,
    Types,
    iterator,
    made,
    substituted,
    tuple_parts,
)
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.declared import files
from asyncgen.definitions import FunctionIn
from asyncgen.facts import Display, Expression, Item, Name, Operation
from asyncgen.resolve import Resolver
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

_ONE_AFTER_THE_OTHER = frozenset({"Collection", "Iterable", "Iterator", "Sequence"})
_KEYWORD = (ParameterKind.KEYWORD_ONLY, ParameterKind.VAR_KEYWORD)

# What an annotation of a module means; the names are those of type variables.
Meaning = Callable[[str, Module, Resolver, Mapping[str, Types]], Types | None]


CallBack = Callable[[list[Types | None]], Types | None]


@dataclass(frozen=True, slots=True)
class Passed:
    """The types of what a call passes; None for what is not known. With `is_complete` that is all,
    and nothing is unpacked. `functions` are what is passed to be called, by place or name: what
    each gives for arguments of some types."""

    positional: tuple[Types | None, ...] = ()
    keywords: Mapping[str | None, Types | None] = field(default_factory=dict)
    is_complete: bool = True
    functions: Mapping[int | str | None, CallBack] = field(default_factory=dict)


@cache
def runs_through(dotted: str) -> frozenset[int | str] | None:
    """Which arguments a call of a function or class of the library runs through: the places and
    names of the parameters that are annotated Iterable. None where the library has no such name."""
    match files().dotted(dotted):
        case FunctionIn() as found:
            function: object = found.function
        case Class() as cls:
            _, function = files().lookup(cls, "__init__") or (cls, None)
            if function is None:
                return None
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
                for parameter, types, _ in _matched(signature, passed):
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
        rest = ANY
        match self.files.lookup(cls, "__init__"):
            case (where, Function() as function):
                whole = _fitting_whole(function, passed)
                if whole is None:
                    return None
                signature = _called(whole, function)
                solved = self._solved(signature, passed, cls.type_parameters)
                is_told = {p.annotation for p, _, _ in _matched(signature, passed)}
                if is_growing(Known(cls.module, cls.qualname)) and passed.is_complete:
                    open_ = [e.name for e in cls.type_parameters if _says(is_told, e.name)]
                    solved = {**dict.fromkeys(open_, ANY), **solved}
                    rest = frozenset()  # nothing is in it yet
                solved |= self._of_receiver(whole, cls, where)
        inner = tuple(solved.get(each.name, rest) for each in cls.type_parameters)
        if cls.dotted == "itertools.chain":
            return iterator(inner[0])  # as which a stub names it
        if cls.dotted == "builtins.tuple":
            inner = (*inner, frozenset())
        return frozenset({Known(cls.module, cls.qualname, inner)})

    def _of_receiver(self, whole: Signature, cls: Class, where: Class) -> dict[str, Types]:
        """What `self: dict[str, V]` says of a type parameter."""
        annotation = whole.parameters[0].annotation if whole.parameters else None
        match parse_annotation(annotation) if annotation else None:
            case Item(index=index):
                parts = index.elements if isinstance(index, Display) else (index,)
            case _:
                return {}
        names = [each.name for each in cls.type_parameters]
        module = self._module(where)
        return {
            name: types
            for name, part in zip(names, parts, strict=False)
            if isinstance(part, Name) and part.id not in names
            if (types := self.meaning(part.id, module, self.files, {}))
        }

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
        matched = [*_matched(signature, passed)] if passed.is_complete else []
        # What a function gives that is passed depends on what the others are.
        for parameter, types, key in sorted(matched, key=lambda each: each[2] in passed.functions):
            wanted = parse_annotation(parameter.annotation) if parameter.annotation else None
            parts = self._parts(wanted, types, names.keys())
            if key in passed.functions:
                told = {name: each for name, each in solved.items() if name not in unknown}
                parts = self._called_back(wanted, passed.functions[key], told) or parts
            for name, part in parts:
                if names[name]:
                    part = frozenset(e for e in part or () if e.name in names[name])
                elif not part:
                    unknown.add(name)
                solved[name] = solved.get(name, frozenset()) | (part or frozenset())
        return {name: types for name, types in solved.items() if types and name not in unknown}

    @staticmethod
    def _called_back(
        wanted: Expression | None, function: CallBack, solved: Mapping[str, Types]
    ) -> Iterator[tuple[str, Types | None]] | None:
        """`Callable[[T], R]`: R is what the function gives for what T stands for."""
        match wanted:
            case Item(
                value=value, index=Display(elements=(Display(elements=takes), Name(id=gives)))
            ) if last_word(value) == "Callable":
                given = [solved.get(each.id) if isinstance(each, Name) else None for each in takes]
                return iter([(gives, function(given))])
        return None

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
                yield from self._parts(gives, _empty(made(types)), own)
            case Operation(operator="|", operands=operands):
                either = [part for each in operands for part in self._parts(each, types, own)]
                yield from [part for part in either if part[1]] or either
            case Item(value=value, index=index) if last_word(value) == "type":
                yield from self._parts(index, made(types), own)
            case Item(value=Name(id="dict"), index=Display(elements=elements)):
                known = next(iter(types)) if types and len(types) == 1 else None
                is_dict = known is not None and len(known.arguments) == len(elements)
                inner = known.arguments if known and is_dict else (None, None)
                for each, argument in zip(elements, inner, strict=True):
                    yield from self._parts(each, argument, own)
            case Item(value=value, index=Display(elements=(first, *_))) if (
                last_word(value) == "QuerySet"
            ):
                yield from self._parts(first, self.elements(types), own)
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
    whole = _fitting_whole(function, passed)
    return None if whole is None else _called(whole, function)


def _called(whole: Signature, function: Function) -> Signature:
    """The signature without the receiver."""
    has_receiver = function.binding in (Binding.METHOD, Binding.CLASSMETHOD)
    return replace(whole, parameters=whole.parameters[has_receiver:])


def _fitting_whole(function: Function, passed: Passed) -> Signature | None:
    signatures = [each.signature for each in function.overloads or (function,)]
    if not passed.is_complete:
        return signatures[0] if len(signatures) == 1 else None
    fitting = [each for each in signatures if _takes(_called(each, function), passed)]
    by_type = (each for each in fitting if _suits(_called(each, function), passed))
    return next(by_type, next(iter(fitting), None))


_ALSO = {"dict": ("OrderedDict", "defaultdict"), "int": ("bool",)}
_CLASSES = frozenset({"bool", "bytes", "dict", "float", "int", "list", "set", "slice", "str"})


def _suits(signature: Signature, passed: Passed) -> bool:
    """Whether what is passed has the types of the annotations, where these are builtins."""
    for parameter, types, key in _matched(signature, passed):
        match parse_annotation(parameter.annotation or "object"):
            case Name(id=name) | Item(value=Name(id=name)) if name in _CLASSES:
                wanted = {name, *_ALSO.get(name, ())}
                if types is None or not {each.name for each in types} <= wanted:
                    return False
            case Item(value=value) if last_word(value) == "Callable":
                if key not in passed.functions and made(types) is None:
                    return False
            case Name(id="None"):
                return types == NONE
    return True


def _says(annotations: Set[str | None], name: str) -> bool:
    """Whether an annotation has a type variable in it."""
    return any(re.search(rf"\b{name}\b", each) for each in annotations if each)


def _empty(types: Types | None) -> Types | None:
    """What a class makes that is called with nothing: a container is empty."""
    return types and frozenset(
        Known(each.module, each.name, (frozenset(),) * len(each.arguments))
        if is_growing(each)
        else each
        for each in types
    )


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


def _matched(
    signature: Signature, passed: Passed
) -> Iterator[tuple[Parameter, Types | None, int | str | None]]:
    """The parameters that get something, with its types, and its place or name."""
    parameters = signature.parameters
    by_position = [each for each in parameters if each.kind not in _KEYWORD]
    for number, types in enumerate(passed.positional):
        yield by_position[min(number, len(by_position) - 1)], types, number
    named = {each.name: each for each in parameters}
    rest = next((e for e in parameters if e.kind is ParameterKind.VAR_KEYWORD), None)
    for name, types in passed.keywords.items():
        parameter = named.get(name or "", rest)
        if parameter:
            yield parameter, types, name
