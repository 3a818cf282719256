"""What model classes declare of each other: targets of relations, reverse names, deferrals."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from asyncgen import declared, knowledge
from asyncgen.definitions import Alias, Definition, FunctionIn
from asyncgen.django.labels import AppLabels, Labels
from asyncgen.facts import Block, Call, Expression, Get, Literal, Name, Return, nodes, walk
from asyncgen.source import Attribute, Binding, Class, Function, Module
from asyncgen.sources import Sources


@dataclass(frozen=True, slots=True)
class Reverse:
    """The other end of a relation: an instance of `model`, or a manager of them. `name` is that of
    the accessor; `field` is what the relation is called in the model."""

    model: Class
    to_one: bool
    name: str
    field: str


@dataclass
class _Index:
    """What the classes that a module may well know have by a name."""

    # Names of fields to the classes of those; empty where something else has the name too.
    fields: dict[str, str] = field(default_factory=dict)
    setters: set[str] = field(default_factory=set)


@dataclass
class Relations(Sources):
    """Looks relations up in the modules that were read as sources."""

    user: Class | None = None  # the model of users, where the settings were read
    # By the names of model and accessor: with the labels of the application that the model is in.
    _reverse: dict[tuple[str, str], list[tuple[AppLabels, Reverse]]] | None = field(default=None)
    _by_parameter: dict[str, Class] | None = field(default=None)
    _deferred: dict[Class, frozenset[str]] = field(default_factory=dict)
    _indexes: dict[str, _Index] = field(default_factory=dict)  # by the name of a module
    _models: dict[Class, Class | None] = field(default_factory=dict)

    @cached_property
    def labels(self) -> Labels:
        return Labels(self.resolver)

    def target(self, call: Expression, where: Class) -> Class | None:
        """The model that a relation's first argument (or `to`) names."""
        if not isinstance(call, Call):
            return None
        named = call.arguments[0] if call.arguments else dict(call.keywords).get("to")
        module = self.resolver.readable(where.module)
        match named:
            case Literal(type="str", text="self"):
                return where
            case Literal(type="str", text=text):
                return self.named(text, module)
            case Name() | Get() if module:
                definition = self.resolver.expression(module, named)
                if isinstance(definition, Class):
                    return definition
                return self.user if _is_user(named, definition) else None
        return None

    def named(self, text: str, module: Module | None = None) -> Class | None:
        """The model that `Line` or `order.Line` means in a module; where only its abstract base is
        known, that. Without a label, the module's own application comes first."""
        label, _, name = text.rpartition(".")
        own = module.classes if module else {}
        known = [
            each
            for form in (name, f"Abstract{name}", f"Base{name}")
            for each in (*([own[form]] if form in own else ()), *self._by_name.get(form, ()))
        ]
        here = self.labels.of_module(module.name) if module else AppLabels()
        wanted = AppLabels([label]) if label else here
        near = (each for each in known if self.labels.is_in(each, wanted))
        return next(near, None if label or not known else known[0])

    @cached_property
    def _by_name(self) -> dict[str, list[Class]]:
        """The classes around, by their names."""
        found: defaultdict[str, list[Class]] = defaultdict(list)
        for module in self.around:
            for name, cls in module.classes.items():
                found[name].append(cls)
        return found

    def named_like(self, name: str) -> Class | None:
        """The model of the sources that a parameter is called after: `order_line` for OrderLine."""
        if self._by_parameter is None:
            self._by_parameter = {
                _concrete(cls.name).lower(): cls
                for module in self.sources
                for cls in module.classes.values()
                if any(self.is_relation(each, cls) for each in cls.attributes.values())
            }
        return self._by_parameter.get(name.replace("_", "").lower())

    def is_relation(self, attribute: Attribute, where: Class) -> bool:
        """Whether the attribute is a relation to another model."""
        return isinstance(attribute.value, Call) and self.field_name(
            attribute.value, where
        ).endswith(_RELATIONS)

    def holds_key(self, attribute: Attribute, where: Class, key: str) -> bool:
        """Whether the column of a relation holds the `key` of its target, `pk` or `id`: it does
        where nothing says `to_field`, and the primary key of the target is called that.
        https://docs.djangoproject.com/en/stable/ref/models/fields/#database-representation
        """
        call = attribute.value
        if not isinstance(call, Call) or _last(call.function) not in knowledge.TO_ONE_FIELDS:
            return False
        said = dict(call.keywords)
        if None in said or "to_field" in said or len(call.arguments) > _ARGUMENTS_OF_KEYS:
            return False
        if key == "pk":
            return True
        target = self.target(call, where)
        return (
            target is not None
            and not self.resolver.missing(target)
            and not any(
                isinstance(each.value, Call) and "primary_key" in dict(each.value.keywords)
                for known in self.resolver.mro(target)
                for each in known.attributes.values()
            )
        )

    def field_name(self, call: Call, where: Class) -> str:
        """The name of the field class that the call makes; where it is not one of Django's, that
        of the first of its bases that is."""
        name = _last(call.function)
        if not name.endswith("Field") or _is_field_of_django(name):
            return name
        module = self.resolver.readable(where.module)
        definition = self.resolver.expression(module, call.function) if module else None
        if not isinstance(definition, Class):
            return _relation_like(name) if self._names_model(call, where) else name
        for known in self.resolver.mro(definition):
            for each in (known.name, *map(_last, known.bases)):
                if _is_field_of_django(each):
                    return each
        return name

    def _names_model(self, call: Call, where: Class) -> bool:
        """Whether a field whose class cannot be found is told a model, as relations are."""
        if "on_delete" in dict(call.keywords):
            return True
        named = call.arguments[0] if call.arguments else dict(call.keywords).get("to")
        match named:
            case Literal(type="str", text=text):
                return bool(_LABEL.match(text))
            case Name() | Get():
                target = self.target(Call(call.function, (named,)), where)
                return target is not None and self._is_model(target)
        return False

    def _is_model(self, cls: Class) -> bool:
        order = self.resolver.mro(cls)
        bases = (_last(base) for known in order for base in known.bases)
        return any(known.dotted in knowledge.ROOTS["model"] for known in order) or any(
            base.endswith("Model") for base in bases
        )

    def concrete(self, name: str, where: Module) -> str:
        """The field class behind `name` on an object of which no more is known: all that the
        classes which `where` may well know have by that name are fields (or constants), and no
        relations or properties. Empty otherwise."""
        return self._index(where).fields.get(name, "")

    def may_be_set(self, name: str, where: Module) -> bool:
        """Whether some class that `where` may well know runs a setter when `name` is assigned."""
        return name in self._index(where).setters

    def _index(self, where: Module) -> _Index:
        if where.name not in self._indexes:
            made = self._indexes[where.name] = _Index()
            for module in self._near(where):
                for cls in module.classes.values():
                    self._add(cls, made)
        return self._indexes[where.name]

    def _near(self, where: Module) -> Iterator[Module]:
        """The module, what it imports, and the sources of the same top-level package."""
        names = {f"{each.module}.{each.name}" for each in where.imports.values()}
        names |= {each.module for each in where.imports.values()} | {where.name}
        top = where.name.partition(".")[0]
        names |= {each.name for each in self.sources if each.name.partition(".")[0] == top}
        for name in sorted(names):
            module = None if name.startswith("django.") else self._readable(name)
            if module:
                yield module

    def _readable(self, name: str) -> Module | None:
        known = next((each for each in self.sources if each.name == name), None)
        if known is None and self.resolver.find(name) and self.resolver.knows_django(name):
            return self.resolver.readable(name)
        return known

    def _add(self, cls: Class, made: _Index) -> None:
        for attribute in cls.attributes.values():
            if isinstance(attribute.value, Call):
                field = self.field_name(attribute.value, cls)
                if field.endswith("Field") and not field.endswith(_RELATIONS):
                    made.fields.setdefault(attribute.name, field)
                else:  # a relation, a manager, a property(…)
                    made.fields[attribute.name] = ""
            elif isinstance(attribute.value, Literal) and attribute.value.type != "None":
                made.fields.setdefault(attribute.name, _CONSTANT)
        for function in cls.functions.values():
            if function.binding is Binding.PROPERTY:
                made.fields[function.name] = ""
                if function.setter:
                    made.setters.add(function.name)

    def field_class(self, call: Call, where: Class) -> str:
        """Like `field_name`, also of what a function of the project makes, and of a subclass of a
        field class by any name."""
        module = self.resolver.readable(where.module)
        return (module and self._field_class(call, module, 0)) or self.field_name(call, where)

    def _field_class(self, call: Call, module: Module, depth: int) -> str:
        name = _last(call.function)
        if _is_field_of_django(name) or depth > _FACTORIES:
            return name
        match self.resolver.expression(module, call.function):
            case Class() as cls if "Field" in "".join(_field_bases(self.resolver.mro(cls))):
                return next(filter(_is_field_of_django, _field_bases(self.resolver.mro(cls))), "")
            case FunctionIn(function=function, module=where):
                made = {
                    self._field_class(each.value, where, depth + 1)
                    for each in walk(function.body)
                    if isinstance(each, Return) and isinstance(each.value, Call)
                }
                return made.pop() if len(made) == 1 else ""
        return ""

    def reverse(self, order: Iterable[Class], name: str) -> Reverse | None:
        """What `name` is on instances of a model, from the relations that point at it."""
        if self._reverse is None:
            self._reverse = defaultdict(list)
            for labels, model, reverse in self._relations():
                self._reverse[model, reverse.name].append((labels, reverse))
        for known in order:
            for labels, reverse in reversed(self._reverse.get((_concrete(known.name), name), ())):
                if self.labels.is_in(known, labels):
                    return reverse
        return None

    def _relations(self) -> Iterator[tuple[AppLabels, str, Reverse]]:
        """The other end of each relation, after labels and name of the model that has it."""
        for module in self.sources:
            for cls in module.classes.values():
                yield from self._parents(cls)
                for attribute in cls.attributes.values():
                    call = attribute.value
                    if not (isinstance(call, Call) and self.is_relation(attribute, cls)):
                        continue
                    to_one = _last(call.function).endswith(("OneToOneField", "OneToOne"))
                    name = _related_name(call, cls, to_one)
                    yield *self._target_name(call, cls), Reverse(cls, to_one, name, attribute.name)

    def _parents(self, cls: Class) -> Iterator[tuple[AppLabels, str, Reverse]]:
        """What a model that inherits from another with a table of its own is to rows of that."""
        if _says(cls, "abstract") or _says(cls, "proxy"):
            return
        for base in self.resolver.bases(cls)[0]:
            if self.is_source(base.module) and not _says(base, "abstract"):
                link = Reverse(cls, True, cls.name.lower(), f"{base.name.lower()}_ptr")
                yield self.labels.of(base), _concrete(base.name), link

    def _target_name(self, call: Call, where: Class) -> tuple[AppLabels, str]:
        """Labels and name of the model that a relation points at, which need not be one that is
        read."""
        named = call.arguments[0] if call.arguments else dict(call.keywords).get("to")
        if isinstance(named, Literal) and named.text != "self":
            label, _, name = named.text.rpartition(".")
            labels = AppLabels([label]) if label else self.labels.of(where)
            return labels, _concrete(name)
        target = self.target(call, where)
        if target:
            return self.labels.of(target), _concrete(target.name)
        return AppLabels(), _last(named) if named else ""

    def model_of(self, lazy: Class) -> Class | None:
        """The one model of the sources that has a manager or queryset class for its rows; None for
        a class that is not of the sources, for models may have it that are not among them."""
        if not self.is_source(lazy.module):
            return None
        if lazy not in self._models:
            found = [
                model
                for module in self.sources
                for model in module.classes.values()
                if any(lazy in self._lazy_classes(module, each) for each in _calls_of(model))
            ]
            self._models[lazy] = found[0] if len(found) == 1 else None
        return self._models[lazy]

    def _lazy_classes(self, module: Module, call: Call) -> Iterator[Class]:
        """The classes of the manager that a call in a model's body makes, its queryset's too."""
        function = call.function
        if isinstance(function, Get) and function.name == "as_manager":
            function = function.value
        definition = self.resolver.expression(module, function)
        if isinstance(definition, Class):
            for known in self.resolver.mro(definition):
                yield known
                if known.queryset:
                    yield from self.resolver.mro(known.queryset)

    def deferred(self, model: Class) -> frozenset[str]:
        """The fields that a manager of the model leaves out by `defer()` in its get_queryset."""
        if model not in self._deferred:
            self._deferred[model] = frozenset(self._deferred_by_managers(model))
        return self._deferred[model]

    def _deferred_by_managers(self, model: Class) -> Iterator[str]:
        for known in self.resolver.mro(model):
            module = self.resolver.readable(known.module)
            for attribute in known.attributes.values():
                if not (module and isinstance(attribute.value, Call)):
                    continue
                manager = self.resolver.expression(module, attribute.value.function)
                if isinstance(manager, Class):
                    member = self.resolver.lookup(manager, "get_queryset")
                    if member and isinstance(member[1], Function):
                        yield from _deferrals(member[1].body)

    def prefetched(self, name: str) -> bool:
        """Whether some prefetch keeps its rows in the attribute: `Prefetch(…, to_attr="name")`."""
        return any(name in module.prefetched for module in self.sources)


