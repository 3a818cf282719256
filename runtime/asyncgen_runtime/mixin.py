"""What the mixins of models inherit."""

from __future__ import annotations

import sys
from types import SimpleNamespace

_MIGRATIONS = "django.db.migrations.state"
_ABSTRACT = SimpleNamespace(abstract=True)


class _Unnamed:
    """`_meta` of a mixin: of an abstract model for migrations, and not there for anybody else.

    `ModelState.from_model` names each base of a new model that is no abstract model. It would name
    the mixin, and the migration would import it for as long as it is kept. Nothing else may see
    it: the options of a model are inherited from the first base that has a `_meta`.
    """

    def __get__(self, instance: object, owner: type) -> object:
        if sys._getframe(1).f_globals.get("__name__") == _MIGRATIONS:
            return _ABSTRACT
        return getattr(super(ModelMixin, owner), "_meta")  # noqa: B009, for the class is any


class ModelMixin:
    """The base of a mixin of twins for a model: no migration names it, nor what inherits it."""

    _meta = _Unnamed()
