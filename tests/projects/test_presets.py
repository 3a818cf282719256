"""Presets of `asyncgen init`: each is added, built against its pinned package, and awaited.

What is awaited runs in a process with a database of its own, where the package is the wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asyncgen.cli import main
from asyncgen.presets import PRESETS
from click.testing import CliRunner, Result
from download import DownloadError, fetch, packages

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
BASE = ("django.contrib.auth", "django.contrib.contenttypes")


@dataclass(frozen=True)
class Case:
    """What a project does with a preset: the apps that it installs, what stands in its models
    besides an import of the written module, and what it awaits."""

    apps: tuple[str, ...]
    models: str
    awaited: str
    settings: str = ""


NAMED = "name = models.CharField(max_length=9)"
CASES = {
    "drf": Case(
        ("rest_framework",),
        f"""
        class Item(models.Model):
            {NAMED}
        """,
        """
        class ItemSerializer(written.AsyncModelSerializer):
            class Meta:
                model = shop.Item
                fields = ["name"]

        serializer = ItemSerializer(data={"name": "a"})
        assert await serializer.ais_valid()
        assert (await serializer.asave()).pk == 1
        assert await serializer.adata() == {"name": "a"}
        """,
    ),
    "guardian": Case(
        ("guardian",),
        "class Item(models.Model):\n    pass\n",
        """
        from django.contrib.auth.models import User

        item = await shop.Item.objects.acreate()
        user = await User.objects.acreate(username="a")
        await written.aassign_perm("shop.view_item", user, item)
        assert await written.aget_perms(user, item) == ["view_item"]
        found = await written.aget_objects_for_user(user, "shop.view_item")
        assert [each async for each in found] == [item]
        """,
    ),
    "model-utils": Case(
        (),
        f"""
        class Place(models.Model):
            {NAMED}
            objects = written.AsyncInheritanceManager()

        class Bar(Place):
            pass

        class Note(models.Model):
            {NAMED}
            is_removed = models.BooleanField(default=False)
            objects = models.Manager()
            kept = written.AsyncSoftDeletableManager()
        """,
        """
        await shop.Bar.objects.acreate(name="a")
        assert type(await shop.Place.objects.aget_subclass(name="a")) is shop.Bar
        named = shop.Place.objects.instance_of(shop.Bar).filter(name="a")
        assert type(named) is type(shop.Place.objects.filter()) is written.AsyncInheritanceQuerySet
        assert type(await named.aget_subclass()) is shop.Bar
        assert type(await shop.Place.objects.select_subclasses().aget()) is shop.Bar
        await shop.Note.objects.acreate(name="b")
        assert await shop.Note.kept.filter(name="b").adelete() == (1, {"shop.Note": 1})
        assert [each.is_removed async for each in shop.Note.objects.all()] == [True]
        assert [each async for each in shop.Note.kept.all()] == []
        """,
    ),
    "mptt": Case(
        ("mptt",),
        f"""
        from mptt.fields import TreeForeignKey

        class Node(written.AsyncMPTTModel):
            {NAMED}
            parent = TreeForeignKey("self", models.CASCADE, null=True)
            objects = written.AsyncTreeManager()
        """,
        """
        root = await shop.Node.objects.acreate(name="a")
        child = await shop.Node.objects.acreate(name="b")
        await child.amove_to(root)
        assert (await child.aget_root()) == root
        async with shop.Node.objects.adelay_mptt_updates():
            await child.asave()
        """,
    ),
    "polymorphic": Case(
        ("polymorphic",),
        f"""
        class Project(written.AsyncPolymorphicModel):
            {NAMED}

        class Art(Project):
            pass
        """,
        """
        art = shop.Art(name="a")
        await art.asave()
        project = await shop.Project.objects.non_polymorphic().aget()
        assert type(project) is shop.Project
        assert type(await project.aget_real_instance()) is shop.Art
        """,
    ),
    "reversion": Case(
        ("reversion",),
        f"""
        import reversion

        @reversion.register()
        class Item(models.Model):
            {NAMED}
        """,
        """
        from asgiref.sync import sync_to_async
        from reversion.models import Version

        async with written.acreate_revision():
            item = await shop.Item.objects.acreate(name="a")
        assert await sync_to_async(Version.objects.get_for_object(item).count)() == 1
        """,
    ),
    "simple-history": Case(
        ("simple_history",),
        f"""
        from simple_history.models import HistoricalRecords

        class Poll(models.Model):
            {NAMED}
            history = HistoricalRecords(history_manager=written.AsyncHistoryManager)
        """,
        """
        await written.abulk_create_with_history([shop.Poll(name="a")], shop.Poll)
        poll = await shop.Poll.objects.aget()
        assert (await poll.history.amost_recent()).name == "a"
        """,
    ),
    "solo": Case(
        ("solo",),
        "class Site(written.AsyncSingletonModel):\n    name = models.CharField(default='a')\n",
        """
        site = await shop.Site.aget_solo()
        site.name = "b"
        await site.asave()
        assert (await shop.Site.aget_solo()).name == "b"
        """,
    ),
    "taggit": Case(
        ("taggit",),
        """
        from taggit.managers import TaggableManager

        class Item(models.Model):
            tags = TaggableManager(manager=written.Async_TaggableManager)
        """,
        """
        item = await shop.Item.objects.acreate()
        await item.tags.aadd("red", "blue")
        await item.tags.aremove("blue")
        assert [tag.name async for tag in item.tags.all()] == ["red"]
        """,
    ),
    "treebeard": Case(
        ("treebeard",),
        f"""
        class Node(written.AsyncMP_Node):
            {NAMED}
        """,
        """
        root = await shop.Node.aadd_root(name="a")
        child = await root.aadd_child(name="b")
        assert [each.name async for each in root.get_children()] == ["b"]
        await child.adelete()
        assert await shop.Node.objects.acount() == 1
        """,
    ),
    "waffle": Case(
        ("waffle",),
        "",
        """
        from waffle import get_waffle_switch_model

        assert await written.aswitch_is_active("a") is False
        await get_waffle_switch_model().objects.acreate(name="b", active=True)
        assert await written.aswitch_is_active("b") is True
        """,
    ),
}
SCRIPT = """\
import asyncio
import django
from django.conf import settings

