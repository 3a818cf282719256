"""What a body evaluates, in a small representation: no later stage needs a syntax tree.

Expressions, then statements. Frozen dataclasses; nothing here acts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A function or class of a source; see `source`."""

    name: str


@dataclass(frozen=True, slots=True)
class Import:
    """A local name bound by an import: `module`, and `name` in it (None: the module itself).

    `is_conditional`: it stands below an `if` or `try`, and may not be there.
    """

    module: str
    name: str | None
    is_type_only: bool = False
    is_conditional: bool = False


# -- expressions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    id: str


@dataclass(frozen=True, slots=True)
class Get:
    """`value.name`"""

    value: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    function: Expression
    arguments: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str | None, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """`value[index]`; for a slice `index` is None, and `step` tells whether it has one."""

    value: Expression
    index: Expression | None
    step: bool = False
    bounds: tuple[Expression, ...] = ()  # of a slice, those that are given


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; `type` is its builtin's name, `text` its source (strings without quotes)."""

    type: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Display:
    """A list, tuple, set or dict display; of a dict, keys and values in turn."""

    type: str
    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """`type` is list, set, dict or generator; `sources` are (target, iterable) pairs, of which
    those at the positions in `asynchronous` are run through with `async for`."""

    type: str
    elements: tuple[Expression, ...]
    sources: tuple[tuple[Expression, Expression], ...]
    conditions: tuple[Expression, ...] = ()
    asynchronous: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """`a if test else b`, `a or b`, `a and b`: one of `options`, after a test, which of the latter
    two is the first option. It stands here once: who walks over facts meets nothing twice."""

    options: tuple[Expression, Expression]
    operator: str = "if"
    test: Expression | None = None

    @property
    def tested(self) -> Expression:
        return self.options[0] if self.test is None else self.test


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator's result; `del x.name` has the name as its second operand."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Star:
    """`*value` in a display or call."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Bind:
    """`(name := value)`"""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Yield:
    value: Expression | None
    delegates: bool = False  # yield from


@dataclass(frozen=True, slots=True)
class Await:
    value: Expression


@dataclass(frozen=True, slots=True)
class Lambda:
    parameters: tuple[str, ...]
    body: Expression
    defaults: tuple[tuple[str, Expression], ...] = ()  # those that are no constants


Expression: TypeAlias = (
    Name
    | Get
    | Call
    | Item
    | Literal
    | Display
    | Comprehension
    | Choice
    | Operation
    | Star
    | Bind
    | Yield
    | Await
    | Lambda
)

# -- statements ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assign:
    line: int
    targets: tuple[Expression, ...]
    value: Expression
    annotation: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression statement, an assertion, `del`: something is evaluated."""

    line: int
    value: Expression
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    line: int
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Raise:
    line: int
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Branch:
    """`if test: … else: …`: exactly one of the two `blocks` runs."""

    line: int
    test: Expression
    blocks: tuple[Block, Block]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a match.

    `parts` are what its pattern reads of the subject and compares with it, as expressions, each
    with the name that it binds, or "": None for a part that is not told. `whole` are the names for
    all of it. `classes` are what the subject is an instance of if it matches, as far as the pattern
    says. `is_irrefutable`: it matches whatever there is, but for its guard.
    """

    line: int
    body: Block
    guard: Expression | None = None
    parts: tuple[tuple[str, Expression | None], ...] = ()
    whole: tuple[str, ...] = ()
    classes: tuple[Expression, ...] = ()
    is_irrefutable: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The first of `cases` that matches, or none."""

    line: int
    subject: Expression
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Handler:
    """`except exception as name: body`; a bare `except` has no exception."""

    line: int
    exception: Expression | None
    name: str | None
    body: Block


@dataclass(frozen=True, slots=True)
class Try:
    """`body`, then `otherwise`; or a handler from anywhere in the body. `final` always."""

    line: int
    body: Block
    handlers: tuple[Handler, ...] = ()
    otherwise: Block = ()
    final: Block = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """`for target in iterable` or `while test`, any number of times, then `otherwise`."""

    line: int
    target: Expression | None
    iterable: Expression | None
    test: Expression | None
    body: Block
    otherwise: Block = ()
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class With:
    line: int
    items: tuple[tuple[Expression, Expression | None], ...]
    body: Block
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue`: nothing after it in its block runs."""

    line: int
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Define:
    """A function or class defined inside a function."""

    line: int
    definition: Definition


@dataclass(frozen=True, slots=True)
class LocalImport:
    line: int
    imports: tuple[tuple[str, Import], ...]


Statement: TypeAlias = (
    Assign
    | Evaluate
    | Return
    | Raise
    | Branch
    | Match
    | Try
    | Loop
    | With
    | Leave
    | Define
    | LocalImport
)
Block: TypeAlias = tuple[Statement, ...]

# -- walking ---------------------------------------------------------------------------------------


def blocks(statement: Statement) -> tuple[Block, ...]:
    """The blocks right inside a statement; the bodies of definitions are not among them."""
    match statement:
        case Branch(blocks=inner):
            return inner
        case Match(cases=cases):
            return tuple(case.body for case in cases)
        case Try(body=body, handlers=handlers, otherwise=otherwise, final=final):
            return (body, *(handler.body for handler in handlers), otherwise, final)
        case Loop(body=body, otherwise=otherwise):
            return (body, otherwise)
        case With(body=body):
            return (body,)
    return ()


def walk(block: Block) -> Iterator[Statement]:
    """Every statement of a block, in the order of the source, with those inside of it."""
    for statement in block:
        yield statement
        for inner in blocks(statement):
            yield from walk(inner)


def shared_name(number: int) -> str:
    """What an operand is called that two comparisons of a chain share; the first number is for what
    the cases of a `match` do."""
    return f"<{number}>"


def is_shared(name: str) -> bool:
    return name.startswith("<")


def nodes(facts: object) -> Iterator[object]:
    """Facts, and all that they are made of: statements and expressions. What a definition inside
    holds is not among them."""
    todo = [facts]
    while todo:
        each = todo.pop()
        if isinstance(each, tuple):
            todo += each[::-1]
        elif (parts := _parts(type(each))) is not None:  # type: ignore[arg-type]
            yield each
            todo += [getattr(each, name) for name in parts]


@cache
def _parts(kind: type) -> tuple[str, ...] | None:
    """The names of what facts of a kind are made of, the last first; None where it is no kind of
    facts. It is asked of each node, and `dataclasses` takes its time."""
    if not is_dataclass(kind):
        return None
    return () if issubclass(kind, Definition) else tuple(each.name for each in fields(kind))[::-1]
