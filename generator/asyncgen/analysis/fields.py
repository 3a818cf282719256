"""What the attributes of a model's instances hold, and the columns of its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asyncgen import declared, knowledge
from asyncgen.analysis.core import Core
from asyncgen.analysis.operators import FLOAT
from asyncgen.analysis.types import INT, NONE, Known, Types, all_of
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.django.relations import is_abstract_model
from asyncgen.facts import Call, Display, Expression, Item, Literal
from asyncgen.source import Attribute, Class, Module

_DEPTH = 8  # how many keys may be relations in turn


@dataclass(frozen=True)
class Fields:
    """Types fields; `instance` makes the type of an instance of a class, and `meaning` that of an
    annotation in a module."""

    evaluator: Core
    instance: Callable[[Class], Types]
    meaning: Callable[[Expression, Module], Types | None]

    def of(self, model: Class, name: str) -> Types | None:
        """What the attribute holds; None where it is no field, or that is not known."""
        if name in ("pk", "id"):
            return (
                self.key(model)
                if name == "pk" or not self._call(model, name)
                else (self.value(model, name))
            )
        types = self.value(model, name)
        if types is None and name.endswith("_id"):
            return self._key_of_target(model, name.removesuffix("_id"))
        return types

    def column(self, model: Class, path: str) -> Types | None:
        """What `values_list("path")` gives: a relation gives its key, `a__b` is b of what a is."""
        first, _, rest = path.partition("__")
        if not rest:
            key = self._key_of_target(model, first)
            return key if key is not None else self.of(model, first)
        target = self._target(model, first)
        types = self.column(target, rest) if target else None
        return types | NONE if types is not None and self._is_null(model, first) else types

    def computed(self, model: Class, expression: Expression) -> Types | None:
        """What an aggregate or annotation gives."""
        match expression:
            case Call(function=function, arguments=(first, second, *_)) if (
                last_word(function) == "Coalesce"
            ):
                parts = (self.computed(model, first), self.computed(model, second))
                types = all_of(parts)
                return types and (types - NONE if parts[1] and not NONE & parts[1] else types)
            case Call(function=function, arguments=(Literal() as value,)) if (
                last_word(function) == "Value"
            ):
                return self.computed(model, value)
            case Call(function=function, arguments=(Literal(type="str", text=text),)) if (
                last_word(function) == "F"
            ):
                return self.column(model, text)
            case Call():
                return self.aggregated(model, expression)
            case Literal(type="int" | "float" | "bool" as type_):
                return frozenset({Known("builtins", type_)})
        return None

    def aggregated(self, model: Class, call: Call) -> Types | None:
        """What an aggregate gives: `Count("x")`, `Sum("pages", default=0)`."""
        what = last_word(call.function)
        named = call.arguments[0] if call.arguments else None
        keywords = dict(call.keywords)
        if what == "Count":
            return INT
        if not isinstance(named, Literal) or named.type != "str" or None in keywords:
            return None
        types = self.column(model, named.text)
        if types is None or not types - NONE or "output_field" in keywords:
            return None
        if what == "Avg":
            types = FLOAT if types - NONE <= INT | FLOAT else types
        elif what not in ("Max", "Min", "Sum"):
            return None
        has_default = "default" in keywords
        return types - NONE if has_default else types | NONE

    def value(self, model: Class, name: str, depth: int = 0) -> Types | None:
        """What a declared field holds."""
        said = self._annotated(model, name)
        if said is not None:
            return said
        found = self._call(model, name)
        if found is None:
            return None
        call, where = found
        null = self._is_null(model, name)
        if null is None:
            return None
        if self.evaluator.relations.field_class(call, where).endswith(knowledge.TO_ONE_FIELDS):
            target = self._target(model, name)
            types = self.instance(target) if target else None
        else:
            types = _held(last_word(call.function))
        return types | NONE if types is not None and null else types

    def _annotated(self, model: Class, name: str) -> Types | None:
        """What the annotation says: reading a `ForeignKey[S, G]` gives G. (django-stubs)."""
        member = self.evaluator.lookup(model, name)
        if not member or not isinstance(member[1], Attribute) or not member[1].annotation:
            return None
        resolver = self.evaluator.resolver
        module = resolver.readable(member[0].module)
        match parse_annotation(member[1].annotation):
            case Item(value=field, index=Display(elements=(_, gives))) if module:
                cls = resolver.expression(module, field)
                known = (
                    {each.dotted for each in resolver.mro(cls)} if isinstance(cls, Class) else {}
                )
                # A ManyToManyField[To, Through] gives a manager.
                is_plain = _FIELD in known and _TO_MANY not in known
                return self.meaning(gives, module) if is_plain else None
        return None

    def key(self, model: Class, depth: int = 0) -> Types | None:
        """The primary key's type: the field that says so, else what Django adds."""
        resolver = self.evaluator.resolver
        if is_abstract_model(model) or resolver.missing(model) or depth > _DEPTH:
            return None
        for known in resolver.mro(model):
            for name, attribute in known.attributes.items():
                call = attribute.value
                if isinstance(call, Call) and dict(call.keywords).get("primary_key") == _TRUE:
                    target = self._target(model, name)
                    return self.key(target, depth + 1) if target else self.value(model, name)
        return INT if self.evaluator.role(model) == "model" else None

    def _key_of_target(self, model: Class, name: str) -> Types | None:
        found = self._call(model, name)
        target = self._target(model, name) if found else None
        if not found or target is None or "to_field" in dict(found[0].keywords):
            return None
        key = self.key(target)
        return key | NONE if key is not None and self._is_null(model, name) else key

    def _call(self, model: Class, name: str) -> tuple[Call, Class] | None:
        match self.evaluator.lookup(model, name):
            case (where, Attribute(value=Call() as call)):
                return call, where
        return None

    def _target(self, model: Class, name: str) -> Class | None:
        """The model that a relation to one points at."""
        found = self._call(model, name)
        if not found:
            return None
        call, where = found
        relations = self.evaluator.relations
        if not relations.field_class(call, where).endswith(knowledge.TO_ONE_FIELDS):
            return None
        target = relations.target(call, where)
        if target is where is not model:
            target = model  # "self", in an abstract base
        is_model = target is not None and self.evaluator.role(target) == "model"
        return target if is_model and target and not is_abstract_model(target) else None

    def _is_null(self, model: Class, name: str) -> bool | None:
        """Whether the field may be null; None where that is computed."""
        found = self._call(model, name)
        keywords = dict(found[0].keywords) if found else {}
        null = keywords.get("null", _FALSE)
        return None if None in keywords or not isinstance(null, Literal) else null == _TRUE


def _held(field: str) -> Types | None:
    """What a field of Django's holds; None for files, JSON, and bytes, of which a server may make a
    memoryview."""
    module, _, name = declared.field_types().get(field, "").rpartition(".")
    if not name or name == "bytes" or module == "typing" or module.startswith("django."):
        return None
    return frozenset({Known(module or "builtins", name)})


_FIELD = "django.db.models.fields.Field"
_TO_MANY = "django.db.models.fields.related.ManyToManyField"
_TRUE = Literal("bool", "True")
_FALSE = Literal("bool", "False")
