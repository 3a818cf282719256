"""What `read` takes from a file: modules, classes, functions, signatures as verbatim text.

Frozen dataclasses; nothing here acts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar

from asyncgen.facts import Assign, Block, Call, Definition, Expression, Import
from asyncgen.problems import Location

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One step of the reason for a decision."""

    message: str
    location: Location | None = None


class ParameterKind(Enum):
    """How an argument reaches a parameter; the members of `inspect.Parameter.kind`."""

    POSITIONAL_ONLY = "positional-only"
    POSITIONAL_OR_KEYWORD = "positional or keyword"
    VAR_POSITIONAL = "variadic positional"
    KEYWORD_ONLY = "keyword-only"
    VAR_KEYWORD = "variadic keyword"


BY_POSITION = (ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD)
# Among `Parameter.default_names`: evaluated where it is copied to, the default's text could give
# another object, or do something once more.
COMPUTED = "…"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `annotation` and `default` are source text, canonically spaced."""

    name: str
    kind: ParameterKind
    annotation: str | None = None
    default: str | None = None
    # Names that the default's text refers to, and `COMPUTED`; empty for a literal.
    default_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters in order, `self` and `cls` included, and the return annotation's text."""

    parameters: tuple[Parameter, ...]
    returns: str | None = None


@dataclass(frozen=True, slots=True)
class TypeParameter:
    """One of `[T: Model, *Ts, **P = ...]` (PEP 695, PEP 696), with the stars before its name.

    `bound`, `constraints` and `default` are source text.
    """

    name: str
    stars: str = ""
    bound: str | None = None
    constraints: tuple[str, ...] = ()
    default: str | None = None


class Binding(Enum):
    """What a function is to its class."""

    FUNCTION = "function"  # at module level
    METHOD = "method"
    CLASSMETHOD = "classmethod"
    STATICMETHOD = "staticmethod"
    PROPERTY = "property"


def by_position(signature: Signature, count: int) -> Signature:
    """The signature, whose first parameters have to be passed, and by position. The defaults of the
    others are those of one function of several."""
    first = signature.parameters[:count]
    if not all(each.kind in BY_POSITION for each in first):
        return signature
    kind = ParameterKind.POSITIONAL_ONLY
    made = (replace(each, kind=kind, default=None, default_names=()) for each in first)
    others = (
        each if each.default is None else replace(each, default_names=(COMPUTED,))
        for each in signature.parameters[count:]
    )
    return replace(signature, parameters=(*made, *others))


@dataclass(frozen=True, slots=True)
class Rearranged:
    """Parameters that a decorator passes itself, or takes in their place, as its annotation says.

    Of the first `given` parameters remain those that `kept` has the positions of; None stands for
    one that the decorated callable has not.
    """

    given: int
    kept: tuple[int | None, ...]

    def of(self, signature: Signature) -> Signature:
        """The parameters with which the decorated callable is called."""
        leading, rest = signature.parameters[: self.given], signature.parameters[self.given :]
        made = [
            leading[position]
            if position is not None and position < len(leading)
            else Parameter(f"argument{number}", ParameterKind.POSITIONAL_ONLY)
            for number, position in enumerate(self.kept, 1)
        ]
        if any(each.kind is ParameterKind.POSITIONAL_ONLY for each in made):
            made = [replace(each, kind=ParameterKind.POSITIONAL_ONLY) for each in made]
        return Signature((*made, *rest), signature.returns)


