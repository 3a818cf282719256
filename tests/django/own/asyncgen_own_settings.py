"""Settings for Django's own test-suite, whose models get the generated managers.

Django's `runtests.py` imports them before any model. No class of Django's is changed: names are
given another meaning, in the modules where models and test modules look them up, so that

* a model without a manager gets AsyncManager(), and so do base managers and related managers;
* `models.Manager`, `models.QuerySet` and what is derived from them are the generated classes.

That is for ASYNCGEN_SURFACE=generated. With `everywhere`, the models are Django's own, and the app
of that name is installed for the whole project; with `coherent` it takes every class for one that
overrides something, whose twins are all generated. With `plain`, nothing is done.

Every use of a twin is counted, of the generated ones and of those that Django wrote by hand, by
watching the bridge to the worker thread in either's module. The counts go to the file that
ASYNCGEN_TWIN_COUNTS names.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

DATABASE = os.environ["ASYNCGEN_TEST_DATABASE"]
NAME = f"asyncgen_own_{os.getpid()}"


def database(alias: str) -> dict[str, Any]:
    name = f"test_{NAME}_{alias}"
    match DATABASE:
        case "sqlite":
            return {"ENGINE": "django.db.backends.sqlite3"}
        case "postgres":
            engine, variable, port, user = "postgresql", "POSTGRES", "5432", "postgres"
            extra: dict[str, Any] = {"NAME": "postgres", "TEST": {"NAME": name}}
        case "mariadb":
            engine, variable, port, user = "mysql", "MARIADB", "3306", "root"
            extra = {"NAME": "mysql", "TEST": {"NAME": name, "CHARSET": "utf8mb4"}}
        case _:
            raise ValueError(f"ASYNCGEN_TEST_DATABASE is {DATABASE}")
    return {
        "ENGINE": f"django.db.backends.{engine}",
        "USER": os.environ.get(f"ASYNCGEN_{variable}_USER", user),
        "PASSWORD": os.environ.get(f"ASYNCGEN_{variable}_PASSWORD", ""),
        "HOST": os.environ.get(f"ASYNCGEN_{variable}_HOST", "127.0.0.1"),
        "PORT": os.environ.get(f"ASYNCGEN_{variable}_PORT", port),
        **extra,
    }


if DATABASE == "mariadb":
    # mysqlclient has to be compiled against MariaDB's headers; PyMySQL works on a bare machine.
    import pymysql

    pymysql.install_as_MySQLdb()

DATABASES = {"default": database("default"), "other": database("other")}
SECRET_KEY = "only for tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False


# -- the generated surface ------------------------------------------------------------------------

# Where Django and its tests look these names up. Not django.db.models.query, in which QuerySet is
# what `isinstance` asks for.
PLACES = {
    "Manager": [
        "django.db.models",
        "django.db.models.base",
        "django.db.models.manager",
        "django.db.models.options",
        "django.db.models.fields.related_descriptors",
    ],
    "QuerySet": ["django.db.models"],
}


def substitute() -> None:
    import asyncgen_django

    for name, modules in PLACES.items():
        for each in modules:
            module = importlib.import_module(each)
            assert hasattr(module, name), f"{each} has no {name}"
            setattr(module, name, getattr(asyncgen_django, f"Async{name}"))


# -- counting -------------------------------------------------------------------------------------

counts: dict[str, Counter[str]] = {"generated": Counter(), "by hand": Counter()}


def watch(module: ModuleType, bridge: str, counter: Counter[str]) -> None:
    """Count the calls of a module's bridge by the function that makes them: the twin."""
    original: Callable[..., Any] = getattr(module, bridge)

    def counting(*args: Any, **kwargs: Any) -> Any:
        counter[sys._getframe(1).f_code.co_qualname.partition(".<locals>")[0]] += 1
        return original(*args, **kwargs)

    setattr(module, bridge, counting)


def install_everywhere() -> None:
    """One more line in what runtests.py, the program that runs, makes INSTALLED_APPS of."""
    vars(sys.modules["__main__"])["ALWAYS_INSTALLED_APPS"].insert(0, "asyncgen_django.everywhere")


def count() -> None:
    import asyncgen_runtime
    from django.db.models import query

    # The generated modules take the bridge from there when they are imported, which is later.
    watch(asyncgen_runtime, "on_worker", counts["generated"])
    watch(asyncgen_runtime, "iterator_to_async", counts["generated"])
    watch(query, "sync_to_async", counts["by hand"])

    @atexit.register
    def report() -> None:
        with open(os.environ["ASYNCGEN_TWIN_COUNTS"], "w", encoding="utf-8") as file:
            json.dump(counts, file)


count()
match os.environ["ASYNCGEN_SURFACE"]:
    case "generated":
        substitute()
    case "everywhere":
        install_everywhere()
    case "coherent":
        install_everywhere()
        from asyncgen_django.everywhere import either

        either.overrides = lambda found: True
