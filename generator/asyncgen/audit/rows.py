"""The analysis, with what audits ask of rows and querysets: what is loaded, and what is evaluated.

A finding has to be proved. What the analysis guesses from names, so as to be on the safe side, is
nothing here; and of what is passed in, or was made elsewhere, it cannot be told what is loaded.
"""

from __future__ import annotations

from dataclasses import replace

import asyncgen.audit.state as states
from asyncgen import declared, knowledge
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NONE,
    NOTHING,
    Arguments,
    Bound,
    Builtin,
    Cause,
    Foreign,
    Instance,
    Level,
    Type,
    Value,
    builtin,
    union,
    unknown,
)
from asyncgen.audit.certain import Certain, less_sure
from asyncgen.django.relations import Reverse
from asyncgen.facts import Call, Expression, Item, Name
from asyncgen.source import Attribute, Class

_FREE_WHEN_FILLED = frozenset({"contains", "count", "exists", "first"})
_ANY_MANAGER = "django.db.models.manager.BaseManager"  # what only annotations and tests name
_RELATED = "django.db.models.related"  # before the methods that managers of relations have
# Methods that give rows as the queryset has them.
_OF_ROWS = frozenset({"earliest", "first", "get", "last", "latest"})
_PAIR = "pair"  # the text of a tuple of a row and whether it was created
_BOOL = builtin("bool")


