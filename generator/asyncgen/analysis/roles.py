"""What a class is to Django: a queryset, a manager, a model, or nothing."""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncgen import knowledge
from asyncgen.analysis.values import (
    Builtin,
    ClassObject,
    Instance,
    Type,
    Value,
    is_tainted,
)
from asyncgen.django.relations import Relations
from asyncgen.modules import every_class
from asyncgen.resolve import Resolver
from asyncgen.source import Class

# Querysets and managers, and mixins for them, by the names that people give them.
_ROLE_NAMES = re.compile(r"(QuerySet|Manager)(Mixin|Base|Methods)?$")


@dataclass
class Roles(ABC):
    """Tells querysets, managers and models from the rest."""

    resolver: Resolver
    relations: Relations
    _roles: dict[Class, str] = field(init=False, default_factory=dict)
    _mixed_in: dict[Class, str] | None = field(init=False, default=None)
    _plain: dict[Class, bool] = field(init=False, default_factory=dict)

    def root(self, dotted: str) -> Class | None:
        definition = self.resolver.dotted(dotted)
        return definition if isinstance(definition, Class) else None

    def role(self, cls: Class) -> str:
        """queryset, manager, model, or nothing: what the class, or what it is mixed into, is to
        Django."""
        if cls not in self._roles:
            self._roles[cls] = self.inherited_role(cls) or self._role_as_mixin(cls)
        return self._roles[cls]

    def inherited_role(self, cls: Class) -> str:
        """The role that the class has by what it inherits from."""
        order = self.resolver.mro(cls)
        names = {known.dotted for known in order}
        for role, roots in knowledge.ROOTS.items():
            if names & roots:
                return role
        for known in order:
            for text in self.resolver.bases(known)[1]:
                role = self._role_by_name(text, known)
                if role:
                    return role
        if cls.qualname.startswith("<locals>.") and "get_queryset" in cls.functions:
            return "manager"
        return ""

    def _role_by_name(self, text: str, where: Class) -> str:
        """What a base that cannot be found is called."""
        dotted = text.partition("[")[0]
        module = self.resolver.readable(where.module)
        import_ = module.imports.get(dotted.partition(".")[0]) if module else None
        if import_ and import_.module.partition(".")[0] in knowledge.OTHER_MODELS:
            return ""
        last = dotted.rpartition(".")[2].lower()
        return next((role for role in knowledge.ROOTS if last.endswith(role)), "")

    def _role_as_mixin(self, cls: Class) -> str:
        """The role of what inherits from the class in the sources; else what its name says, where
        it is called a mixin, or a base cannot be told."""
        if self._mixed_in is None:
            self._mixed_in = dict(self._mixins())
        if cls in self._mixed_in:
            return self._mixed_in[cls]
        named = _ROLE_NAMES.search(cls.name)
        if named and named[1] == "QuerySet" and self.resolver.lookup(cls, "get_queryset"):
            return ""  # of views, say: querysets have no such method
        is_mixin = any(
            (match := _ROLE_NAMES.search(known.name))
            and (match[2] or self.resolver.bases(known)[1])
            for known in self.resolver.mro(cls)
        )
        return named[1].lower() if named and is_mixin else ""

    def _mixins(self) -> Iterator[tuple[Class, str]]:
        for module in self.relations.sources:
            for user in every_class(module):
                role = self.inherited_role(user)
                for known in self.resolver.mro(user)[1:] if role else ():
                    if not known.module.startswith("django."):
                        yield known, role

    def is_lazy(self, type_: Type) -> bool:
        """Whether the type is a queryset or a manager: something that chains."""
        return isinstance(type_, Instance) and self.role(type_.cls) in ("queryset", "manager")

    def is_queryset(self, type_: Type) -> bool:
        return isinstance(type_, Instance) and self.role(type_.cls) == "queryset"

    def holds_queryset(self, value: Value) -> bool:
        """Whether a queryset is, or may be somewhere in, the value."""
        return any(
            self.is_lazy(each)
            or is_tainted(each)
            or (isinstance(each, Builtin) and self.holds_queryset(each.elements))
            or (isinstance(each, ClassObject) and self.role(each.cls) in ("queryset", "manager"))
            for each in value
        )

    def is_enumeration(self, cls: Class) -> bool:
        """Whether what the class is assigned are its members, each an instance of it."""
        return not self.resolver.outer_bases(cls).isdisjoint(knowledge.ENUMERATIONS)

    def is_plain(self, cls: Class) -> bool:
        """Whether Django's public methods do on the class what they do on Django's own: no class
        in between overrides one of the private methods that they are made of."""
        if cls not in self._plain:
            role = self.role(cls)
            root = self.root(knowledge.ROOT_CLASSES[role]) if role else None
            inner = {name for name in root.functions if _is_private(name)} if root else set()
            self._plain[cls] = root is not None and not any(
                inner & known.functions.keys()
                for known in self.resolver.mro(cls)
                if not known.module.startswith("django.db.models")
            )
        return self._plain[cls]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