def _is_user(named: Expression, definition: Definition | None) -> bool:
    """Whether a relation is to `settings.AUTH_USER_MODEL`, or to what `get_user_model()` gave."""
    match definition:
        case Alias(attribute=Attribute(value=Call(function=function))):
            return _last(function) == "get_user_model"
    return _last(named) == "AUTH_USER_MODEL"


_ARGUMENTS_OF_KEYS = 2  # the model, and what happens when it is deleted
_CONSTANT = "constant"
_LABEL = re.compile(r"[a-z_]+\.[A-Z]\w+$")  # of a model: "shop.Book"
_FACTORIES = 4  # how many functions that make fields may call each other
_RELATIONS = (*knowledge.TO_ONE_FIELDS, *knowledge.TO_MANY_FIELDS)


def _calls_of(cls: Class) -> Iterator[Call]:
    """The calls that a class's attributes are made by, fields aside."""
    for attribute in cls.attributes.values():
        call = attribute.value
        if isinstance(call, Call) and not _last(call.function).endswith(("Field", "Key")):
            yield call


def _field_bases(order: Iterable[Class]) -> Iterator[str]:
    """The names of classes, and of their bases, which need not be read."""
    for known in order:
        yield known.name
        yield from map(_last, known.bases)


def _is_field_of_django(name: str) -> bool:
    return name in declared.field_types() or name.endswith(_RELATIONS)


