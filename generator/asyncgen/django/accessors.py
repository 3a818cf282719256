"""The methods that Django makes of what a model declares: neighbours by date, and in an order.

Each is given as the function that it would be, had somebody written it. Its body calls what Django
binds with `partialmethod`, so that all the rest is read there, as of any other function.
django/db/models/fields/__init__.py, DateField.contribute_to_class;
django/db/models/base.py, ModelBase._prepare and make_foreign_order_accessors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from asyncgen import declared
from asyncgen.definitions import Alias
from asyncgen.django.relations import Relations, is_abstract_model
from asyncgen.facts import (
    Block,
    Call,
    Display,
    Expression,
    Get,
    Import,
    Literal,
    LocalImport,
    Name,
    Return,
    nodes,
)
from asyncgen.problems import Location
from asyncgen.source import (
    Attribute,
    Binding,
    Class,
    Evidence,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Signature,
)

PREFIXES = ("get_", "set_")
_DATE_FIELD = "django.db.models.fields.DateField"
_OTHER_FIELDS = declared.field_types().keys() - {"DateField", "DateTimeField"}
_MODEL_MODULE = "django.db.models.base"
_NEIGHBOURS = (("next", "True"), ("previous", "False"))
_SELF = Parameter("self", ParameterKind.POSITIONAL_OR_KEYWORD)
_KWARGS = Parameter("kwargs", ParameterKind.VAR_KEYWORD)
_ID_LIST = Parameter("id_list", ParameterKind.POSITIONAL_OR_KEYWORD)
_USING = Parameter("using", ParameterKind.POSITIONAL_OR_KEYWORD, default="None")


@dataclass(frozen=True, slots=True)
class Order:
    """A model that is ordered with respect to another one: `option` is that of its Meta."""

    model: Class
    respect_to: str
    option: Attribute


@dataclass
class Accessors:
    """Looks up what the models of the sources declare."""

    relations: Relations
    _made: dict[Class, Mapping[str, Function]] = field(default_factory=dict)
    _orders: dict[Class, list[Order]] | None = None

    def of(self, model: Class) -> Mapping[str, Function]:
        """The methods, by name, that Django makes of the model's own declarations. It puts them in
        the place of methods by the same name that the class defines itself."""
        if model not in self._made:
            self._made[model] = {each.name: each for each in self._of(model)}
        return self._made[model]

    def _of(self, model: Class) -> Iterator[Function]:
        module = self.relations.resolver.readable(model.module)
        if module is None:
            return
        for each in model.attributes.values():
            if self.is_date(each, model, module):
                yield from _by_date(each)
        order = self.order(model)
        if order:
            yield from _in_order(order)
        for other in self.ordered_by(model):
            yield from _order_of(other, model)

    # -- dates -------------------------------------------------------------------------------------

    def is_date(self, attribute: Attribute, model: Class, module: Module) -> bool:
        """Whether the attribute is a DateField, or of a subclass, that is never null."""
        call = attribute.value
        if not isinstance(call, Call) or self.relations.is_relation(attribute, model):
            return False
        if self.relations.field_name(call, model) in _OTHER_FIELDS:
            return False
        resolver = self.relations.resolver
        definition = resolver.expression(module, call.function)
        order = resolver.mro(definition) if isinstance(definition, Class) else ()
        names = [known.dotted for known in order]
        if _DATE_FIELD not in names or self.is_nullable(call, module):
            return False
        return not any(map(_sets_null, order[: names.index(_DATE_FIELD)]))

    def is_nullable(self, call: Call, module: Module) -> bool:
        """Whether a field is `null=True`, or may be: what is not written there counts as such,
        unless it is a dictionary of the module that has no such key."""
        for name, value in call.keywords:
            if name is None and self._may_have_null(value, module):
                return True
            if name == "null" and value != Literal("bool", "False"):
                return True
        return False

    def _may_have_null(self, options: Expression, module: Module) -> bool:
        expression = options
        if isinstance(options, Name | Get):
            alias = self.relations.resolver.expression(module, options)
            expression = alias.attribute.value or options if isinstance(alias, Alias) else options
        if not isinstance(expression, Display):
            return True
        keys = dict(zip(expression.elements[::2], expression.elements[1::2], strict=False))
        return not all(isinstance(key, Literal) and key.text != "null" for key in keys)

    # -- orders ------------------------------------------------------------------------------------

    def order(self, model: Class) -> Order | None:
        """What the options of the model, its own or an abstract base's, say of its order."""
        if is_abstract_model(model):
            return None
        resolver = self.relations.resolver
        for known in resolver.mro(model):
            if "Meta" in known.classes and (known is model or is_abstract_model(known)):
                match resolver.lookup(known.classes["Meta"], "order_with_respect_to"):
                    case (_, Attribute(value=Literal(type="str", text=text)) as option):
                        return Order(model, text, option)
                return None
        return None

    def ordered_by(self, model: Class) -> list[Order]:
        """The models whose instances are ordered with respect to one of `model`."""
        if self._orders is None:
            self._orders = {}
            for module in self.relations.sources:
                for cls in module.classes.values():
                    order = self.order(cls)
                    target = self._target(order) if order else None
                    if order and target and not is_abstract_model(target):
                        self._orders.setdefault(target, []).append(order)
        return self._orders.get(model, [])

    def _target(self, order: Order) -> Class | None:
        """The model that the order's relation points at, wherever that is declared."""
        match self.relations.resolver.lookup(order.model, order.respect_to):
            case (where, Attribute(value=Call() as call)):
                target = self.relations.target(call, where)
                return order.model if target is where else target
        return None