@dataclass(frozen=True, slots=True)
class Decoration:
    """What one decorator makes of a callable; `dotted` is what its name means.

    `binding` is what the result is to its class, where that is not what a function is. It is called
    with `signature`, or as what was decorated: but for what `rearranged` says, and that the first
    `positional` parameters are passed by position, always. `hands_on`: it returns what that
    returns. `is_context`: that runs in a `with`. `wrapper` is the function, of `module`, that runs
    instead, and calls it by the name `parameter`.
    """

    dotted: str
    binding: Binding | None = None
    signature: Signature | None = None
    rearranged: Rearranged | None = None
    positional: int = 0
    hands_on: bool = True
    is_context: bool = False
    is_known: bool = True
    wrapper: Function | None = None
    module: str = ""
    parameter: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the result is called as what was decorated, and gives the same."""
        return self.is_known and self.hands_on and not (self.signature or self.rearranged)


@dataclass(frozen=True, slots=True)
class Snippet:
    """The source of statements in one block, `before` lines of the file before it."""

    text: str
    before: int
    path: str
    module: str
    is_package: bool


class Look(Generic[T]):
    """A question about a block with an answer that is small. Where two blocks differ and no look
    at them does, what only looked is as it was."""

    every: ClassVar[list[Look[Any]]] = []

    def __init__(self, tell: Callable[[Block], T]) -> None:
        self.tell = tell
        self.every.append(self)

    def __call__(self, block: Block) -> T:
        return self.tell(block)


@dataclass(slots=True, eq=False)
class Later:
    """A block that is made when it is first asked for: of most functions nobody asks what they do.

    What a file has comes from a `snippet`; `table` is what an earlier run made of it, as JSON.
    `is_shared`: somebody asked who does not keep an account of what that told.
    """

    make: Callable[[], Block]
    snippet: Snippet | None = None
    table: str = ""
    made: Block | None = None
    is_shared: bool = False
    origin: Later | None = None  # what it is made of, where that is one as well

    @property
    def block(self) -> Block:
        (self.origin or self).is_shared = True
        return self.read()

    def read(self) -> Block:
        """The block, for one who keeps an account."""
        if self.made is None:
            self.made = self.make()
        return self.made

    def __repr__(self) -> str:
        return repr(self.block)


@dataclass(frozen=True, slots=True, eq=False)
class Function(Definition):
    """A function or method, with the facts of its body.

    `decorators` are outermost first. What they make of it is told where names are resolved:
    `decorations`, in the same order, and the binding (see `decorators`). `marks` are attributes set
    on the function beside its definition (`create.alters_data = True`), as source text.
    """

    signature: Signature
    location: Location
    binding: Binding = Binding.FUNCTION
    docstring: str | None = None
    decorators: tuple[Expression, ...] = ()
    decorator_texts: tuple[str, ...] = ()
    defaults: tuple[tuple[str, Expression], ...] = ()  # of parameters, what evaluates something
    decorations: tuple[Decoration, ...] = ()
    decorated: Signature | None = None  # how it is called, where decorators change that
    # What the same name was defined as before it in the same body: overloads, other versions.
    earlier: tuple[Function, ...] = ()
    # What has to hold for it to be defined: tests of the Python or the platform, as source text, or
    # nothing that can be said; None where nothing has to.
    condition: str | None = None
    # The definitions of which one is there, by their conditions, where all of these can be said.
    alternatives: tuple[Function, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    overloads: tuple[Function, ...] = ()
    type_parameters: tuple[TypeParameter, ...] = ()
    is_async: bool = False
    is_generator: bool = False
    # Declared below `if TYPE_CHECKING:`: says types, never runs.
    is_type_only: bool = False
    pragma: str | None = None
    # Says itself, `# type: ignore[override]`, that it cannot stand in for what it overrides.
    is_incompatible: bool = False
    block: Block | Later = ()
    # Names of an outer scope that it or a function in it binds anew: `nonlocal`, `global`.
    rebinds: frozenset[str] = frozenset()
    # What assigning to a property, and deleting it, runs.
    setter: Function | None = None
    deleter: Function | None = None
    # Of what a class assigns, where it may be a method: why that cannot be told.
    untold: str = ""
    # Of a method that nobody wrote: what Django makes it of (see `django.accessors`).
    made_of: Evidence | None = None

    @property
    def body(self) -> Block:
        """What it does."""
        return self.block.block if isinstance(self.block, Later) else self.block

    @property
    def body_read(self) -> Block:
        """The same, for one who keeps an account of what it told (see `fixpoint.Trace`)."""
        return self.block.read() if isinstance(self.block, Later) else self.block

    def look(self, look: Look[T]) -> T:
        """What a look at the body tells."""
        return look(self.body_read)

    @property
    def called(self) -> Signature:
        """How it is called: by its own signature, or by what its decorators make of it."""
        return self.decorated or self.signature

    def is_decorated(self, *names: str) -> bool:
        """Whether a decorator's name means one of these dotted names."""
        return any(each.dotted in names for each in self.decorations)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name bound in a class or module body by assignment (`b = a`) or declared (`x: int`).

    `text` is the source of a value that makes a type: in `type X = …`, `X: TypeAlias = …` and
    `X = TypeVar("X", …)`.
    """

    name: str
    value: Expression | None
    annotation: str | None
    location: Location
    text: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Class(Definition):
    """A class statement. `qualname` has the outer classes and functions in it."""

    qualname: str
    module: str
    bases: tuple[Expression, ...]
    base_texts: tuple[str, ...]
    keywords: tuple[tuple[str, Expression], ...]
    functions: Mapping[str, Function]
    attributes: Mapping[str, Attribute]
    classes: Mapping[str, Class]
    location: Location
    docstring: str | None = None
    decorators: tuple[Expression, ...] = ()
    # Of a class inside of a function, what its body evaluates besides definitions; all branches.
    body: Block = ()
    type_parameters: tuple[TypeParameter, ...] = ()
    # Declared below `if TYPE_CHECKING:`: says types, is not there at run time.
    is_type_only: bool = False
    pragma: str | None = None
    # The queryset class whose methods a manager class made by from_queryset copies.
    queryset: Class | None = None
    earlier: tuple[Location, ...] = ()  # of other classes of the name, which this one replaces

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.qualname}"

    @property
    def path(self) -> str:
        """Its name with those of the classes around it: `Book.Rows`."""
        return self.qualname.removeprefix("<locals>.")

    @property
    def flat_name(self) -> str:
        """The same as one name, for what is made of it: `BookRows`."""
        return self.path.replace(".", "")


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """The facts of one source file."""

    name: str
    path: str
    imports: Mapping[str, Import]
    star_imports: tuple[str, ...]
    classes: Mapping[str, Class]
    functions: Mapping[str, Function]
    attributes: Mapping[str, Attribute]
    exports: tuple[str, ...] | None  # __all__, where it is a plain list
    has_future_annotations: bool = False
    rebound: frozenset[str] = frozenset()  # by functions; see `Function.rebinds`
    prefetched: frozenset[str] = frozenset()  # attributes that a `Prefetch(to_attr=…)` names
    connections: tuple[Call, ...] = ()  # `signal.connect(receiver)`, as a statement of its own
    patches: tuple[Assign, ...] = ()  # `Class.name = value`, to an attribute of what is there