class Rows(Certain):
    """Tells what is loaded."""

    # -- relations ---------------------------------------------------------------------------------

    def model_attribute(
        self, owner: Instance, where: Class, attribute: Attribute, frame: Frame
    ) -> Value:
        call = attribute.value
        if not isinstance(call, Call):
            return super().model_attribute(owner, where, attribute, frame)
        field, name = self.relations.field_class(call, where), attribute.name
        if field.endswith(knowledge.TO_ONE_FIELDS):
            self.read_relation(owner, name, f"the relation {where.name}.{name}", frame)
            inner = states.beyond(owner.state, name)
            return _in_state(self.model_instance(self.relations.target(call, where)), inner)
        if field.endswith(knowledge.TO_MANY_FIELDS):
            if field.endswith(knowledge.QUERYING_MANAGERS):
                frame.note(Level.LIKELY, f"makes the manager {where.name}.{name}", Cause.RELATION)
            return self.related(self.relations.target(call, where), owner, name)
        if field.endswith("Field") and states.is_deferred(owner.state, name):
            message = f"the field {where.name}.{name}, which only() or defer() left out"
            self.read_relation(owner, f"{where.name}.{name}", message, frame)
        return super().model_attribute(owner, where, attribute, frame)

    def attribute(self, owner: Value, name: str, frame: Frame) -> Value:
        """Where some of what a value may be has the relation loaded, which one it is only the run
        can tell."""
        is_mixed = len(owner) > 1 and any(
            isinstance(each, Instance) and self.is_row(each) and name in each.state
            for each in owner
        )
        if not is_mixed:
            return super().attribute(owner, name, frame)
        scratch = Frame(frame.module, None, None, None, {}, frame.line, is_typed=False)
        value = super().attribute(owner, name, scratch)
        frame.include(less_sure(scratch.effect), f"reads {name}")
        return value

    def read_relation(self, owner: Instance, name: str, what: str, frame: Frame) -> None:
        """Something is read that is queried unless it is loaded."""
        if states.is_loaded(owner.state, name):
            return
        if states.NEW in owner.state and f"{states.KEY}{name}" not in owner.state:
            return  # without a key there is nothing to query
        is_proved = states.ROW in owner.state or states.NEW in owner.state
        level = Level.REACHES if is_proved else Level.LIKELY
        frame.note(level, f"reads {what}", Cause.RELATION)

    def reverse(self, relation: Reverse, name: str, frame: Frame) -> Value:
        return self.default_manager(relation.model)

    def undeclared_model_attribute(self, owner: Instance, name: str, frame: Frame) -> Value:
        relation = self.relations.reverse(self.resolver.mro(owner.cls), name)
        if relation is None:
            listed = self.listed(owner, name, frame)
            return listed or super().undeclared_model_attribute(owner, name, frame)
        if not relation.to_one:
            return self.related(relation.model, owner, name, relation.field)
        if states.is_loaded(owner.state, name, is_key=False):
            pass
        elif states.NEW not in owner.state or states.SAVED in owner.state:
            is_proved = bool(owner.state & {states.ROW, states.SAVED})
            level = Level.REACHES if is_proved else Level.LIKELY
            frame.note(level, f"reads the reverse one-to-one relation {name}", Cause.RELATION)
        inner = states.beyond(owner.state, name) | {relation.field}
        return _in_state(self.model_instance(relation.model), inner)

    def listed(self, owner: Instance, name: str, frame: Frame) -> Value:
        """The rows that a Prefetch put into an attribute."""
        mark = f"{states.TO_ATTR}{name}="
        relations = [each.removeprefix(mark) for each in owner.state if each.startswith(mark)]
        managers = union(self.attribute(frozenset({owner}), each, frame) for each in relations)
        rows = frozenset(
            Instance(each.row, None, states.beyond(owner.state, name))
            for each in managers
            if isinstance(each, Instance) and each.row
        )
        return builtin("list", rows) if rows else NOTHING

    def related(self, model: Class | None, owner: Instance, name: str, back: str = "") -> Value:
        """The manager of a relation to many; `back` is the key that its rows have loaded."""
        inner = states.beyond(owner.state, name) - {states.ROW} | {states.RELATED}
        if back:
            inner |= {back}
        if name in owner.state:
            inner |= {states.FILLED}
            if f"{states.PREFETCH}{name}" in owner.state:
                inner |= {states.ORDERED}
        elif states.ANYTHING in owner.state or not owner.state & {states.ROW, states.NEW}:
            inner |= {states.MAYBE_FILLED}
        return _in_state(self.default_manager(model), inner)

    def missing_attribute(self, owner: Instance, name: str, role: str, frame: Frame) -> Value:
        is_method = not knowledge.RELATED_METHODS.isdisjoint({name, name.removeprefix("a")})
        if role == "manager" and states.RELATED in owner.state and is_method:
            return frozenset({Foreign(f"{_RELATED}.{name}")})
        return super().missing_attribute(owner, name, role, frame)

    # -- querysets ---------------------------------------------------------------------------------

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        receiver, name = bound.receiver, bound.function.name
        if isinstance(receiver, Instance) and bound.owner:
            role = self.role(receiver.cls)
            if role == "manager" and name != "get_queryset" and bound.owner.queryset:
                return self.through_queryset(receiver, name, arguments, frame)
            if role == "manager" and name == "get_queryset" and self.is_of_django(bound.owner):
                return self.rows_of(receiver)
            if role == "queryset" and self.is_of_django(bound.owner):
                known = self.of_queryset(bound, receiver, arguments, frame)
                if known is not None:
                    return known
        return super().call_bound(bound, arguments, frame)

    @staticmethod
    def is_of_django(cls: Class) -> bool:
        return cls.module.startswith("django.db.models")

    def rows_of(self, manager: Instance) -> Value:
        """The queryset that Django's own get_queryset() of a manager gives."""
        if manager.cls.dotted == _ANY_MANAGER:  # of a relation as well, which was prefetched
            manager = replace(manager, state=manager.state | {states.MAYBE_FILLED})
        row = manager.row or self.relations.model_of(manager.cls)
        made = next(
            (each.queryset for each in self.resolver.mro(manager.cls) if each.queryset), None
        )
        if made is None:
            return _in_state(self.queryset(row), manager.state)
        return frozenset({Instance(made, row, manager.state)})

    def through_queryset(
        self, manager: Instance, name: str, arguments: Arguments, frame: Frame
    ) -> Value:
        """A method that the manager has from its queryset: it is called on a new one."""
        rows = self.method(manager, "get_queryset", frame)
        made: list[Value] = []
        for each in rows:
            if isinstance(each, Instance):
                row = each.row or manager.row
                each = replace(each, row=row, state=each.state | manager.state)
                if name == "all":
                    made.append(frozenset({each}))
                    continue
                value = self.attribute_of(each, name, frame)
                made += [self.call_type(one, arguments, frame) for one in value]
            else:
                made.append(unknown(f"{name}() of what get_queryset() gives"))
        return union(made)

    def of_queryset(
        self, bound: Bound, receiver: Instance, arguments: Arguments, frame: Frame
    ) -> Value | None:
        """What a method of Django's own querysets gives; None where its source is followed."""
        name = bound.function.name
        if name in declared.chaining():
            if not self.is_plain(receiver.cls):
                return None
            state = states.chained(receiver.state, name, arguments)
            return frozenset({replace(receiver, state=state)})
        sync = name.removeprefix("a") if bound.function.is_async else name
        if sync not in declared.queryset_results():
            return None
        rows = self.rows_given(sync, receiver, arguments)
        if bound.function.is_async:
            kind = "async_generator" if sync == "iterator" else "coroutine"
            return builtin(kind, rows)
        is_filled = bool(receiver.state & {states.FILLED, states.MAYBE_FILLED})
        is_free = states.EMPTY in receiver.state or (is_filled and self.asks_rows(name, receiver))
        if name != "iterator" and not is_free:
            frame.note(Level.REACHES, f"calls {receiver.cls.name}.{name}, which queries")
        if name == "iterator" and is_free:
            return builtin("iterator", rows)
        return self._lazily(name, rows)

    def asks_rows(self, name: str, rows: Instance) -> bool:
        """Whether a method looks at the rows that the queryset has, where it has some; the first
        one is, where they have an order. last() turns that around, which queries."""
        if name != "first":
            return name in _FREE_WHEN_FILLED
        if rows.row is None or rows.state & {states.ORDERED, states.MAYBE_FILLED}:
            return True
        meta = self.resolver.lookup(rows.row, "Meta")
        options = meta[1] if meta else None
        is_ordered = isinstance(options, Class) and self.resolver.lookup(options, "ordering")
        return bool(is_ordered)

    def _lazily(self, name: str, rows: Value) -> Value:
        if name != "iterator":
            return rows
        (sample,) = super().declared_result("Iterator[R]", None)
        assert isinstance(sample, Builtin)
        return frozenset({replace(sample, elements=rows)})

    def rows_given(self, name: str, receiver: Instance, arguments: Arguments) -> Value:
        """What a method that queries returns, in the state that the queryset and the arguments
        give it."""
        result = declared.queryset_results()[name]
        state = states.of_rows(receiver.state)
        if states.VALUES in receiver.state and name in _OF_ROWS:
            return unknown("a row of values")
        keywords = dict(arguments.keywords)
        if name == "create" and receiver.row:
            return _in_state(
                self.model_instance(receiver.row), self.made(arguments) | {states.SAVED}
            )
        if name in ("create", "get_or_create", "update_or_create"):
            state |= self.passed(arguments)
            if None in keywords or "defaults" in keywords or "create_defaults" in keywords:
                state |= {states.ANYTHING}
        elif name == "get":
            state = states.chained(state, "filter", arguments)
        if name == "iterator":
            return _in_state(self.model_instance(receiver.row), state)
        value = self.declared_result(result, receiver.row)
        return states.stamped(value, state, self.is_row)

    @staticmethod
    def passed(arguments: Arguments) -> states.State:
        """The relations whose objects, or nothing, are passed by keyword."""
        return frozenset(
            name
            for name, value in arguments.keywords
            if name and any(isinstance(each, Instance) or each in NONE for each in value)
        )

    def instantiate(self, cls: Class, arguments: Arguments, frame: Frame) -> Value:
        value = super().instantiate(cls, arguments, frame)
        return _in_state(value, self.made(arguments)) if self.role(cls) == "model" else value

    def made(self, arguments: Arguments) -> states.State:
        """The state of what a model's class makes of arguments."""
        keys = {
            f"{states.KEY}{name.removesuffix('_id')}"
            for name, value in arguments.keywords
            if name and name.endswith("_id") and not value & NONE
        }
        is_told = arguments.is_complete and not arguments.positional
        anything = frozenset() if is_told else {states.ANYTHING}
        return frozenset({states.NEW, *self.passed(arguments), *keys, *anything})

    def declared_result(self, text: str, row: Class | None) -> Value:
        value = super().declared_result(text, row)
        if text != "tuple[M, bool]":
            return value
        return frozenset(replace(e, text=_PAIR) if isinstance(e, Builtin) else e for e in value)

    def unpack(self, elements: tuple[Expression, ...], value: Value, frame: Frame) -> None:
        """`row, is_created = …`: of a pair, each half."""
        pairs = [each for each in value if isinstance(each, Builtin) and each.text == _PAIR]
        if len(elements) != 2 or len(pairs) != len(value):
            super().unpack(elements, value, frame)
            return
        row, is_created = elements
        self.bind(row, frozenset().union(*(each.elements for each in pairs)) - _BOOL, frame)
        self.bind(is_created, _BOOL, frame)

    # -- protocols ---------------------------------------------------------------------------------

    def test(self, value: Value, frame: Frame) -> None:
        super().test(_unfilled(value), frame)

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        super().text(_unfilled(value), frame, method)

    def contains(self, value: Value, is_text: bool, frame: Frame) -> None:
        super().contains(_unfilled(value), is_text, frame)

    def iterator_of(self, arguments: Arguments, frame: Frame, how: str) -> Value:
        known = tuple(map(self.rows_in_place, arguments.positional))
        return super().iterator_of(replace(arguments, positional=known), frame, how)

    def rows_in_place(self, value: Value) -> Value:
        """The value, with the rows in place of a queryset that has them."""
        return union(
            builtin("list", self.row_of(each))
            if isinstance(each, Instance) and self.is_rows(each) and states.needs_no_query(each)
            else frozenset({each})
            for each in value
        )

    def measure(self, value: Value, frame: Frame) -> None:
        super().measure(_unfilled(value), frame)

    def items(self, type_: Type, frame: Frame) -> Value:
        if isinstance(type_, Instance) and self.is_queryset(type_):
            if states.THREADED in type_.state:
                message = "iterates over a queryset that a thread only made"
                frame.note(Level.REACHES, message, Cause.THREADED)
            elif not states.needs_no_query(type_):
                super().items(type_, frame)
            return self.row_of(type_)
        return super().items(type_, frame)

    def row_of(self, rows: Instance) -> Value:
        """One of the rows that iterating over a queryset gives."""
        if states.VALUES in rows.state:
            return unknown("a row of values")
        return _in_state(self.model_instance(rows.row), states.of_rows(rows.state))

    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        if isinstance(owner, Instance) and self.is_queryset(owner):
            if expression.index is None and not expression.step:
                return frozenset({owner})
            if not states.needs_no_query(owner):
                super().item_of(owner, expression, frame)
            row = self.row_of(owner)
            return builtin("list", row) if expression.index is None else row
        return super().item_of(owner, expression, frame)

    # -- what is known of a name -------------------------------------------------------------------

    def remark(self, owner: Expression, mark: str, frame: Frame) -> None:
        """What the name holds is known to be loaded, or evaluated, from here on."""
        if isinstance(owner, Name) and owner.id in frame.environment:
            wanted = self.is_rows if mark.startswith("=") else self.is_row
            frame.environment[owner.id] = states.marked(frame.environment[owner.id], mark, wanted)


def _in_state(value: Value, state: states.State) -> Value:
    return frozenset(
        replace(each, state=state) if isinstance(each, Instance) else each for each in value
    )


def _unfilled(value: Value) -> Value:
    return frozenset(each for each in value if not states.needs_no_query(each))