def _says(cls: Class, option: str) -> bool:
    """Whether the `Meta` of a model says so."""
    meta = cls.classes.get("Meta")
    attribute = meta.attributes.get(option) if meta else None
    return attribute is not None and attribute.value == Literal("bool", "True")


def _relation_like(name: str) -> str:
    return "ManyToManyField" if "Many" in name else "ForeignKey"


def _concrete(name: str) -> str:
    """What a project calls the model that it makes of an abstract one."""
    for prefix in ("Abstract", "Base"):
        if name.startswith(prefix) and name != prefix:
            return name.removeprefix(prefix)
    return name


def _related_name(call: Call, cls: Class, to_one: bool) -> str:
    named = dict(call.keywords).get("related_name")
    own = _concrete(cls.name).lower()
    if isinstance(named, Literal) and named.text:
        return named.text.replace("%(class)s", own)
    return own if to_one else f"{own}_set"


def is_abstract_model(model: Class) -> bool:
    """Whether the class says `abstract = True` of itself."""
    meta = model.classes.get("Meta")
    abstract = meta.attributes.get("abstract") if meta else None
    return abstract is not None and abstract.value == Literal("bool", "True")


def _deferrals(block: Block) -> Iterator[str]:
    """The names in `….defer("a", "b")` calls of a block."""
    for node in nodes(block):
        match node:
            case Call(function=Get(name="defer"), arguments=arguments):
                yield from (each.text for each in arguments if isinstance(each, Literal))


def _last(expression: Expression) -> str:
    match expression:
        case Name(id=name) | Get(name=name):
            return name
    return ""
