"""What names hold from a statement on: what was loaded, assigned or asked for before.

A relation that was read is loaded, for as long as the name holds the row; so is one that a test
read or asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import asyncgen.audit.known as known
import asyncgen.audit.state as states
from asyncgen import knowledge
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.core import assigned_to_self
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import NONE, NOTHING, ClassObject, Instance, Value, unknown
from asyncgen.audit.recording import LoopFrame
from asyncgen.audit.sending import Sending
from asyncgen.facts import Call, Expression, Get, Item, Literal, Name, Operation
from asyncgen.source import Binding, Class, Function

_CACHED = ("django.utils.functional.cached_property", "functools.cached_property")
_KNOWN = frozenset({states.ROW, states.NEW})  # rows of which it is known what they have


class Remembering(Sending):
    """Keeps in mind what is loaded."""

    def remark(self, owner: Expression, mark: str, frame: Frame) -> None:
        if not mark.startswith("=") and isinstance(owner, Name):
            held = frame.environment.get(owner.id, NOTHING)
            instances = [each for each in held if isinstance(each, Instance)]
            if any(self.keeps_by_itself(each, mark) for each in instances):
                made = states.marked(held, mark, lambda each: self.keeps_by_itself(each, mark))
                frame.environment[owner.id] = made
                return
            if not any(self.may_load(each, mark) for each in instances):
                return
        super().remark(owner, mark, frame)

    def keeps_by_itself(self, instance: Instance, name: str) -> bool:
        """Whether a property of that name keeps what it gives: by a decorator, or in an attribute
        that it sets."""
        member = self.resolver.lookup(instance.cls, name)
        if member is None or not isinstance(member[1], Function):
            return False
        function = member[1]
        if function.binding is not Binding.PROPERTY:
            return False
        return function.is_decorated(*_CACHED) or bool(function.look(assigned_to_self))

    def found_function(
        self, function: Function, where: Class, receiver: Instance | ClassObject, frame: Frame
    ) -> Value:
        """A property that was read before, and keeps what it gave, does nothing more."""
        if not isinstance(receiver, Instance) or function.name not in receiver.state:
            return super().found_function(function, where, receiver, frame)
        scratch = Frame(frame.module, None, None, None, {}, frame.line, is_typed=False)
        return super().found_function(function, where, receiver, scratch)

    def may_load(self, instance: Instance, name: str) -> bool:
        """Whether what the attribute does once is done then."""
        return self.is_key(instance, name) or bool(self.kind_of_form(instance.cls))

    def is_key(self, instance: Instance, name: str) -> bool:
        """Whether an instance has one object of another model by that name."""
        if self.role(instance.cls) != "model":
            return False
        member = self.resolver.lookup(instance.cls, name)
        if member is None:
            relation = self.relations.reverse(self.resolver.mro(instance.cls), name)
            return relation is not None and relation.to_one
        where, what = member
        return (
            not isinstance(what, Function | Class)
            and isinstance(what.value, Call)
            and self.relations.field_name(what.value, where).endswith(knowledge.TO_ONE_FIELDS)
        )

    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        """A name that holds something else has none of the attributes that were assigned before;
        what is put into `owner.__dict__` is an attribute."""
        match target:
            case Item(value=Get(value=owner, name="__dict__"), index=Literal(text=name)):
                target = Get(owner, name)
        if isinstance(target, Name):
            for path in [each for each in frame.environment if each.startswith(f"{target.id}.")]:
                del frame.environment[path]
        super().bind(target, value, frame)

    def bind_attribute(self, target: Get, value: Value, frame: Frame) -> None:
        super().bind_attribute(target, value, frame)
        relation = target.name.removesuffix("_id")
        if relation != target.name and not value & NONE:
            self.forget(target.value, lambda state: state - {relation}, frame)
        else:
            self.remark(target.value, relation, frame)

    def forget(
        self, owner: Expression, change: Callable[[states.State], states.State], frame: Frame
    ) -> None:
        """The rows that a name holds have less loaded than before."""
        if isinstance(owner, Name) and owner.id in frame.environment:
            frame.environment[owner.id] = frozenset(
                replace(each, state=change(each.state))
                if isinstance(each, Instance) and self.is_row(each) and each.state & _KNOWN
                else each
                for each in frame.environment[owner.id]
            )

    def narrow(self, test: Expression, holds: bool, frame: Frame) -> None:
        """What a test says of the relations that are loaded: those that it read, whatever of it was
        evaluated apart; and those that it asks for."""
        for each in test.operands if isinstance(test, Operation) else (test,):
            if isinstance(each, Get):
                self.remark(each.value, each.name, frame)
        match test:
            case Call(function=Get(value=Get(name=name), name="is_cached"), arguments=(owner,)) if (
                holds
            ):
                self.remark(owner, name, frame)
            case Operation(
                operator="in",
                operands=(
                    Literal(type="str", text=name),
                    Get(value=Get(value=owner, name="_state"), name="fields_cache"),
                ),
            ) if holds:
                self.remark(owner, name, frame)
            case Operation(
                operator="is" | "is not" as operator,
                operands=(Get(value=owner, name=name), Literal(type="None")),
            ) if (operator == "is") is holds:
                self.remark(owner, name.removesuffix("_id"), frame)
            case Call(function=asked, arguments=(Name() | Get() as target,)):
                if base_word(asked) in known.ASKS_FOR_COROUTINES:
                    self.rule_out(target, frame)
            case Get(value=owner, name=name) if not holds and name.endswith("_id"):
                self.remark(owner, name.removesuffix("_id"), frame)
        super().narrow(test, holds, frame)

    def rule_out(self, target: Expression, frame: Frame) -> None:
        """Something is asked whether it is a coroutine, or gives one: which it is, who knows."""
        match target:
            case Name(id=path):
                frame.environment[path] = unknown("what may be asynchronous")
            case Get(value=Name(id=owner), name=name):
                frame.environment[f"{owner}.{name}"] = unknown("what may be asynchronous")

    def read_relation(self, owner: Instance, name: str, what: str, frame: Frame) -> None:
        if isinstance(frame, LoopFrame):
            frame.model = owner.cls
        super().read_relation(owner, name, what, frame)
        if isinstance(frame, LoopFrame):
            frame.model = None
