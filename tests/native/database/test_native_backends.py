"""What else a backend of Django's can do: introspection, schemas, commands, clients."""

from __future__ import annotations

import io
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asyncgen_native import bridge
from asyncgen_native.pool import Statistics, pools
from django.core.management import call_command
from django.db import connection, models
from django.db.utils import load_backend

from tests.testproject.library.models import Author, Book, Tag

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def introspected() -> object:
    found: list[Any] = []
    with connection.cursor() as cursor:
        inspect = connection.introspection
        for table in sorted(inspect.table_names(cursor)):
            found += [
                table,
                inspect.get_table_description(cursor, table),
                inspect.get_relations(cursor, table),
                inspect.get_constraints(cursor, table),
                inspect.get_sequences(cursor, table),
            ]
    return found


def inspected() -> str:
    said = io.StringIO()
    call_command("inspectdb", "library_book", "library_author", stdout=said)
    return said.getvalue()


@pytest.mark.parametrize("ask", [introspected, inspected])
def test_introspection_says_the_same_in_a_call(run: Run, ask: Callable[[], object]) -> None:
    async def main() -> object:
        return await bridge(ask)()

    expected = ask()
    assert "library_book" in str(expected)
    assert run(main()) == expected


def test_data_are_dumped_and_loaded_in_a_call(run: Run, tmp_path: Any) -> None:
    dump = tmp_path / "dump.json"

    def there_and_back() -> None:
        author = Author.objects.create(name="Ada")
        Book.objects.create(title="one", pages=1, author=author)
        call_command("dumpdata", "library", output=dump, verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
        assert not Book.objects.exists()
        call_command("loaddata", dump, verbosity=0)
        assert Book.objects.get().author == author

    async def main() -> None:
        await bridge(there_and_back)()

    run(main())


def test_a_schema_is_edited_in_a_call(run: Run) -> None:
    class Thing(models.Model):
        class Meta:
            app_label = "native"

    def tables() -> list[str]:
        return connection.introspection.table_names()

    def edit() -> None:
        with connection.schema_editor() as editor:
            editor.create_model(Thing)
        field = models.IntegerField(null=True)
        field.set_attributes_from_name("size")
        with connection.schema_editor() as editor:
            editor.add_field(Thing, field)
        assert "native_thing" in tables()
        with connection.schema_editor() as editor:
            editor.delete_model(Thing)
        assert "native_thing" not in tables()

    async def main() -> None:
        await bridge(edit)()

    run(main())


def test_dbshell_begins_what_djangos_backend_would() -> None:
    engine = connection.settings_dict["ENGINE"].replace("asyncgen_native", "django.db.backends")
    settings = connection.settings_dict
    options = settings["OPTIONS"]
    with_pool = settings | {"OPTIONS": options | {"native_pool": {"max_size": 3}}}
    djangos = load_backend(engine).DatabaseWrapper.client_class
    client = type(connection.client)
    expected = djangos.settings_to_cmd_args_env(settings | {"OPTIONS": options}, ["--help"])
    assert client.settings_to_cmd_args_env(with_pool, ["--help"]) == expected


def test_synchronously_it_is_djangos_own_whatever_the_pool(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "native_pool", {"max_size": 3})
    connection.close()
    Tag.objects.count()
    assert not type(connection.connection).__module__.startswith("asyncgen_native")

    async def main() -> None:
        await bridge(Tag.objects.count)()
        assert pools()["default"].statistics() == Statistics(open=1, out=0, waiting=0)
        assert pools()["default"]._options.max_size == 3

    run(main())
