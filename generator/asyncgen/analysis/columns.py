"""The types of items, and of the rows that values(), aggregate() and the like give: columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from asyncgen.analysis.frame import NARROWED, Frame
from asyncgen.analysis.growth import bounded
from asyncgen.analysis.library import Passed
from asyncgen.analysis.typed import Typed
from asyncgen.analysis.types import (
    ANY,
    NONE,
    STR,
    Known,
    Types,
    all_of,
    builtin,
    tuple_parts,
)
from asyncgen.analysis.values import (
    NOTHING,
    Value,
    proved,
    types_of,
)
from asyncgen.annotation import last_word
from asyncgen.facts import Call, Expression, Get, Item, Literal, Name, Star
from asyncgen.source import Class

_SLICED = frozenset({"bytes", "list", "str"})  # what a slice of is one, too
# Rows of values() and values_list() that have another column.
_MORE: Mapping[str, tuple[Types, ...]] = {"dict": (STR, ANY), "tuple": (ANY, frozenset())}


class Columns(Typed):
    """Types rows and items by what they are asked for."""

    def type_of_item(self, expression: Item, owner: Value, frame: Frame) -> Types | None:
        index = expression.index
        if isinstance(index, Literal) and index.type == "str":
            aggregated = self._aggregated(expression.value, index.text, frame)
            if aggregated is not None:
                return aggregated
        types = types_of(owner)
        if types is None or len(types) != 1:
            return None
        (known,) = types
        if self.is_lazy_type(known, frame):
            return types if index is None else self._items_of(known, frame)
        if known.module == "builtins" and known.name == "tuple":
            parts = tuple_parts(types, len(known.arguments))
            number = index.text if isinstance(index, Literal) else ""
            return parts[int(number)] if number.isdigit() and int(number) < len(parts) else None
        if index is None:
            return types if known.module == "builtins" and known.name in _SLICED else None
        return self.library(frame).method(known, "__getitem__", Passed((None,)))

    def _aggregated(self, value: Expression, name: str, frame: Frame) -> Types | None:
        """`….aggregate(name=Sum("pages"))["name"]`"""
        match value:
            case Call(function=Get(value=owner, name="aggregate"), keywords=keywords):
                call = dict(keywords).get(name) or _default_named(value, name)
                model = self.model_of(types_of(self.value(owner, frame)), frame)
                return self.fields.computed(model, call) if model and call else None
            case Name(id=local):
                kept = frame.environment.get(f"{NARROWED}{local}.[{name}]")
                return types_of(kept) if kept is not None else None
        return None

    def keep_aggregated(self, name: str, value: Expression, frame: Frame) -> None:
        """A local name gets what aggregate() gives: each of its items is kept."""
        match value:
            case Call(function=Get(name="aggregate"), keywords=keywords) if frame.is_typed:
                for key, _ in keywords:
                    types = self._aggregated(value, key or "", self.scratch(frame))
                    if key and types:
                        path = f"{NARROWED}{name}.[{key}]"
                        frame.environment[path] = proved(NOTHING, types)

    @abstractmethod
    def scratch(self, frame: Frame) -> Frame:
        """A frame with the same names, whose effects do not count."""

    def _values_list(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types | None:
        """`flat=True` gives the column, anything else tuples: what the columns hold is not told."""
        model = self.lookups.arguments(known, cls)[0]
        flat = dict(call.keywords).get("flat")
        is_flat = isinstance(flat, Literal) and flat.text == "True"
        columns = [self._column(known, each, call, frame) for each in call.arguments]
        if is_flat and len(columns) == 1 and len(call.keywords) == 1:
            row = columns[0]
        elif call.keywords:
            row = ANY
        elif columns and not any(isinstance(each, Star) for each in call.arguments):
            row = builtin("tuple", *columns)
        else:
            row = builtin("tuple", ANY, frozenset())
        return frozenset({Known("django.db.models.query", "QuerySet", (model, row))})

    def _with_columns(
        self, known: Known, cls: Class, name: str, call: Call, frame: Frame
    ) -> Types | None:
        """What the methods give whose rows are told by what is passed."""
        match name:
            case "aggregate":
                return self._aggregate(known, cls, call, frame)
            case "in_bulk":
                return self._in_bulk(known, cls, call, frame)
            case "values":
                return self._values(known, cls, call, frame)
            case "values_list":
                return self._values_list(known, cls, call, frame)
            case "annotate" | "extra" if len(known.arguments) > 1:  # one column more
                row = frozenset(
                    Known(each.module, each.name, _MORE[each.name])
                    if each.module == "builtins" and each.name in _MORE
                    else each
                    for each in known.arguments[1]
                )
                return frozenset({Known(known.module, known.name, (known.arguments[0], row))})
        return None

    def _aggregate(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types:
        """`aggregate(total=Sum("pages"))`: a dict of all that is computed."""
        model = self.model_of(frozenset({known}), frame)
        computed = [value for _, value in call.keywords] if not call.arguments else []
        parts = [self.fields.computed(model, each) if model else None for each in computed]
        return builtin("dict", STR, bounded(all_of(parts)) if parts else ANY)

    def _in_bulk(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types:
        """The rows by their keys, or by a field."""
        rows = self.lookups.arguments(known, cls)[0]
        model = self.model_of(frozenset({known}), frame)
        named = dict(call.keywords).get("field_name", Literal("str", "pk"))
        is_told = model and isinstance(named, Literal) and named.type == "str"
        key = self.fields.column(model, named.text) if is_told else None  # type: ignore[arg-type,union-attr]
        return builtin("dict", (key or ANY) - NONE, rows)

    def _values(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types:
        """`values("title", "pages")` gives dicts of the columns."""
        model = self.lookups.arguments(known, cls)[0]
        is_plain = call.arguments and not call.keywords
        columns = [self._column(known, each, call, frame) for each in call.arguments]
        held = bounded(frozenset().union(*columns)) if is_plain else ANY
        row = builtin("dict", STR, held)
        return frozenset({Known("django.db.models.query", "QuerySet", (model, row))})

    def _column(self, known: Known, path: Expression, call: Call, frame: Frame) -> Types:
        """What a column of a queryset holds; Any where that is not known."""
        model = self.model_of(frozenset({known}), frame)
        match path:
            case Call(function=function, arguments=(Literal(type="str") as named,)) if (
                last_word(function) == "F"
            ):
                path = named
        if model is None or not isinstance(path, Literal) or path.type != "str":
            return ANY
        annotation = _annotation(call, path.text)
        if annotation is not None:
            return self.fields.computed(model, annotation) or ANY
        return self.fields.column(model, path.text) or ANY


def _default_named(call: Call, name: str) -> Expression | None:
    """The aggregate that is called by its default name: `pages__max`."""
    for each in call.arguments:
        match each:
            case Call(function=function, arguments=(Literal(type="str", text=text), *_)):
                if name == f"{text}__{last_word(function).lower()}":
                    return each
    return None


def _annotation(call: Call, name: str) -> Expression | None:
    """What the chain of calls before annotates rows with: `….annotate(name=…).values("name")`."""
    match call.function:
        case Get(value=Call(function=Get(name=method), keywords=keywords) as before):
            if method in ("alias", "annotate") and name in dict(keywords):
                return dict(keywords)[name]
            return _annotation(before, name)
    return None
