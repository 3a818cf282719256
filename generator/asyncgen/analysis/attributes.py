"""What `x.name` is, and whether reading it queries: methods, properties, fields, relations."""

from __future__ import annotations

from asyncgen import declared, effects, guesses, knowledge
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.foreign import is_known
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.members import plain
from asyncgen.analysis.outside import Outside
from asyncgen.analysis.values import (
    NONE,
    NOTHING,
    SHOWING,
    Argument,
    Bound,
    Builtin,
    ClassObject,
    Foreign,
    Instance,
    Level,
    Method,
    ModuleObject,
    Partial,
    Super,
    Type,
    Unknown,
    Value,
    builtin,
    in_order,
    is_tainted,
    union,
    unknown,
)
from asyncgen.definitions import ModuleReference
from asyncgen.facts import Literal
from asyncgen.source import Attribute, Binding, Class, Function

# What members of enumerations have, also those that are texts or numbers.
_OF_MEMBERS = frozenset({"_name_", "_value_", "name", "value"})


class Attributes(Outside):
    """Reads attributes of everything that a value may be."""

    def attribute(self, owner: Value, name: str, frame: Frame) -> Value:
        return union(self.attribute_of(each, name, frame) for each in in_order(owner))

    def attribute_of(self, owner: Type, name: str, frame: Frame) -> Value:
        value = self.own_attribute(owner, name, frame)
        if name in self.relations.patches or self.is_dressed(owner):
            return self.patched(owner, name, value, frame)
        return value

    def own_attribute(self, owner: Type, name: str, frame: Frame) -> Value:
        match owner:
            case Instance():
                return self.instance_attribute(owner, name, frame)
            case ClassObject():
                return self.class_attribute(owner, name, frame)
            case Super(owner=owner_class, receiver=receiver):
                return self.super_attribute(owner_class, receiver, name, frame)
            case ModuleObject(name=module):
                self.by_getattr_of_module(module, name, frame)
                return self.module_member(module, name)
            case Foreign(dotted=dotted) if dotted in knowledge.REQUESTS:
                return self.request_attribute(name, frame)
            case Foreign():
                return self.foreign_attribute(owner, name, frame)
            case Builtin(name="None"):
                return NOTHING  # raises AttributeError
            case Builtin(name="property", elements=elements) if name in ("fget", "func"):
                return elements
            case Builtin():
                if owner.name == "file" and name in knowledge.FILE_ATTRIBUTES:
                    frame.note(Level.DOUBT, f"asks a file's storage for its {name}")
                if owner.name == "file" and name == "name":
                    return builtin("str")
                return frozenset({Method(owner, name)})
            case Partial():
                return unknown(f"{name} of a partial")
            case Method():
                return frozenset({plain(name)})
            case Bound(receiver=receiver) if name == "__self__" and receiver:
                return frozenset({receiver})
            case Bound() if name in ("__call__", "__func__"):
                return frozenset({owner})
            case Bound(function=function) if name == "__name__":
                return frozenset({Builtin("str", text=function.name)})
            case Bound(function=function):
                if not all(each.is_known for each in function.decorations):
                    frame.note(Level.DOUBT, f"reads {name} of what a decorator made")
                return frozenset({Foreign(f"builtins.function.{name}")})
            case Argument() | Unknown():
                return self.unknown_attribute(owner, name, frame)

    def by_getattr_of_module(self, module: str, name: str, frame: Frame) -> None:
        """Run the `__getattr__()` of a module that has no such name."""
        read = self.resolver.readable(module)
        function = read.functions.get("__getattr__") if read else None
        if read and function and self.resolver.member(ModuleReference(module), name) is None:
            asked = (each.name for each in function.signature.parameters[:1])
            given = tuple((each, frozenset({Builtin("str", text=name)})) for each in asked)
            outcome = self.outcome(Bound(function, read), given)
            frame.include(outcome.effect, f"reads {name} through {module}.__getattr__")

    def foreign_attribute(self, owner: Foreign, name: str, frame: Frame) -> Value:
        """An attribute of something that is not read; of `_meta`, also the model's managers."""
        if owner.dotted.startswith("django.db.connection"):
            is_feature = owner.dotted.endswith(".features")
            if name in (effects.FEATURES_OF_SERVER if is_feature else effects.ASKS_SERVER):
                level = Level.DOUBT if is_feature else Level.REACHES
                frame.note(level, f"reads {name} of a connection, which may ask the server")
        if owner.dotted.startswith(knowledge.LAZY_OBJECTS):
            frame.note(Level.DOUBT, f"reads {name} of a lazy object")
        if owner.shows and name.startswith("message"):
            frame.note(Level.DOUBT, f"reads {name} of an exception, whose text may query")
        if name in ("args", "value") and owner.dotted.endswith(".instance"):
            held = unknown("what an exception was made with")
            return held | {SHOWING} if owner.shows else held
        if owner.dotted.startswith(knowledge.HOLDERS) and owner.dotted.endswith("()"):
            # A method of what keeps objects; an attribute of it may be one of these.
            is_method = not owner.dotted.startswith(("threading.", "types."))
            return (
                frozenset({Foreign(f"{owner.dotted}.{name}")})
                if is_method
                else unknown(f"{name} of {owner.dotted}")
            )
        if name in knowledge.MANAGER_ATTRIBUTES:
            return self.default_manager(owner.row)
        if owner.dotted.startswith(knowledge.OPTIONS) and name in knowledge.OPTIONS_MODELS:
            return self.model_class(owner.row)
        if owner.dotted.endswith(f".{name}.{name}"):  # `frame.f_back.f_back`, in a loop, say
            return frozenset({owner})
        return frozenset({Foreign(f"{owner.dotted}.{name}", shows=owner.shows)})

    @staticmethod
    def request_attribute(name: str, frame: Frame) -> Value:
        """An attribute of a request."""
        if name in declared.request_attributes():
            return builtin(declared.request_attributes()[name])
        if name in declared.request_methods():
            return frozenset({Method(Builtin("str"), "format")})
        frame.note(Level.DOUBT, f"reads {name} of a request")
        return unknown(f"{name} of a request")

    def unknown_attribute(self, owner: Argument | Unknown, name: str, frame: Frame) -> Value:
        """An attribute of an argument, or of something that could not be told."""
        frame.wait(f"reads {name} of what cannot be told")
        if name in knowledge.MANAGER_ATTRIBUTES:
            return self.manager()
        if name == "get_queryset":
            return self.attribute(self.manager(), name, frame)
        if name in knowledge.CHAINING or (
            is_tainted(owner) and name in declared.queryset_results()
        ):
            return self.attribute(self.queryset(), name, frame)
        if name in guesses.USER_METHODS:
            frame.note(Level.REACHES, f"asks for permissions by {name}, which queries")
            return unknown(f"{name} of a user")
        if name in guesses.TERMINAL:
            return self.attribute(self.queryset(), name, frame)
        if name in knowledge.CLASS_ATTRIBUTES:
            return builtin(knowledge.CLASS_ATTRIBUTES[name])
        if name in guesses.DISTINCT_METHODS:
            return self.guessed_method(owner, name, frame)
        if name.startswith("_") and name.endswith("manager"):
            return self.manager()
        if name in guesses.MODEL_RESULTS_ALONE:
            return self.attribute(self.model_instance(), name, frame)
        if name in knowledge.MODEL_ATTRIBUTES:
            return self.plain_model_attribute(name, None)
        if name.startswith("_") or name.endswith("_id"):  # no field, so it cannot query
            return unknown(f"the private attribute {name}")
        if name in guesses.FIELD_ATTRIBUTES:
            return frozenset({Foreign(f"{knowledge.FIELD}.{name}")})
        if isinstance(owner, Argument):
            if owner.name in guesses.MAPPING_PARAMETERS and hasattr(dict, name):
                frame.note(Level.ASSUMED, f"calls {name} of the argument {owner.name}: of a dict")
                return frozenset({Method(Builtin("dict"), name)})
            if self.is_taken_for_request(owner, name):
                frame.note(
                    Level.ASSUMED, f"reads {name} of the argument {owner.name}: taken for a request"
                )
                return self.request_attribute(name, frame)
            guessed = self.guessed_relation(owner, name, frame)
            if guessed is not None:
                return guessed
            if field := self.relations.concrete(name, frame.module):
                frame.note(Level.ASSUMED, f"reads {name} of the argument {owner.name}: a field")
                return self.field_value(field, name)
        what = f"the argument {owner.name}" if isinstance(owner, Argument) else owner.reason
        frame.note(Level.DOUBT, f"reads {name} of {what}")
        if is_tainted(owner) and (namesakes := self.namesakes(name, None, frame)):
            return namesakes
        return unknown(f"{name} of {what}", from_queryset=is_tainted(owner))

    def is_taken_for_request(self, owner: Argument, name: str) -> bool:
        """Whether an argument is called like Django's request, and no class of the sources that is
        called so has such an attribute."""
        if owner.name not in guesses.REQUEST_PARAMETERS or self.relations.named_like("request"):
            return False
        return not any(cls.name.endswith("Request") for cls, _ in self.relations.methods(name))

    def guessed_method(self, owner: Argument | Unknown, name: str, frame: Frame) -> Value:
        """A method that of all that is known only a builtin type has: `title.upper()`."""
        what = f"the argument {owner.name}" if isinstance(owner, Argument) else owner.reason
        type_ = guesses.DISTINCT_METHODS[name]
        namesake = next((cls for cls, _ in self.relations.methods(name) if self.role(cls)), None)
        if namesake:
            frame.note(Level.DOUBT, f"calls {name} of {what}, which {namesake.name} has too")
        frame.note(Level.ASSUMED, f"calls {name} of {what}: taken for one of {type_}")
        return frozenset({Method(Builtin(type_), name)})

    def guessed_relation(self, owner: Argument, name: str, frame: Frame) -> Value | None:
        """A relation read on an argument that is called like a model: `line.product`."""
        model = self.relations.named_like(owner.name)
        member = self.lookup(model, name) if model else None
        if not (model and member and isinstance(member[1], Attribute)):
            return None
        if not self.relations.is_relation(member[1], member[0]):
            return None
        return self.instance_attribute(Instance(model), name, frame)

    # -- methods -----------------------------------------------------------------------------------

    def super_attribute(
        self, owner: Class, receiver: Instance | ClassObject, name: str, frame: Frame
    ) -> Value:
        member = self.lookup(receiver.cls, name, after=owner)
        if member and isinstance(member[1], Function):
            return self.found_function(member[1], member[0], receiver, frame)
        role = self.role(receiver.cls)
        if member is None and role and (root := self.root(knowledge.ROOT_CLASSES[role])):
            # A mixin of no known base: whatever comes after it ends in Django's class.
            last = self.resolver.lookup(root, name)
            if last and isinstance(last[1], Function):
                return self.found_function(last[1], last[0], receiver, frame)
        if not role and (inherited := self.of_quiet_bases(receiver.cls, name, frame)):
            return inherited
        if self.resolver.missing(receiver.cls) or role:
            frame.note(Level.DOUBT, f"super().{name} cannot be found")
            return unknown(f"super().{name}", from_queryset=role in ("queryset", "manager"))
        if hasattr(object, name):
            return frozenset({Foreign(f"builtins.object.{name}")})
        # A mixin: the class that it is mixed into has it from elsewhere.
        return self.unknown_attribute(Unknown("super()"), name, frame)

    def found_function(
        self, function: Function, where: Class, receiver: Instance | ClassObject, frame: Frame
    ) -> Value:
        dotted = f"{where.dotted}.{function.name}"
        if is_known(dotted) and not self.relations.is_source(where.module):
            if function.binding is Binding.PROPERTY and isinstance(receiver, Instance):
                frame.note(self.level(dotted), f"reads the property {dotted}")
            return frozenset({Foreign(dotted)})
        bound = self.bound(function, where, receiver)
        if function.binding is not Binding.PROPERTY:
            return frozenset({bound})
        of_class = function.is_decorated("django.utils.functional.classproperty")
        if isinstance(receiver, ClassObject) and not of_class:
            return builtin("property", frozenset({self.bound(function, where, None)}))
        outcome = self.outcome(bound)
        of_django = where.module.startswith("django.db.models")
        if outcome.effect.level is Level.REACHES or not of_django:
            frame.include(outcome.effect, f"reads the property {where.name}.{function.name}")
        return outcome.returns

    # -- instances ---------------------------------------------------------------------------------

    def instance_attribute(self, owner: Instance, name: str, frame: Frame) -> Value:
        role = self.role(owner.cls)
        if name == "__class__":
            return frozenset({ClassObject(owner.cls)})
        if name == "__module__":
            return builtin("str")
        if role in ("queryset", "manager") and name == "model":
            return self.model_class(owner.row or self.relations.model_of(owner.cls))
        asked = frozenset({Builtin("str", text=name)})
        self.special(owner, ("__getattribute__",), frame, asked)
        member = self.lookup(owner.cls, name)
        if member is None:
            return self.missing_attribute(owner, name, role, frame)
        where, what = member
        if not isinstance(what, Function) or what.binding is Binding.PROPERTY:
            self.overridden_property(owner, name, frame)
        match what:
            case Function():
                return self.found_function(what, where, owner, frame)
            case Class():
                return frozenset({ClassObject(what)})
            case Attribute() if role == "model":
                value = self.model_attribute(owner, where, what, frame)
                return self.through_descriptor(value, owner, frame)
            case Attribute():
                value = self.through_descriptor(self.class_level(where, what, owner), owner, frame)
                kept = self.kept(owner, name)
                if what.value == Literal("None") and kept - NONE:
                    value = NONE  # it is not only declared: what sets it is known
                return value | kept | self.set_below(owner, where, name, frame)

    def through_descriptor(self, value: Value, owner: Type, frame: Frame) -> Value:
        """What reading an attribute gives where its class has descriptors for it, or a property
        made of a function."""
        parts = (self._described(each, owner, frame) for each in in_order(value))
        return union(parts) if value else value

    def _described(self, type_: Type, owner: Type, frame: Frame) -> Value:
        if isinstance(type_, Builtin) and type_.name == "property":
            outcomes = [
                self.outcome(
                    each, ((each.function.signature.parameters[0].name, frozenset({owner})),)
                )
                for each in type_.elements
                if isinstance(each, Bound) and each.function.signature.parameters
            ]
            for outcome in outcomes:
                frame.include(outcome.effect, "reads a property")
            return union(each.returns for each in outcomes)
        if not isinstance(type_, Instance):
            return frozenset({type_})
        asked = frozenset({owner}) if isinstance(owner, Instance) else NONE
        given = self.special(type_, ("__get__",), frame, asked)
        return frozenset({type_}) if given is None else given

    def delete_attribute(self, owners: Value, names: Value, frame: Frame) -> None:
        """`del owner.name`: the deleter of a property, or what a descriptor does."""
        for owner in in_order(owners):
            if not isinstance(owner, Instance):
                continue
            self.special(owner, ("__delattr__",), frame)
            for name in sorted({each.text for each in names if isinstance(each, Builtin)}):
                match self.lookup(owner.cls, name):
                    case (where, Function(deleter=Function() as deleter)):
                        outcome = self.outcome(self.bound(deleter, where, owner))
                        frame.include(outcome.effect, f"deletes the property {name}")
                    case (_, Attribute()) if self.role(owner.cls) == "model":
                        frame.note(Level.DOUBT, f"deletes {name}, to be loaded when it is read")
                    case (where, Attribute() as attribute):
                        for each in self.class_level(where, attribute, owner):
                            self.special(each, ("__delete__",), frame)

    def set_below(self, owner: Instance, where: Class, name: str, frame: Frame) -> Value:
        """What `self.name` holds where self is of a class of the sources that assigns another."""
        if owner != frame.receiver or frame.module.name.startswith("django."):
            return NOTHING
        return frozenset().union(
            *(
                self.class_level(cls, attribute, Instance(cls))
                for cls, attribute in self.relations.declared_below(owner.cls, name)
                if cls is not where
            )
        )

    def overridden_property(self, owner: Instance, name: str, frame: Frame) -> None:
        """What reading the attribute may do where a class below makes a property of it."""
        if self.relations.is_source(owner.cls.module) and any(
            function.binding is Binding.PROPERTY
            for _, function, _ in self.relations.overriding(owner.cls, name)
        ):
            self.overridden(owner, name, frame)

    def missing_attribute(self, owner: Instance, name: str, role: str, frame: Frame) -> Value:
        """An attribute of an instance that no class statement declares."""
        if role == "model":
            return self.undeclared_model_attribute(owner, name, frame)
        if self.assigners(owner.cls, name):
            return self.kept(owner, name) or unknown(f"self.{name}")
        if name in knowledge.PLAIN_ATTRIBUTES.get(role, ()):
            return frozenset({plain(name)})
        if name == "__dict__":
            return builtin("dict", self.holdings(owner))
        if name.startswith("__"):
            return frozenset({Foreign(f"builtins.object.{name}")})
        base = self.resolver.builtin_base(owner.cls)
        if self.is_enumeration(owner.cls) and (not base or name in _OF_MEMBERS):
            return self.attribute_of_member(owner, name, frame)
        if base:
            return frozenset({Method(Builtin(base), name)})
        computed = self.by_getattr(owner, name, frame)
        if computed is not None:
            return computed
        if guesses.REQUEST_CLASSES.intersection(map(base_word, owner.cls.bases)):
            return self.request_attribute(name, frame)
        if name.isupper() and owner.cls.name.endswith(guesses.SETTINGS_CLASS):
            frame.note(Level.ASSUMED, f"reads {owner.cls.name}.{name}: taken for a setting")
            return frozenset({Foreign(f"{knowledge.SETTINGS}.{name}")})
        if not role and (inherited := self.of_quiet_bases(owner.cls, name, frame)):
            return inherited
        if role and (namesakes := self.namesakes(name, owner.row, frame)):
            frame.wait(f"{owner.cls.name}.{name} is not declared")
            return namesakes
        frame.note(Level.DOUBT, f"{owner.cls.name}.{name} is not declared")
        reason = f"{owner.cls.name}.{name}"
        chains = role in ("queryset", "manager") and not name.startswith(guesses.ROW_METHODS)
        return unknown(reason, from_queryset=chains)

    def of_quiet_bases(self, cls: Class, name: str, frame: Frame) -> Value:
        """An attribute that a base gives the class, of a package that imports nothing of Django."""
        outer = [each for each in self.resolver.outer_bases(cls) if not _is_of_python(each)]
        quiet = outer and not any(map(self.resolver.knows_django, outer))
        if not quiet or self.resolver.missing(cls):
            return NOTHING
        frame.note(
            Level.ASSUMED,
            f"reads {name} of {min(outer)}, of a package without Django: assumed not to query",
        )
        return frozenset(Foreign(f"{each}().{name}") for each in outer)

    def by_getattr(self, owner: Instance, name: str, frame: Frame) -> Value | None:
        """What the class's own `__getattr__` gives for the name; None where it has none, or where
        for a queryset or manager that cannot be told."""
        member = self.resolver.lookup(owner.cls, "__getattr__")
        if not member or not isinstance(member[1], Function):
            return None
        bound = self.bound(member[1], member[0], owner)
        wanted = member[1].signature.parameters[1].name
        outcome = self.outcome(bound, ((wanted, frozenset({Builtin("str", text=name)})),))
        is_told = not any(isinstance(each, Unknown | Argument) for each in outcome.returns)
        if self.role(owner.cls) and not is_told:
            return None
        frame.include(outcome.effect, f"reads {name} through {member[0].name}.__getattr__")
        return outcome.returns


def _is_of_python(dotted: str) -> bool:
    return dotted.partition(".")[0] in knowledge.STANDARD_LIBRARY
