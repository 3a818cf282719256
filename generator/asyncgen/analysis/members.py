"""What classes declare, and what Django adds to models: fields, managers, reverse relations."""

from __future__ import annotations

from abc import abstractmethod

from asyncgen import declared, knowledge
from asyncgen.analysis.annotations import Annotations
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NONE,
    NOTHING,
    Builtin,
    Cause,
    ClassObject,
    Foreign,
    Instance,
    Level,
    Method,
    Type,
    Value,
    builtin,
    union,
    unknown,
)
from asyncgen.definitions import Alias, External
from asyncgen.django.relations import Reverse
from asyncgen.facts import Call, Expression, Literal, Name
from asyncgen.source import Attribute, Class, Function


class Members(Annotations):
    """Reads what models and classes have."""

    @abstractmethod
    def attribute(self, owner: Value, name: str, frame: Frame) -> Value:
        """What `owner.name` is."""

    @abstractmethod
    def instance_attribute(self, owner: Instance, name: str, frame: Frame) -> Value:
        """What the attribute of an instance is."""

    @abstractmethod
    def found_function(
        self, function: Function, where: Class, receiver: Instance | ClassObject, frame: Frame
    ) -> Value:
        """What reading a function that a class has gives: a method, or what a property returns."""

    @abstractmethod
    def through_descriptor(self, value: Value, owner: Type, frame: Frame) -> Value:
        """What reading an attribute gives, where its class has descriptors for it."""

    def undeclared_model_attribute(self, owner: Instance, name: str, frame: Frame) -> Value:
        """What Django adds to models: keys, displays, neighbours, reverse relations."""
        if name in knowledge.MODEL_ATTRIBUTES:
            return self.plain_model_attribute(name, owner.cls)
        if name.endswith("_id"):
            return frozenset({plain(name)})
        if name.startswith("_") and name.endswith("manager"):
            return self.default_manager(owner.cls)
        if name.startswith("get_") and name.endswith("_display"):
            return frozenset({Method(Builtin("str"), "format")})
        if name.startswith(knowledge.NEIGHBOURS):
            return self.attribute(self.queryset(owner.cls), "get", frame)
        relation = self.relations.reverse(self.resolver.mro(owner.cls), name)
        if relation:
            return self.reverse(relation, name, frame)
        if name.endswith("_set"):
            return self.manager()
        if self.assigners(owner.cls, name):
            return self.kept(owner, name) or unknown(f"self.{name}")
        if self.relations.prefetched(name):
            return builtin("list", self.model_instance())
        if declared := self.of_subclasses(owner, name, frame):
            return declared
        if name.startswith("_"):
            return unknown(f"the private attribute {name}")
        is_source = self.relations.is_source(owner.cls.module)
        level = Level.DOUBT if is_source else Level.LIKELY
        frame.note(level, f"{owner.cls.name}.{name} is not declared")
        namesakes = self.namesakes(name, owner.cls, frame)
        # Injected, or of a base that cannot be found: it may well return a queryset.
        incomplete = bool(self.resolver.missing(owner.cls))
        return namesakes or unknown(f"{owner.cls.name}.{name}", from_queryset=incomplete)

    def namesakes(self, name: str, row: Class | None, frame: Frame) -> Value:
        """The methods that querysets and managers of the project have by that name: what an object
        whose own class is not known may well have. Those of the same module come first."""
        methods = self.lazy_methods(name)
        here = [each for each in methods if each[1].module == frame.module.name]
        return frozenset(
            self.bound(function, where, Instance(where, row)) for function, where in here or methods
        )

    def of_subclasses(self, owner: Instance, name: str, frame: Frame) -> Value:
        """A field that an abstract model uses, and each model made of it declares."""
        return union(
            self.model_attribute(owner, where, attribute, frame)
            for where, attribute in self.relations.declared_below(owner.cls, name)
        )

    def reverse(self, relation: Reverse, name: str, frame: Frame) -> Value:
        if not relation.to_one:
            return self.default_manager(relation.model)
        frame.note(Level.REACHES, f"reads the reverse one-to-one relation {name}", Cause.RELATION)
        return self.model_instance(relation.model)

    def plain_model_attribute(self, name: str, model: Class | None) -> Value:
        """An attribute that is there without a query."""
        if name == "_meta":
            return frozenset({Foreign(knowledge.OPTIONS, model)})
        if name == "__dict__":
            return builtin("dict")
        if name == knowledge.PREFETCHED:
            return builtin("dict", self.queryset())
        return self.default_manager(model) if "manager" in name else frozenset({plain(name)})

    def model_attribute(
        self, owner: Instance, where: Class, attribute: Attribute, frame: Frame
    ) -> Value:
        """A field, a manager or a plain attribute of a model, read on an instance."""
        call = attribute.value
        if not isinstance(call, Call):
            return self.class_level(where, attribute, owner)
        name = self.relations.field_class(call, where)
        if name.endswith(knowledge.TO_ONE_FIELDS):
            frame.note(
                Level.REACHES, f"reads the relation {where.name}.{attribute.name}", Cause.RELATION
            )
            row = self.model_instance(self.relations.target(call, where))
            is_null = dict(call.keywords).get("null") == Literal("bool", "True")
            return row | NONE if is_null else row
        if name.endswith(knowledge.TO_MANY_FIELDS):
            if name.endswith(knowledge.QUERYING_MANAGERS):
                frame.note(Level.REACHES, f"makes the manager {where.name}.{attribute.name}")
            return self.default_manager(self.relations.target(call, where))
        if attribute.name in self.relations.deferred(owner.cls):
            frame.note(
                Level.REACHES, f"reads {attribute.name}, which its manager defers", Cause.RELATION
            )
        if name.endswith(knowledge.FILE_FIELDS) and name not in declared.field_types():
            frame.note(Level.DOUBT, f"reads {attribute.name}, a {name}, which cannot be found")
            return builtin("file")
        if name.endswith("Field"):
            return self.field_value(name, attribute.name)
        return self.class_level(where, attribute, owner)

    def is_generic(self, where: Class, member: object) -> bool:
        """Whether it is a relation to a row of any model."""
        if not isinstance(member, Attribute) or not isinstance(member.value, Call):
            return False
        return self.relations.field_class(member.value, where) == "GenericForeignKey"

    @staticmethod
    def field_value(field: str, name: str) -> Value:
        """What a field of that class, which is no relation, holds."""
        type_ = declared.field_types().get(field)
        if type_ is None:
            return frozenset({plain(name)})
        if type_ in _HELD:
            return builtin(_HELD[type_])
        return frozenset({Foreign(f"{type_}()")}) if "." in type_ else builtin(type_)

    # -- classes -----------------------------------------------------------------------------------

    def class_attribute(self, owner: ClassObject, name: str, frame: Frame) -> Value:
        if name in knowledge.NAMES_OF_CLASSES:
            return builtin("str")
        member = self.lookup(owner.cls, name)
        role = self.role(owner.cls)
        if role == "model" and name in knowledge.MODEL_ATTRIBUTES:
            return self.plain_model_attribute(name, owner.cls)
        if name in knowledge.CLASS_ATTRIBUTES:
            return builtin(knowledge.CLASS_ATTRIBUTES[name])
        if name == "__members__" and self.is_enumeration(owner.cls):
            return builtin("dict", frozenset({Instance(owner.cls)}))
        if member is None:
            if name in knowledge.CHOICES_ATTRIBUTES and self.is_choices(owner.cls):
                return builtin("list", builtin("str"))
            if name in knowledge.MANAGER_ATTRIBUTES or name.endswith("_manager"):
                return self.default_manager(owner.cls)
            if name in knowledge.LISTING_METHODS:
                below = self.relations.below(owner.cls) if name == "__subclasses__" else ()
                listed = frozenset({owner, *map(ClassObject, below)})
                return frozenset({Method(Builtin("type", listed), name)})
            if (meta := self.metaclass(owner.cls)) is not None:
                computed = self.special(meta, ("__getattr__",), frame)
                return self.instance_attribute(meta, name, frame) if computed is None else computed
            if known := self.of_any_model(owner, name, frame):
                return known
            if name.startswith("_") or role == "model":
                return frozenset({plain(name)})
            return unknown(f"{owner.cls.name}.{name}")
        where, what = member
        match what:
            case Function():
                return self.found_function(what, where, owner, frame)
            case Class():
                return frozenset({ClassObject(what)})
            case Attribute() if role == "model" and self.relations.is_relation(what, where):
                # A descriptor: Book.author.field, Book.authors.through, Book.author.rel.model
                target = self.relations.target(what.value, where) if what.value else None
                return frozenset({Foreign(knowledge.OPTIONS, target)})
            case Attribute() if self.is_member(where, what):
                return frozenset({Instance(owner.cls)})
            case Attribute():
                return self.through_descriptor(self.class_level(where, what, owner), owner, frame)

    def of_any_model(self, owner: ClassObject, name: str, frame: Frame) -> Value:
        """The private methods of that name that models have, of a model of which no more is
        known."""
        is_any = owner.cls is self.root(knowledge.ROOT_CLASSES["model"])
        if not (is_any and name.startswith("_")):
            return NOTHING
        found = [
            self.bound(cls.functions[name], cls, ClassObject(cls))
            for module in self.relations.around
            for cls in module.classes.values()
            if name in cls.functions and self.role(cls) == "model"
        ]
        if found:
            frame.note(Level.ASSUMED, f"takes {name} of a model for one of those of the sources")
        return frozenset(found)

    # -- enumerations ------------------------------------------------------------------------------

    def is_choices(self, cls: Class) -> bool:
        return any(known.dotted == knowledge.CHOICES for known in self.resolver.mro(cls))

    def is_member(self, where: Class, attribute: Attribute) -> bool:
        """Whether a class-level assignment makes a member of an enumeration."""
        if attribute.name.startswith("_") or attribute.value is None:
            return False
        return self.is_enumeration(where) and not self._is_no_member(where, attribute.value)

    def _is_no_member(self, where: Class, value: Expression) -> bool:
        module = self.resolver.readable(where.module)
        if module is None or not isinstance(value, Call):
            return False
        return self.resolver.expression(module, value.function) == _NO_MEMBER

    def values_of_members(self, cls: Class) -> Value:
        """What the members of an enumeration are worth."""
        return union(
            self.class_level(where, attribute, ClassObject(where))
            for where in self.resolver.mro(cls)
            for attribute in where.attributes.values()
            if self.is_member(where, attribute)
        )

    def attribute_of_member(self, owner: Instance, name: str, frame: Frame) -> Value:
        """What a member of an enumeration has that no class statement declares: its name, what it
        is worth, or what that has."""
        if name in ("name", "_name_"):
            return builtin("str")
        worth = self.values_of_members(owner.cls)
        return worth if name in ("value", "_value_") else self.attribute(worth, name, frame)

    # -- managers and constants --------------------------------------------------------------------

    def default_manager(self, model: Class | None) -> Value:
        """The manager called `objects`, or Django's own."""
        member = self.lookup(model, "objects") if model else None
        if model and member and isinstance(member[1], Attribute):
            value = self.class_level(member[0], member[1], ClassObject(model))
            lazy = frozenset(each for each in value if self.is_lazy(each))
            return lazy or self.manager(model)
        return self.manager(model)

    def class_level(self, where: Class, attribute: Attribute, owner: Type) -> Value:
        """What a class-level assignment holds."""
        if where.queryset and attribute.name == "_queryset_class":
            return frozenset({ClassObject(where.queryset)})
        module = self.resolver.readable(where.module)
        if module is None:
            return unknown(f"{where.name}.{attribute.name}")
        if isinstance(attribute.value, Name) and attribute.value.id in where.functions:
            return frozenset({self.bound(where.functions[attribute.value.id], where, owner)})
        if attribute.value is None:
            return self.declared(where, attribute)
        value = self.alias(Alias(attribute, module))
        if isinstance(owner, Instance | ClassObject) and self.role(owner.cls) == "model":
            return frozenset(
                Instance(each.cls, owner.cls)
                if isinstance(each, Instance) and self.is_lazy(each)
                else each
                for each in value
            )
        return value

    def declared(self, where: Class, attribute: Attribute) -> Value:
        """What `name: annotation` in a class says."""
        some = next(iter(where.functions.values()), None)
        if attribute.annotation and some:
            value = self.annotation(attribute.annotation, self.bound(some, where, Instance(where)))
            if value is not None:
                return value
        return unknown(f"{where.name}.{attribute.name}")


# What has a meaning of its own here of what fields hold.
_NO_MEMBER = External(knowledge.NO_MEMBER)
_FILES = "django.db.models.fields.files."
_HELD = {"typing.Any": "json", f"{_FILES}FieldFile": "file", f"{_FILES}ImageFieldFile": "file"}


def plain(name: str) -> Foreign:
    """Something that is there without a query, and whose own attributes are too."""
    return Foreign(f"builtins.plain.{name}")
