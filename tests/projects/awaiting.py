"""Await every twin that was generated for a package, in a process of its own.

    python awaiting.py PLAN

PLAN is a JSON file that test_build.py writes: settings, and for each generated class or function
its module, its name and its twins. The sync callable of each twin is replaced by one that notes the
thread it runs on. It goes on to the real one if arguments can be made up for it from the signature;
if they cannot, it returns nothing. Prints one JSON object: how many of each there were, what the
real ones raised, and what went wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
import importlib
import inspect
import itertools
import json
import socket
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.conf import settings

DEADLINE = 30
Json = dict[str, Any]


@dataclass
class Report:
    real: int = 0
    stubbed: int = 0
    returned: int = 0
    raised: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


# -- Django ---------------------------------------------------------------------------------------


def set_up(plan: Json) -> None:
    from django.db.models import options as meta

    meta.DEFAULT_NAMES = (*meta.DEFAULT_NAMES, *plan["meta"])
    options = plan["settings"]
    for module in plan["defaults"]:
        found = importlib.import_module(module)
        options = {name: getattr(found, name) for name in dir(found) if name.isupper()} | options
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(Path(plan["root"], "database.sqlite3")),
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        MIGRATION_MODULES=NoMigrations(),
        ROOT_URLCONF=__name__,
        SECRET_KEY="only for tests",
        SITE_ID=1,
        STATIC_URL="/static/",
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        USE_TZ=True,
        **options,
    )
    django.setup()


class NoMigrations:
    """All tables are made at once."""

    def __contains__(self, label: str) -> bool:
        return True

    def __getitem__(self, label: str) -> None:
        return None


urlpatterns: list[Any] = []


def create_tables() -> None:
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)


# -- rows and arguments ---------------------------------------------------------------------------


class CannotInvent(Exception):
    """No plausible value is known."""


def filled(model: type[Any], depth: int = 0) -> Any:
    """A row of the model, saved if that works, with a plausible value in each required field."""
    from django.db import models, transaction

    values = {}
    for each in model._meta.concrete_fields:
        if (each.primary_key and each.has_default()) or isinstance(each, models.AutoField):
            continue
        if each.null or each.has_default() or (each.blank and not each.is_relation):
            continue
        if each.is_relation:
            if depth < 4 and each.related_model:
                values[each.name] = related_row(each.related_model, depth + 1)
        else:
            with contextlib.suppress(CannotInvent):
                is_key = each.name.endswith("_pk")  # of an object of some type
                values[each.name] = "1" if is_key else value_of(each)
    row = model(**values)
    with contextlib.suppress(Exception), transaction.atomic():
        row.save()
    return row


def related_row(model: type[Any], depth: int = 0) -> Any:
    from django.db import models

    found = models.QuerySet(model).first()
    return filled(model, depth) if found is None else found


def value_of(each: Any) -> Any:
    from django.db import models

    known: list[tuple[type[Any], Any]] = [
        (models.BooleanField, False),
        (models.DecimalField, Decimal(1)),
        (models.FloatField, 1.0),
        (models.IntegerField, 1),
        (models.DateTimeField, datetime.datetime.now(tz=datetime.UTC)),
        (models.DateField, datetime.datetime.now(tz=datetime.UTC).date()),
        (models.JSONField, {}),
        (models.EmailField, f"reader{next(NUMBERS)}@example.com"),
        (models.SlugField, f"text-{next(NUMBERS)}"),
        (models.UUIDField, "5f3c9e90-0e4c-4b0b-9b0e-2c6e3c1f0a11"),
        (models.CharField, f"text {next(NUMBERS)}"[: each.max_length or None]),
        (models.TextField, "text"),
        (models.FileField, "file.txt"),
        (models.BinaryField, b"text"),
    ]
    for type_, value in known:
        if isinstance(each, type_):
            return value
    raise CannotInvent(type(each).__name__)


def invented(parameter: inspect.Parameter, row: Any) -> Any:
    """A plausible argument, by the parameter's name."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import AnonymousUser, Group
    from django.test import RequestFactory

    model = type(row) if row is not None else get_user_model()
    now = datetime.datetime.now(tz=datetime.UTC)

    def request() -> Any:
        made: Any = RequestFactory().get("/")
        made.user = AnonymousUser()
        made.session = {}
        return made

    known: dict[str, Callable[[], Any]] = {
        "user": lambda: related_row(get_user_model()),
        "user_or_group": lambda: related_row(get_user_model()),
        "recipient": lambda: related_row(get_user_model()),
        "sender": lambda: related_row(get_user_model()),
        "group": lambda: related_row(Group),
        "obj": lambda: related_row(model),
        "instance": lambda: related_row(model),
        "objs": list,
        "ids": list,
        "queryset": lambda: model._base_manager.all(),
        "request": request,
        "using": lambda: "default",
        "pk": lambda: 1,
        "id": lambda: 1,
        "perm": lambda: "change_user",
        "date": lambda: now,
        "time": lambda: now,
        "email": lambda: "reader@example.com",
        "name": lambda: "text",
        "code": lambda: "text",
        "quantity": lambda: 1,
        "order": lambda: 1,
        "price": lambda: Decimal(1),
        "amount": lambda: Decimal(1),
        "verb": lambda: "reads",
    }
    if parameter.name not in known:
        raise CannotInvent(parameter.name)
    return known[parameter.name]()


