"""The fields of forms and serializers: of the class itself, and of the model that it is for.

https://docs.djangoproject.com/en/stable/topics/forms/modelforms/
https://www.django-rest-framework.org/api-guide/serializers/
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.values import Cause, Effect, Level
from asyncgen.audit.outside import Outside
from asyncgen.facts import Call, Display, Expression, Literal
from asyncgen.problems import Location
from asyncgen.source import Attribute, Class, Evidence, Function

FORM, SERIALIZER = "form", "serializer"
_BASES = {
    "BaseForm": FORM,
    "BaseModelForm": FORM,
    "Form": FORM,
    "ModelForm": FORM,
    "HyperlinkedModelSerializer": SERIALIZER,
    "ModelSerializer": SERIALIZER,
    "Serializer": SERIALIZER,
}
_OF_MODELS = frozenset(
    {"BaseModelForm", "HyperlinkedModelSerializer", "ModelForm", "ModelSerializer"}
)
PACKAGES = ("django.forms", "rest_framework")


class FormFields(Outside):
    """Tells which fields a form or serializer has."""

    def kind_of_form(self, cls: Class) -> str:
        """form, serializer, or nothing."""
        for base, dotted in self.form_bases(cls):
            if dotted.startswith(PACKAGES) and base in _BASES:
                return _BASES[base]
        return ""

    def form_bases(self, cls: Class) -> Iterator[tuple[str, str]]:
        """The last and the whole names of what a class inherits from, read or not."""
        for each in self.resolver.mro(cls):
            yield each.name, each.dotted
            if each.module.startswith(PACKAGES):
                continue
            module = self.resolver.readable(each.module)
            for base in each.bases if module else ():
                assert module is not None
                yield base_word(base), self.dotted(base, module)

    def own(self, cls: Class, name: str) -> Function | Attribute | Class | None:
        """What a class of the project has by that name."""
        known = self.resolver.lookup(cls, name)
        return known[1] if known and not known[0].module.startswith(PACKAGES) else None

    # -- their fields ------------------------------------------------------------------------------

    def declared_fields(self, cls: Class) -> Iterator[tuple[Class, Attribute, Call, str]]:
        """The declared fields, each with the name of its class."""
        seen: set[str] = set()
        for each in self.resolver.mro(cls):
            for name, attribute in each.attributes.items():
                call = attribute.value
                if (
                    isinstance(call, Call)
                    and name not in seen
                    and not each.module.startswith(PACKAGES)
                ):
                    seen.add(name)
                    yield each, attribute, call, base_word(call.function)

    def model(self, cls: Class) -> Class | None:
        """The model of a ModelForm or ModelSerializer."""
        if not any(base in _OF_MODELS for base, _ in self.form_bases(cls)):
            return None
        option = self.option(cls, "model")
        where = self.meta(cls)
        module = self.resolver.readable(where.module) if where else None
        model = self.resolver.expression(module, option) if module and option else None
        return model if isinstance(model, Class) else None

    def meta(self, cls: Class) -> Class | None:
        known = self.resolver.lookup(cls, "Meta")
        return known[1] if known and isinstance(known[1], Class) else None

    def option(self, cls: Class, name: str) -> Expression | None:
        meta = self.meta(cls)
        known = self.resolver.lookup(meta, name) if meta else None
        return known[1].value if known and isinstance(known[1], Attribute) else None

    def model_fields(self, cls: Class) -> Iterator[tuple[Class, Attribute, Call]]:
        """The fields of the model that the class has for itself, in the options' order."""
        model = self.model(cls)
        if model is None:
            return
        declared = {attribute.name for _, attribute, _, _ in self.declared_fields(cls)}
        wanted = self.wanted(cls)
        excluded = set(strings(self.option(cls, "exclude")) or ())
        frozen = set(strings(self.option(cls, "read_only_fields")) or ())
        for each in self.resolver.mro(model):
            for name, attribute in each.attributes.items():
                is_wanted = wanted is None or name in wanted
                if not isinstance(attribute.value, Call) or not is_wanted:
                    continue
                if name not in declared | excluded | frozen:
                    yield each, attribute, attribute.value

    def wanted(self, cls: Class) -> set[str] | None:
        """The names in `fields`; None for all of the model's."""
        names = strings(self.option(cls, "fields"))
        return None if names is None else set(names)


def form_effect(where: Class, message: str, location: Location | None = None) -> Effect:
    evidence = (Evidence(message, location or where.location),)
    return Effect(Level.REACHES, evidence, Cause.FORM)


def strings(expression: Expression | None) -> list[str] | None:
    """The strings of a list or tuple; None for "__all__", and for anything else."""
    if isinstance(expression, Display):
        return [each.text for each in expression.elements if isinstance(each, Literal)]
    return None
