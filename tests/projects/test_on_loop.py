"""What is called `pure` or `queryset` never queries: it is run in a loop, where Django raises.

`onloop.py` does it, in a process for each package. A few packages are in the normal run;
ASYNCGEN_TEST_PROJECTS=all takes all that can be imported with what is installed for them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncgen.config import load
from asyncgen.plan import Entry, Run
from asyncgen.rules import is_asynchronous
from asyncgen.source import Binding
from asyncgen.surface import Kind

from tests.projects.download import HERE, DownloadError, Package, packages, roots
from tests.projects.test_build import (
    BODIES,
    CONTRIB,
    DEFAULTS,
    META,
    SAMPLES,
    SETTINGS,
    WARNINGS,
    import_packages,
    installed,
)

FEW = ("django-polymorphic", "django-guardian", "django-notifications-hq", "django-ordered-model")
# Of the others, the apps; and what else their settings have to say.
APPS: dict[str, dict[str, Any]] = {
    "django-mptt": {"INSTALLED_APPS": ["mptt"]},
    "django-taggit": {"INSTALLED_APPS": ["taggit"]},
    "django-reversion": {"INSTALLED_APPS": ["reversion"]},
    "django-waffle": {"INSTALLED_APPS": ["waffle"]},
    "django-organizations": {"INSTALLED_APPS": ["organizations"]},
    "django-activity-stream": {"INSTALLED_APPS": ["actstream"]},
    "django-safedelete": {"INSTALLED_APPS": ["safedelete"]},
    "django-tree-queries": {"INSTALLED_APPS": ["tree_queries"]},
    "django-celery-results": {"INSTALLED_APPS": ["django_celery_results"]},
    "django-treebeard": {"INSTALLED_APPS": ["treebeard"]},
    "django-auditlog": {"INSTALLED_APPS": ["auditlog"]},
    "django-celery-beat": {"INSTALLED_APPS": ["django_celery_beat"]},
    "django-filer": {"INSTALLED_APPS": ["easy_thumbnails", "polymorphic", "filer"]},
    "django-oauth-toolkit": {"INSTALLED_APPS": ["oauth2_provider"]},
    "django-helpdesk": {"INSTALLED_APPS": ["rest_framework", "helpdesk"]},
    "django-push-notifications": {"INSTALLED_APPS": ["push_notifications"]},
    "django-river": {"INSTALLED_APPS": ["river"]},
    "django-hitcount": {"INSTALLED_APPS": ["hitcount"]},
    "django-invitations": {"INSTALLED_APPS": ["invitations"]},
    "wagtail": {
        "INSTALLED_APPS": [
            "wagtail.contrib.forms",
            "wagtail.contrib.redirects",
            "wagtail.contrib.settings",
            "wagtail.contrib.search_promotions",
            "wagtail.embeds",
            "wagtail.sites",
            "wagtail.users",
            "wagtail.snippets",
            "wagtail.documents",
            "wagtail.images",
            "wagtail.search",
            "wagtail.admin",
            "wagtail.locales",
            "wagtail",
            "modelcluster",
            "taggit",
            "modelsearch",
        ],
        "WAGTAIL_SITE_NAME": "site",
        "WAGTAILADMIN_BASE_URL": "https://example.com",
    },
    "dj-stripe": {
        "INSTALLED_APPS": ["djstripe"],
        "DJSTRIPE_FOREIGN_KEY_TO_FIELD": "id",
        "STRIPE_TEST_SECRET_KEY": "sk_test_text",
        "STRIPE_LIVE_MODE": False,
    },
    "django-parler": {"INSTALLED_APPS": ["parler"]},
    "django-ledger": {"INSTALLED_APPS": ["django_ledger"]},
    "django-friendship": {"INSTALLED_APPS": ["friendship"]},
    "django-scheduler": {"INSTALLED_APPS": ["schedule"]},
    "django-newsletter": {"INSTALLED_APPS": ["sorl.thumbnail", "newsletter"]},
    "django-q2": {"INSTALLED_APPS": ["django_q"]},
    "django-otp": {
        "INSTALLED_APPS": [
            "django_otp",
            "django_otp.plugins.otp_email",
            "django_otp.plugins.otp_hotp",
            "django_otp.plugins.otp_static",
            "django_otp.plugins.otp_totp",
        ]
    },
    "django-rest-knox": {"INSTALLED_APPS": ["rest_framework", "knox"]},
    "django-solo": {"INSTALLED_APPS": ["solo"]},
}
OPTIONS = {**SETTINGS, **APPS}
ASIDE = {"tests", "test", "migrations", "registry_tests", "conftest", "settings", "testapp"}


def wanted() -> list[Package]:
    takes_all = os.environ.get("ASYNCGEN_TEST_PROJECTS") == "all"
    return [packages()[name] for name in (OPTIONS if takes_all else FEW)]


def modules(package: Package) -> Iterator[str]:
    """All modules of the package, without tests and migrations."""
    for root in roots(package)[: len(package.roots)]:
        for name in import_packages(package):
            for path in sorted((root / name).rglob("*.py")):
                parts = path.relative_to(root).with_suffix("").parts
                if not ASIDE & set(parts) and all(map(str.isidentifier, parts)):
                    yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def environment(package: Package, root: Path) -> Path:
    """A folder like site-packages, which has the package, those in test_build.py, and what they
    need."""
    folder = root / "site-packages"
    folder.mkdir()
    lock = "requirements-heldout.txt" if package.heldout else "requirements.txt"
    known = [package, *(each for each in packages().values() if not each.heldout)]
    for each in dict.fromkeys(known):
        for found in roots(each):
            for name in import_packages(each):
                if (found / name).exists() and not (folder / name).exists():
                    (folder / name).symlink_to(found / name)
        metadata = folder / f"{each.name.replace('-', '_')}-{each.version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {each.name}\nVersion: {each.version}\n"
        )
    for path in installed(lock).iterdir():
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    return folder


def decided(package: Package, root: Path, places: Path) -> list[dict[str, Any]]:
    """The callables that were decided to be `pure` or `queryset`."""
    path = root / "pyproject.toml"
    path.write_text(
        "[tool.asyncgen]\n"
        f"python = {json.dumps(sys.prefix)}\n"
        f"search = {json.dumps([str(places)])}\n"
        f"sources = {json.dumps(list(modules(package)))}\n"
        'output = "{module}_async.py"\nstubs = "none"\nclasses = ["*"]\nfunctions = ["*"]\n',
        encoding="utf-8",
    )
    return [planned(each) for each in Run(load(path)).result().entries if is_called(each)]


def is_called(entry: Entry) -> bool:
    decision = entry.decision
    owner = decision.owner.qualname if decision.owner else ""
    return (
        decision.kind in (Kind.PURE, Kind.QUERYSET)
        and "<locals>" not in owner
        and decision.function.binding is not Binding.PROPERTY
        and not is_asynchronous(decision.function)
        and not any("assumed" in each.message for each in decision.evidence)
    )


def planned(entry: Entry) -> dict[str, Any]:
    decision = entry.decision
    return {
        "module": entry.module.name,
        "class": decision.owner.qualname if decision.owner else "",
        "name": decision.function.name,
        "kind": decision.kind.value,
        # A queryset whose evidence says a doubt may query: that is said.
        "doubts": decision.kind is Kind.QUERYSET and len(decision.evidence) > 1,
        "binding": decision.function.binding.value,
        "why": "; ".join(each.message for each in decision.evidence),
    }


def on_loop(package: Package, root: Path) -> tuple[list[dict[str, Any]], Any]:
    """The callables, and what onloop.py says of them."""
    places = environment(package, root)
    entries = decided(package, root, places)
    options = dict(OPTIONS[package.name])
    options["INSTALLED_APPS"] = [*CONTRIB, *options["INSTALLED_APPS"], "sample"]
    (root / "sample").mkdir()
    (root / "sample" / "__init__.py").touch()
    sample = SAMPLES.get(package.name, "")
    (root / "sample" / "models.py").write_text(sample, encoding="utf-8")
    plan = {
        "root": str(root),
        "settings": options,
        "defaults": DEFAULTS.get(package.name, []),
        "bodies": BODIES,
        "meta": META.get(package.name, []),
        "entries": entries,
    }
    (root / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *WARNINGS, str(HERE / "onloop.py"), str(root / "plan.json")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(places)])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return entries, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("package", wanted(), ids=lambda each: each.name)
def test_nothing_queries_that_should_not(package: Package, tmp_path: Path) -> None:
    try:
        entries, report = on_loop(package, tmp_path)
    except DownloadError as error:
        pytest.skip(str(error))
    print(summary(package, entries, report))
    assert report["failures"] == [], "\n".join(report["failures"])
    assert report["returned"]


def summary(package: Package, entries: list[dict[str, Any]], report: Any) -> str:
    return (
        f"{package.name}: {len(entries)} callables, {report['called']} called "
        f"{report['calls']} times, {report['returned']} of them returned"
    )


def main(names: list[str]) -> None:
    for name in names or OPTIONS:
        package = packages()[name]
        with tempfile.TemporaryDirectory() as folder:
            entries, report = on_loop(package, Path(folder))
        print(summary(package, entries, report), f"{len(report['failures'])} queried", flush=True)
        print(*report["failures"], sep="\n")
        if os.environ.get("ASYNCGEN_TEST_DETAILS"):
            print(*report["left_out"].items(), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