ANYTHING = object()  # an argument for a stub
NUMBERS = itertools.count(1)  # so that unique values are


def arguments(signature: inspect.Signature, row: Any, *, real: bool) -> tuple[list[Any], Json]:
    """Arguments for what has no default. Raises CannotInvent."""
    positional: list[Any] = []
    named: Json = {}
    for each in signature.parameters.values():
        if each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            continue
        value = invented(each, row) if real else ANYTHING
        if each.kind is each.KEYWORD_ONLY:
            named[each.name] = value
        else:
            positional.append(value)
    return positional, named


# -- objects to await twins of --------------------------------------------------------------------


@dataclass
class Subject:
    """What has the twins: an object, and the namespace in which to replace the sync callables."""

    holder: Any
    where: Any
    row: Any
    is_fake: bool = False  # none could be made, so that all is stubs


def subject(entry: Json, module: ModuleType, number: int, plan: Json) -> Subject:
    from django.apps import apps

    if entry["class"] is None:
        return Subject(module, importlib.import_module(entry["source"]), None)
    mixin = getattr(module, f"{entry['class']}Async")
    source = getattr(importlib.import_module(entry["source"]), entry["class"], None)
    if source is None or entry["local"]:
        return fake(mixin)
    made = getattr(module, f"Async{entry['class']}", None)
    if made is not None:
        assert issubclass(made, mixin), made
        assert issubclass(made, source) or "from_queryset" in inspect.getsource(made), made
    what = role(source)
    if what == "model":
        body = plan["bodies"].get(entry["class"], {})
        return of_model(mixin, made, source, module, f"Counting{number}", body)
    model = plan["uses"].get(entry["class"])
    return of_rows(
        what,
        made or type(f"Made{entry['class']}", (mixin, source), {}),
        apps.get_model(model) if model else used_by(source),
    )


def role(source: type[Any]) -> str:
    """What the class is to Django; what is mixed into such classes says so in its name."""
    from django.db import models

    for name, root in (("queryset", models.QuerySet), ("manager", models.manager.BaseManager)):
        if issubclass(source, root) or name in source.__name__.lower():
            return name
    return "model"


def fake(mixin: type[Any]) -> Subject:
    found = type(f"Fake{mixin.__name__}", (mixin,), {})
    return Subject(found(), found, None, is_fake=True)


def of_rows(role: str, made: type[Any], model: type[Any]) -> Subject:
    """A queryset or manager of the model."""
    from django.db import models

    root = models.QuerySet if role == "queryset" else models.Manager
    if not issubclass(made, root):
        made = type(made.__name__, (made, root), {})
    where = type(f"Counting{made.__name__}", (made,), {})
    if role == "queryset":
        return Subject(where(model), where, related_row(model))
    try:
        manager = where()
    except TypeError:  # a manager that is bound to its model when it is made
        manager = where(model)
    manager.model = model
    manager.name = "made"
    return Subject(manager, where, related_row(model))


def used_by(source: type[Any]) -> type[Any]:
    """A model one of whose managers is or gives an instance of the class; else the user."""
    from django.apps import apps
    from django.contrib.auth import get_user_model

    for model in reversed(apps.get_models()):
        for manager in model._meta.managers:
            with contextlib.suppress(Exception):
                if isinstance(manager, source) or isinstance(manager.get_queryset(), source):
                    return model
    return get_user_model()


def of_model(
    mixin: type[Any],
    made: type[Any] | None,
    source: type[Any],
    module: ModuleType,
    name: str,
    body: Json,
) -> Subject:
    """A row. What is abstract is that of a model which inherits from it, or of one made here."""
    from django.apps import apps
    from django.db import connection, models

    app = apps.get_containing_app_config(module.__name__)
    assert app is not None
    meta: Json = {"app_label": app.label}
    concrete: type[Any] | None = source
    if not issubclass(source, models.Model) or source._meta.abstract:
        children = [each for each in apps.get_models() if issubclass(each, source)]
        concrete = next((each for each in children if not each._meta.proxy), None)
    body = {"__module__": module.__name__, **body}
    if concrete is None and not issubclass(source, models.Model):
        return fake(mixin)
    if concrete is None:
        bases = (made,) if made is not None else (mixin, source)
        where = type(name, bases, {**body, "Meta": type("Meta", (source.Meta,), meta)})
        with connection.schema_editor() as editor:
            editor.create_model(where)
    else:
        if made is not None and concrete is source:
            assert made._meta.proxy
            assert made._meta.concrete_model is source._meta.concrete_model
        meta["proxy"] = True
        where = type(name, (mixin, concrete), {**body, "Meta": type("Meta", (), meta)})
    return Subject(filled(where), where, related_row(concrete or where))


