"""What a body evaluates, in a small representation: no later stage needs a syntax tree.

Expressions, then statements. Frozen dataclasses; nothing here acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A function or class of a source; see `source`."""

    name: str


@dataclass(frozen=True, slots=True)
class Import:
    """A local name bound by an import: `module`, and `name` in it (None: the module itself)."""

    module: str
    name: str | None
    is_type_only: bool = False


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
    """`value[index]`; for a slice `index` is None and `step` tells whether it has one."""

    value: Expression
    index: Expression | None
    step: bool = False


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
    """`type` is list, set, dict or generator; `sources` are (target, iterable) pairs."""

    type: str
    elements: tuple[Expression, ...]
    sources: tuple[tuple[Expression, Expression], ...]
    conditions: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """`a if test else b`, `a or b`, `a and b`: one of `options`, after testing `tests`."""

    options: tuple[Expression, ...]
    tests: tuple[Expression, ...]
    operator: str = "if"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator's result: `type` is bool for comparisons and `not`, else empty."""

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
    """Exactly one of `blocks` runs, after `test`: if, match and try.

    `catches` are the exceptions (last words) that the handlers of a try take from its first block;
    `final` runs after any of them, also after those that return.
    """

    line: int
    test: Expression | None
    blocks: tuple[Block, ...]
    catches: tuple[str, ...] = ()
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


@dataclass(frozen=True, slots=True)
class With:
    line: int
    items: tuple[tuple[Expression, Expression | None], ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue`: nothing after it in its block runs."""

    line: int


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
    Assign | Evaluate | Return | Raise | Branch | Loop | With | Leave | Define | LocalImport
)
Block: TypeAlias = tuple[Statement, ...]