# -- what Django makes -----------------------------------------------------------------------------


def _by_date(attribute: Attribute) -> Iterator[Function]:
    said = f"the date field {attribute.name}"
    found = Call(Get(Get(Name("self"), "_meta"), "get_field"), (Literal("str", attribute.name),))
    for word, is_next in _NEIGHBOURS:
        call = Call(
            Get(Name("self"), "_get_next_or_previous_by_FIELD"),
            (found,),
            (("is_next", Literal("bool", is_next)), (None, Name("kwargs"))),
        )
        name = f"get_{word}_by_{attribute.name}"
        yield _made(name, (_KWARGS,), call, said, attribute.location, attribute.location)


def _in_order(order: Order) -> Iterator[Function]:
    location = order.option.location
    if location.path != order.model.location.path:
        location = order.model.location
    for word, is_next in _NEIGHBOURS:
        call = Call(
            Get(Name("self"), "_get_next_or_previous_in_order"),
            (),
            (("is_next", Literal("bool", is_next)),),
        )
        name = f"get_{word}_in_order"
        yield _made(name, (), call, _ordered(order), order.option.location, location)


def _order_of(order: Order, model: Class) -> Iterator[Function]:
    ordered, said = order.model, _ordered(order)
    for verb, parameters in (("get", ()), ("set", (_ID_LIST, _USING))):
        arguments = (Name("self"), Name(ordered.name), *(Name(each.name) for each in parameters))
        imports = (
            (f"method_{verb}_order", Import(_MODEL_MODULE, f"method_{verb}_order")),
            (ordered.name, Import(ordered.module, ordered.name)),
        )
        yield _made(
            f"{verb}_{ordered.name.lower()}_order",
            parameters,
            Call(Name(f"method_{verb}_order"), arguments),
            said,
            order.option.location,
            model.location,
            (LocalImport(model.location.line, imports),),
        )


def _made(
    name: str,
    parameters: tuple[Parameter, ...],
    call: Call,
    said: str,
    declared: Location,
    location: Location,
    imports: Block = (),
) -> Function:
    return Function(
        name,
        Signature((_SELF, *parameters)),
        location,
        Binding.METHOD,
        block=(*imports, Return(location.line, call)),
        made_of=Evidence(f"Django makes {name} of {said}", declared),
    )


def _ordered(order: Order) -> str:
    return f"{order.model.name}, ordered with respect to {order.respect_to}"


def _sets_null(cls: Class) -> bool:
    """Whether the field class itself may say that its fields are null."""
    made = cls.functions.get("__init__")
    return made is not None and any(
        each == Literal("str", "null")
        or (isinstance(each, Call) and any(name == "null" for name, _ in each.keywords))
        for each in nodes(made.body)
    )
