"""Signals that are sent where the loop runs, by name or by saving: whom they call, with what.

https://docs.djangoproject.com/en/stable/topics/signals/#sending-signals
"""

from __future__ import annotations

from collections.abc import Mapping

from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    Arguments,
    Bound,
    Builtin,
    Cause,
    ClassObject,
    Effect,
    Instance,
    Value,
    builtin,
    union,
)
from asyncgen.audit.handing import Handing
from asyncgen.audit.recording import LoopFrame
from asyncgen.audit.threads import COROUTINE, Called
from asyncgen.facts import Call, Get

_SIGNALS = "django.db.models.signals."
# What twins of Django's send, in a thread: asynchronous receivers come back to the loop.
_SENDING: Mapping[str, tuple[str, ...]] = {
    "acreate": ("pre_save", "post_save"),
    "adelete": ("pre_delete", "post_delete"),
    "asave": ("pre_save", "post_save"),
}


class Sending(Handing):
    """Runs receivers where they run."""

    def sent(self, call: Call, frame: Frame) -> Value | None:
        """`signal.send(…)` runs the receivers here, `signal.asend(…)` those that are asynchronous;
        None for any other call."""
        match call.function:
            case Get(value=owner, name="send" | "send_robust" | "asend" | "asend_robust" as name):
                signal = self.signals.named(owner, frame.module, frame.environment)
                if not signal:
                    return None
                arguments = self.arguments_of(call, frame)
                sender = arguments.keyword("sender") or union(arguments.positional[:1])
                classes = [each.cls for each in sender if isinstance(each, ClassObject)]
                passed = Arguments((), arguments.keywords, arguments.is_complete)
                for bound in self.signals.receivers(signal, classes[0] if classes else None):
                    if bound.function.is_async:
                        self.received(bound, passed, frame)
                    elif not name.startswith("a"):
                        effect = self.outcome(bound, self.given(bound, passed)).effect
                        said = Effect(effect.level, effect.evidence, Cause.RECEIVER)
                        frame.include(said, f"{name}() calls {bound.function.name}")
                return builtin(COROUTINE if name.startswith("a") else "list", builtin("list"))
        return None

    def received(self, bound: Bound, passed: Arguments, frame: Frame) -> None:
        """A coroutine function is called with what a signal carries."""
        if isinstance(frame, LoopFrame):
            self.queue.append(Called(bound, self.given(bound, passed)))

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        value = super().call_bound(bound, arguments, frame)
        receiver, name = bound.receiver, bound.function.name
        if name in _SENDING and bound.function.is_async and isinstance(receiver, Instance):
            self.saved(receiver, name, value, frame)
        return value

    def saved(self, receiver: Instance, name: str, value: Value, frame: Frame) -> None:
        """A row is saved or deleted in a thread."""
        rows = frozenset({receiver}) if self.is_row(receiver) else _made(value)
        for row in rows:
            if not (isinstance(row, Instance) and self.is_row(row)):
                continue
            passed = Arguments((), (("instance", frozenset({row})),), is_complete=False)
            for signal in _SENDING[name]:
                for each in self.signals.receivers(f"{_SIGNALS}{signal}", row.cls):
                    if each.function.is_async:
                        self.received(each, passed, frame)


def _made(value: Value) -> Value:
    """What coroutines give."""
    return union(each.elements for each in value if isinstance(each, Builtin))