settings.configure(
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}}},
    INSTALLED_APPS={apps},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SECRET_KEY="x",
    USE_TZ=True,
)
django.setup()
from django.core.management import call_command
from shop import {module} as written, models as shop

call_command("migrate", run_syncdb=True, verbosity=0)


async def main():
{awaited}
    print("awaited")


asyncio.run(main())
"""


def module_of(name: str) -> str:
    return f"{name.replace('-', '_')}_async"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose environment has all the packages."""
    site_packages = tmp_path / ".venv" / "lib" / PYTHON / "site-packages"
    site_packages.mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    for package in packages("presets.toml").values():
        try:
            unpacked = fetch(package)
        except DownloadError as error:
            pytest.skip(str(error))
        for path in unpacked.iterdir():
            if not (site_packages / path.name).exists():
                (site_packages / path.name).symlink_to(path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text('[tool.asyncgen]\nsources = ["shop/models.py"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_adds_is_built_and_awaited(name: str, root: Path) -> None:
    case = CASES.get(name)
    models = f"from django.db import models\n\nfrom shop import {module_of(name)} as written\n\n"
    (root / "shop" / "models.py").write_text(models + dedent(case.models if case else ""))
    (root / "pyproject.toml").unlink()
    added = run("init", "--preset", name)
    assert added.exit_code == 0, added.output
    assert f"a source for {PRESETS[name].distribution}" in added.stdout
    # That the project's own models have twins as well is another matter.
    text = (root / "pyproject.toml").read_text()
    preset = text[text.index("[[tool.asyncgen.source]]") :]
    (root / "pyproject.toml").write_text(f"[tool.asyncgen]\n{preset}")
    built = run("build")
    assert built.exit_code == 0, built.output
    assert run("check").exit_code == 0
    if case is None:
        return
    script = SCRIPT.format(
        apps=[*BASE, *case.apps, "shop"],
        module=module_of(name),
        awaited=indent(dedent(case.awaited), "    "),
    )
    (root / "awaited.py").write_text(script)
    site_packages = root / ".venv" / "lib" / PYTHON / "site-packages"
    path = os.pathsep.join([str(site_packages), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "awaited.py"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("awaited\n"), done.stderr


def test_only_wagtail_is_not_awaited() -> None:
    assert PRESETS.keys() - CASES.keys() == {"wagtail"}, "it needs twenty packages more"


def test_a_preset_is_added_to_a_configuration_that_is_there_once(root: Path) -> None:
    before = (root / "pyproject.toml").read_text()
    assert run("init", "--preset", "solo", "--preset", "waffle").exit_code == 0
    after = (root / "pyproject.toml").read_text()
    assert after.startswith(before)
    assert after.count("[[tool.asyncgen.source]]") == 2
    assert 'output = "shop/solo_async.py"' in after
    again = run("init", "--preset", "solo")
    assert again.exit_code == 2
    assert "has a source for django-solo already [AG109]" in again.stderr
    assert (root / "pyproject.toml").read_text() == after


def test_a_package_that_is_not_installed_is_named(tmp_path: Path, root: Path) -> None:
    (root / ".venv" / "lib" / PYTHON / "site-packages" / "solo").unlink()
    added = run("init", "--preset", "solo")
    assert added.exit_code == 2
    assert "django-solo, for --preset solo, is not in the project's environment" in added.stderr
    assert "source]]" not in (root / "pyproject.toml").read_text()


def test_init_names_the_preset_of_a_package_that_classes_inherit_from(root: Path) -> None:
    (root / "pyproject.toml").unlink()
    (root / "shop" / "models.py").write_text(
        "from solo.models import SingletonModel\n\n\nclass Site(SingletonModel):\n    pass\n"
    )
    said = run("init").stdout
    assert "django-solo has a preset: `asyncgen init --preset solo` adds a source for it" in said
    assert "in comments" not in said  # there is none
    text = (root / "pyproject.toml").read_text()
    assert "inherit from django-solo: `asyncgen init --preset solo` adds a source for it" in text
    assert 'sources = ["solo.models"]' not in text
    (root / "pyproject.toml").unlink()
    assert "has a preset" not in run("init", "--preset", "solo").stdout
    assert "--preset solo" not in (root / "pyproject.toml").read_text()
