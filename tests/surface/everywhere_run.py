# ruff: noqa: E402, PT017  Django has to be set up first, and pytest is not running this.
"""A project with one more line in INSTALLED_APPS; run by test_everywhere in its own process."""

from __future__ import annotations

import asyncio
import io

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "file:x?mode=memory&cache=shared",
        }
    },
    INSTALLED_APPS=[
        "asyncgen_django.everywhere",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    SECRET_KEY="only for tests",
    USE_TZ=True,
)
django.setup()

from django import forms
from django.contrib.auth import aauthenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import SynchronousOnlyOperation, ValidationError
from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import models, transaction
from django.db.models.signals import pre_save


class GroupForm(forms.ModelForm):
    class Meta:
        model = Group
        fields = ("name",)


def stop(**options: object) -> None:
    raise StopIteration


async def main() -> None:
    from asgiref.sync import sync_to_async

    await sync_to_async(call_command)("migrate", verbosity=0)
    user = await User.objects.acreate_user("ada", password="secret")
    assert await aauthenticate(username="ada", password="secret") == user
    await user.afull_clean()
    try:
        await User(username="ada", password="x").afull_clean()
    except ValidationError as error:
        assert "username" in error.message_dict
    else:
        raise AssertionError
    assert (await ContentType.objects.aget_for_model(User)).model == "user"
    form = GroupForm({"name": "readers"})
    assert await form.ais_valid(), form.errors
    group = await form.asave()
    assert not await GroupForm({"name": "readers"}).ais_valid()
    paginator = Paginator(Group.objects.order_by("pk"), 10)
    assert await paginator.acount() == 1
    assert (await paginator.apage(1)).object_list is not None
    session = SessionStore()
    await session.aset("answer", 42)
    await session.asave()
    assert await SessionStore(session.session_key).aget("answer") == 42
    queryset = Group.objects.all()
    assert await queryset.alist() == [group] == await Group.objects.alist()
    assert await queryset.acount() == 1
    choice = forms.ModelChoiceField(Group.objects.all())
    assert await choice.aclean(str(group.pk)) == group

    class Own(ModelBackend):
        ran = 0

        def get_user(self, user_id: object) -> object:
            Own.ran += 1
            return super().get_user(user_id)

    assert await Own().aget_user(user.pk) == user
    assert Own.ran == 1
    # Where nothing is overridden Django's own twins stay; where something is, all are generated.
    assert ModelBackend.aauthenticate.__module__ == "django.contrib.auth.backends"
    assert Own.aauthenticate.__module__.startswith("asyncgen_django.")
    assert User.acheck_password.__module__ == "django.contrib.auth.base_user"
    # Django's own twin, and a receiver that raises StopIteration: an error at once, never a hang.
    pre_save.connect(stop, sender=Group)
    try:
        await asyncio.wait_for(Group(name="writers").asave(), timeout=30)
    except RuntimeError as error:
        assert "raised StopIteration" in str(error)
    else:
        raise AssertionError
    try:
        with transaction.atomic():
            raise AssertionError
    except SynchronousOnlyOperation as error:
        assert "aatomic" in str(error)


listed = io.StringIO()
call_command("asyncgen_everywhere", stdout=listed)
print(listed.getvalue())
assert "django.db.models.base.Model.afull_clean: new, beside" in listed.getvalue()
assert "Model.asave: replaces Django's, for classes that override something" in listed.getvalue()
assert "QuerySet.aget: replaces Django's\n" in listed.getvalue()
assert models.Model.afull_clean.__module__.startswith("asyncgen_django.")
assert models.Model.asave.__module__ == "django.db.models.base"
asyncio.run(main())
