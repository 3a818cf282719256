"""What methods of Django's that query do besides: run what they are passed, write files, and call
the receivers of signals. A bridge on the event loop has to know."""

from __future__ import annotations

from functools import cached_property

from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.protocols import Protocols
from asyncgen.analysis.signals import Signals
from asyncgen.analysis.values import (
    CLEAN,
    Arguments,
    Bound,
    Builtin,
    Effect,
    Instance,
    Value,
    in_order,
)
from asyncgen.facts import Call
from asyncgen.source import Class

# https://docs.djangoproject.com/en/stable/ref/signals/#model-signals
SIGNALS = "django.db.models.signals."
SAVED = ("pre_save", "post_save")
DELETED = ("pre_delete", "post_delete")
# The signals that a method of a model, a queryset or a manager sends.
SENT = {
    "abulk_create": (),
    "bulk_create": (),
    "create": SAVED,
    "delete": DELETED,
    "get_or_create": SAVED,
    "save": SAVED,
    "save_base": SAVED,
    "update_or_create": SAVED,
}
# Those of them that save what stands in file fields, which writes files.
# https://docs.djangoproject.com/en/stable/ref/models/fields/#django.db.models.Field.pre_save
WRITES = SENT.keys() - {"delete"}


class Besides(Protocols):
    """Evaluates what a query is only a part of."""

    @cached_property
    def signals(self) -> Signals:
        return Signals(self.resolver, self.relations)

    def besides(self, bound: Bound, arguments: Arguments, frame: Frame) -> None:
        """Note what else a method of Django's does that queries; `bound` has a receiver."""
        name = bound.function.name
        for value in arguments.values:
            self.run_passed(value, name, frame)
        if name not in SENT or not isinstance(bound.receiver, Instance):
            return
        cls = bound.receiver.cls
        model = cls if self.role(cls) == "model" else bound.receiver.row
        if model is None:
            frame.wait(f"calls {name} of a model that cannot be told, which may have files")
            return
        if name in WRITES and (attribute := self.file_field(model)):
            frame.wait(f"calls {name}, which writes the file of {model.name}.{attribute}")
        for signal in SENT[name]:
            for receiver in self.signals.receivers(SIGNALS + signal, model):
                if not receiver.function.is_async:
                    said = f"calls {name}, and that {receiver.function.name} by {signal}"
                    frame.include(self.outcome(receiver).effect, said)

    def run_passed(self, value: Value, name: str, frame: Frame) -> None:
        """Run a generator or a function that was passed: Django runs through the one, and calls
        the other."""
        for each in in_order(value):
            effect = CLEAN
            if isinstance(each, Bound) and not each.function.is_async:
                effect = self.outcome(each).effect
            elif isinstance(each, Builtin):
                effect = each.effect
            if effect.waits:
                said = f"calls {name}, which runs what it is passed"
                frame.include(Effect(besides=effect.waits), said)

    def file_field(self, model: Class) -> str | None:
        """The name of a field of a model that has files."""
        for known in self.resolver.mro(model):
            for name, attribute in known.attributes.items():
                match attribute.value:
                    case Call(function=function, keywords=keywords):
                        is_file = base_word(function).endswith(("FileField", "ImageField"))
                        if is_file or any(key == "upload_to" for key, _ in keywords):
                            return name
        return None