# -- awaiting -------------------------------------------------------------------------------------


async def awaited(twin: Any, kind: str) -> None:
    """Await what the twin gives, a few rows of an iterator, or what a context does."""
    if kind == "iterator":
        async with contextlib.aclosing(twin) as rows:
            number = 0
            async for _ in rows:
                number += 1
                if number == 3:
                    break
    elif kind == "context":
        async with twin:
            pass
    else:
        await twin


def stub(kind: str) -> Any:
    return {"iterator": iter(()), "context": contextlib.nullcontext()}.get(kind)


@dataclass
class Counted:
    """Stands in for a sync callable; notes where it runs."""

    function: Callable[..., Any] | None  # None: there is none
    kind: str
    real: bool
    threads: list[int] = field(default_factory=list)
    misfit: str = ""

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.threads.append(threading.get_ident())
        if self.function:
            try:
                inspect.signature(self.function).bind(*args, **options)
            except TypeError as error:
                self.misfit = str(error)
        return self.function(*args, **options) if self.function and self.real else stub(self.kind)


def replaced(found: Subject, entry: Json, counted: Counted) -> None:
    name = entry["sync"]
    binding = entry["binding"]

    def run(*args: Any, **options: Any) -> Any:
        return counted(*args, **options)

    if counted.function:
        functools.update_wrapper(run, counted.function)
    wrapped: Any = run
    if binding == "classmethod":
        wrapped = classmethod(run)
    elif binding == "staticmethod":
        wrapped = staticmethod(run)
    setattr(found.where, name, wrapped)


def original(found: Subject, entry: Json) -> Callable[..., Any] | None:
    """The real callable, as a function that takes its receiver."""
    if found.is_fake:
        return None
    function = getattr(found.where, entry["sync"])
    return getattr(function, "__func__", function)


async def call(found: Subject, entry: Json, report: Report, *, real: bool) -> bool:
    """Await a twin once. Whether its sync callable was reached; a real call needs arguments."""
    from django.core.exceptions import SynchronousOnlyOperation

    name = entry["name"]
    function = await sync_to_async(original)(found, entry)
    twin = getattr(found.holder, entry["twin"])
    try:
        args, options = await sync_to_async(arguments)(
            inspect.signature(twin), found.row, real=real
        )
    except CannotInvent:
        return False
    if real and function is None:
        return False
    counted = Counted(function, entry["kind"], real)
    before = vars(found.where).get(entry["sync"], ANYTHING)
    await sync_to_async(replaced)(found, entry, counted)
    try:
        twin = getattr(found.holder, entry["twin"])
        await asyncio.wait_for(awaited(twin(*args, **options), entry["kind"]), DEADLINE)
        if real:
            report.returned += 1
    except TimeoutError:
        report.failures.append(f"{name} hangs")
    except SynchronousOnlyOperation:
        report.failures.append(f"{name}: {traceback.format_exc()}")
    except Exception as error:
        if not counted.threads or not real:
            report.failures.append(f"{name}: {traceback.format_exc()}")
        report.raised[type(error).__name__] += 1
        report.details.append(f"{name}: {error!r}")
    finally:
        if before is ANYTHING:
            delattr(found.where, entry["sync"])
        else:
            setattr(found.where, entry["sync"], before)
    if not counted.threads:
        report.failures.append(f"{name} never reached its sync callable")
    if counted.misfit:
        report.failures.append(f"{name} does not fit its sync callable: {counted.misfit}")
    if threading.get_ident() in counted.threads:
        report.failures.append(f"{name} ran on the event loop's thread")
    return True


async def run(plan: Json, report: Report) -> None:
    # Models come first: querysets and managers want one that uses them.
    for number, entry in enumerate(sorted(plan["entries"], key=lambda each: not is_model(each))):
        module = importlib.import_module(entry["module"])
        try:
            found = await sync_to_async(subject)(entry, module, number, plan)
        except Exception:
            report.failures.append(f"{entry['module']}.{entry['class']}: {traceback.format_exc()}")
            continue
        for twin in entry["twins"]:
            if await call(found, twin, report, real=True):
                report.real += 1
            elif await call(found, twin, report, real=False):
                report.stubbed += 1


def is_model(entry: Json) -> bool:
    found = getattr(importlib.import_module(entry["source"]), entry["class"] or "", None)
    return found is not None and role(found) == "model"


def no_network(*args: Any) -> Iterator[None]:
    raise OSError("no network in this test")


def main(path: str) -> None:
    plan = json.loads(Path(path).read_text(encoding="utf-8"))
    importlib.import_module("setuptools")  # makes distutils known
    socket.socket.connect = no_network  # type: ignore[method-assign,assignment]
    set_up(plan)
    for entry in plan["entries"]:
        importlib.import_module(entry["module"])
    create_tables()
    report = Report()
    asyncio.run(run(plan, report))
    print(json.dumps(vars(report)))


if __name__ == "__main__":
    main(sys.argv[1])
