"""What is known of rows and querysets besides their classes: what is loaded, and what is not.

A state is a set of words. Those that begin with `=` are marks, the others are paths of relations
that are loaded: `site`, `site__region`. A queryset or manager has the state of its rows, and marks
of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from asyncgen.analysis.values import Arguments, Builtin, Instance, Type, Value

State: TypeAlias = frozenset[str]

ROW = "=row"  # comes from a query that was seen: what is not loaded is not
NEW = "=new"  # made by its class: what was not passed is not there, and is not queried either
SAVED = "=saved"  # and what was made is a row now
ANYTHING = "=anything"  # what is loaded cannot be told
KEYS = "=keys"  # select_related() without arguments
FILLED = "=filled"  # the queryset was evaluated, or prefetched
MAYBE_FILLED = "=maybe-filled"  # the same, perhaps: somebody else had it
EMPTY = "=none"  # qs.none()
VALUES = "=values"  # rows are dicts, tuples or single values
RELATED = "=related"  # the manager of a relation
ORDERED = "=ordered"  # by order_by(), or perhaps by that of a Prefetch
THREADED = "=threaded"  # was made in a thread, and evaluated nowhere
ONLY = "=only:"  # before a field that only() names
DEFERRED = "=deferred:"  # before a field that defer() names
PREFETCHED = "=prefetched:"  # before a path that prefetch_related() names
TO_ATTR = "=to_attr:"  # before `attribute=relation`, of a Prefetch
PREFETCH = "=prefetch:"  # before a path that a Prefetch names, whose queryset may be ordered
KEY = "=key:"  # before a relation whose key was passed to a class
_OF_QUERYSETS = frozenset({FILLED, MAYBE_FILLED, EMPTY, VALUES, RELATED, ORDERED, THREADED})
_FRESH = frozenset({ROW})

_AS_VALUES = frozenset({"values", "values_list", "dates", "datetimes", "aggregate"})


def texts(values: Iterable[Value]) -> list[str] | None:
    """The constants among arguments; None where one is anything else."""
    found: list[str] = []
    for value in values:
        for each in value:
            if isinstance(each, Builtin) and each.name == "str" and each.text:
                found.append(each.text)
            else:
                return None
    return found


def paths(names: Iterable[str]) -> Iterator[str]:
    """Each path with those on the way to it."""
    for name in names:
        parts = name.split("__")
        yield from ("__".join(parts[: number + 1]) for number in range(len(parts)))


def chained(state: State, method: str, arguments: Arguments) -> State:
    """The state of what a chaining method of a queryset returns."""
    state -= {FILLED, MAYBE_FILLED, THREADED}
    if method in _AS_VALUES:
        return state | {VALUES}
    if method == "none":
        return state | {EMPTY}
    change = _CHANGES.get(method)
    if change is None:
        return state
    if not arguments.is_complete:
        return state | {ANYTHING}
    return change(state, arguments)


def _select_related(state: State, arguments: Arguments) -> State:
    if not arguments.positional:
        return state | {KEYS}
    if arguments.positional[0] == frozenset({Builtin("None")}):
        kept = {each.removeprefix(PREFETCHED) for each in state if each.startswith(PREFETCHED)}
        return frozenset(kept | {each for each in state if each.startswith("=")}) - {KEYS}
    names = texts(arguments.positional)
    return state | ({ANYTHING} if names is None else set(paths(names)))


def _prefetch_related(state: State, arguments: Arguments) -> State:
    made: set[str] = set()
    for value in arguments.positional:
        for each in value:
            if isinstance(each, Builtin) and each.name == "prefetch":
                made |= _of_prefetch(each)
            elif (names := texts([frozenset({each})])) is not None:
                made |= set(paths(names))
            else:
                made.add(ANYTHING)
    return state | made | {f"{PREFETCHED}{each}" for each in made if not each.startswith("=")}


def _of_prefetch(made: Builtin) -> set[str]:
    """What `Prefetch("crates", Crate.objects.select_related("site"))` loads."""
    if not made.text:
        return {ANYTHING}
    path, _, name = made.text.partition("=")  # of to_attr
    inner = {
        f"{name or path}__{each_path}"
        for each in made.elements
        if isinstance(each, Instance)
        for each_path in each.state
        if not each_path.startswith("=")
    }
    if name:
        return {*inner, f"{TO_ATTR}{name}={path}"}
    return {*paths([path]), *inner, f"{PREFETCH}{path}"}


def _only(state: State, arguments: Arguments) -> State:
    names = texts(arguments.positional)
    if names is None or any("__" in each for each in names):
        return state | {ANYTHING}
    return state | {f"{ONLY}{each}" for each in names}


def _defer(state: State, arguments: Arguments) -> State:
    names = texts(arguments.positional)
    if names is None:
        return frozenset(each for each in state if not each.startswith((ONLY, DEFERRED)))
    return state | {f"{DEFERRED}{each}" for each in names}


def _filter(state: State, arguments: Arguments) -> State:
    """A key that is null is never queried."""
    null = {
        name.removesuffix("__isnull")
        for name, value in arguments.keywords
        if name and _is_null(name, value)
    }
    return state | null


def _is_null(name: str, value: Value) -> bool:
    if name.endswith("__isnull"):
        return value == frozenset({Builtin("bool", text="True")})
    return value == frozenset({Builtin("None")})


def _order_by(state: State, arguments: Arguments) -> State:
    return state | {ORDERED}


_CHANGES: dict[str, Callable[[State, Arguments], State]] = {
    "order_by": _order_by,
    "select_related": _select_related,
    "prefetch_related": _prefetch_related,
    "only": _only,
    "defer": _defer,
    "filter": _filter,
}


def of_rows(state: State) -> State:
    """The state of a row of a queryset in that state."""
    return (state - _OF_QUERYSETS) | _FRESH


def reloaded(state: State) -> State:
    """The state of a row that was read anew."""
    return frozenset({ROW} | ({ANYTHING} & state))


def beyond(state: State, name: str) -> State:
    """The state of what the relation `name` of a row leads to."""
    inner = {each.removeprefix(f"{name}__") for each in state if each.startswith(f"{name}__")}
    return frozenset(inner | {ROW} | ({ANYTHING} & state))


def is_loaded(state: State, name: str, *, is_key: bool = True) -> bool:
    return name in state or ANYTHING in state or (is_key and KEYS in state)


def is_deferred(state: State, field: str) -> bool:
    """Whether a field of a row was left out by only() or defer()."""
    if f"{DEFERRED}{field}" in state:
        return True
    only = {each for each in state if each.startswith(ONLY)}
    return bool(only) and f"{ONLY}{field}" not in only and field not in ("id", "pk")


def needs_no_query(type_: Type) -> bool:
    """Whether a queryset has its rows already, or never any."""
    return isinstance(type_, Instance) and bool(type_.state & {FILLED, EMPTY, MAYBE_FILLED})


def stamped(value: Value, state: State, wanted: Callable[[Instance], bool]) -> Value:
    """The value, with the state for all instances in it that are wanted and have none."""
    return frozenset(_stamped(each, state, wanted) for each in value)


def _stamped(type_: Type, state: State, wanted: Callable[[Instance], bool]) -> Type:
    match type_:
        case Instance(state=known) if not known and wanted(type_):
            return replace(type_, state=state)
        case Builtin(elements=elements) if elements:
            return replace(type_, elements=stamped(elements, state, wanted))
    return type_


def marked(value: Value, mark: str, wanted: Callable[[Instance], bool]) -> Value:
    """The value, with a word more in the state of the instances that are wanted."""
    return frozenset(
        replace(each, state=each.state | {mark})
        if isinstance(each, Instance) and wanted(each)
        else each
        for each in value
    )
