"""What reaches the database and has no twin in Django 6.1, as it was found by trying every public
callable in a running loop: each has one here, or something else that is awaited in its place."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any, cast

import pytest
from areas import areas, mixins
from asgiref.sync import sync_to_async
from asyncgen_django import AsyncRawQuerySet
from asyncgen_django.contrib.auth.models import aupdate_last_login
from asyncgen_django.db.models.query_utils import AsyncQ
from asyncgen_django.forms.models import AsyncModelChoiceField
from django.contrib.auth.models import Group, User
from django.core.exceptions import SynchronousOnlyOperation
from django.db.models import F

# By class.
METHODS = {
    "django.db.models.base.Model": """
        full_clean validate_unique validate_constraints clean_fields save_base""",
    "django.db.models.fields.files.FieldFile": "save delete",
    "django.db.models.query.RawQuerySet": "iterator columns",
    "django.db.models.query_utils.Q": "check",
    "django.db.models.constraints.UniqueConstraint": "validate",
    "django.db.models.constraints.CheckConstraint": "validate",
    "django.db.models.deletion.Collector": "collect",
    "django.contrib.contenttypes.models.ContentTypeManager": """
        get_for_model get_for_models get_for_id get_by_natural_key""",
    "django.contrib.contenttypes.models.ContentType": "get_object_for_this_type",
    "django.contrib.sites.models.SiteManager": "get_current get_by_natural_key",
    "django.contrib.auth.models.PermissionManager": "get_by_natural_key",
    "django.contrib.admin.models.LogEntry": "get_edited_object",
    "django.contrib.admin.models.LogEntryManager": "log_actions",
    "django.contrib.auth.forms.AuthenticationForm": "is_valid",
    "django.contrib.auth.forms.PasswordResetForm": "is_valid save",
    "django.contrib.auth.forms.SetPasswordForm": "is_valid save",
    "django.contrib.auth.forms.UserCreationForm": "is_valid save",
    "django.forms.models.ModelForm": "is_valid save",
    "django.forms.models.ModelChoiceField": "clean choices",
    "django.forms.models.BaseModelFormSet": "is_valid save",
    "django.forms.models.BaseInlineFormSet": "is_valid save",
    "django.core.paginator.Paginator": "count num_pages page get_page",
}
# By module.
FUNCTIONS = {
    "django.contrib.auth.models": "update_last_login",
    "django.contrib.sites.shortcuts": "get_current_site",
    "django.core.serializers": "serialize deserialize",
    "django.db.transaction": """
        commit rollback savepoint savepoint_commit savepoint_rollback get_autocommit
        set_autocommit""",
}
# What stands for something that no twin could be of.
INSTEAD = {
    "foreign key, one-to-one and deferred attributes": "asyncgen_runtime.related.arelated",
    "len(), [i] and bool() of a queryset": "asyncgen_django.AsyncQuerySet.alist",
    "len(), [i] and bool() of a raw queryset": "asyncgen_django.AsyncRawQuerySet.alist",
    "transaction.atomic": "asyncgen_runtime.transaction.aatomic",
    "transaction.on_commit": "asyncgen_runtime.transaction.aon_commit",
    "CaptureQueriesContext": "asyncgen_runtime.test.acapture_queries",
    "assertNumQueries": "asyncgen_runtime.test.aassert_num_queries",
    "assertQuerySetEqual": "asyncgen_runtime.test.aassert_queryset_equal",
}


@pytest.mark.parametrize("dotted", METHODS)
def test_methods_have_twins(dotted: str) -> None:
    found = {
        twin
        for mixin, source in mixins()
        if f"{source.__module__}.{source.__name__}" == dotted
        for twin in vars(mixin)
    }
    assert {f"a{name}" for name in METHODS[dotted].split()} - found == set()


@pytest.mark.parametrize("module", FUNCTIONS)
def test_functions_have_twins(module: str) -> None:
    (twins,) = (twins for twins, source in areas() if source.__name__ == module)
    assert {f"a{name}" for name in FUNCTIONS[module].split()} - {*twins.__all__} == set()


@pytest.mark.parametrize("what", INSTEAD)
def test_something_else_stands_for_the_rest(what: str) -> None:
    path = INSTEAD[what].split(".")
    found: Any = importlib.import_module(path[0])
    for depth, name in enumerate(path[1:], 2):
        if not hasattr(found, name):
            importlib.import_module(".".join(path[:depth]))
        found = getattr(found, name)
    assert callable(found)


# -- twins of something unusual: a name of a hook, properties, a receiver -------------------------


@pytest.mark.asyncio
async def test_q_check(database: None) -> None:
    condition = AsyncQ(pages__gt=F("least"))
    with pytest.raises(SynchronousOnlyOperation):
        condition.check({"pages": 2, "least": 1})
    assert await condition.acheck({"pages": 2, "least": 1})
    assert not await condition.acheck({"pages": 1, "least": 1})


@pytest.mark.asyncio
async def test_columns_of_a_raw_queryset(database: None) -> None:
    rows = AsyncRawQuerySet("SELECT id, name AS title FROM auth_group", model=Group)
    rows.translations = {"title": "name"}
    with pytest.raises(SynchronousOnlyOperation):
        _ = rows.columns
    assert await rows.acolumns() == ["id", "name"]


@pytest.mark.asyncio
async def test_the_choices_of_a_field_come_in_chunks(database: None, hops: list[object]) -> None:
    groups = [Group(name=f"group {number}") for number in range(3)]
    await Group.objects.abulk_create(groups)
    field = AsyncModelChoiceField(Group.objects.order_by("name"))
    with pytest.raises(SynchronousOnlyOperation):
        list(cast("Iterable[object]", field.choices))
    hops.clear()
    labels = [label async for _, label in field.achoices()]
    assert labels == [field.empty_label, "group 0", "group 1", "group 2"]
    assert len(hops) == 1


@pytest.mark.asyncio
async def test_update_last_login(database: None) -> None:
    user = await User.objects.acreate_user("ada")
    await aupdate_last_login(User, user)
    stored = await sync_to_async(User.objects.get)(pk=user.pk)
    assert stored.last_login == user.last_login is not None
