"""Real packages: everything in them builds, and every twin is awaited against SQLite.

`awaiting.py` awaits the twins, in a process for each package. What the packages need is installed
from `requirements.txt` into the cache; `requirements.in` says how that file is made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import black
import pytest
from asyncgen.plan import Result
from asyncgen.problems import Severity
from asyncgen.surface import Kind, SurfaceClass

from tests.projects.download import (
    CACHE,
    HERE,
    DownloadError,
    Package,
    fetch,
    packages,
    scratch_in_cache,
)
from tests.support.building import build

PACKAGES = [package for package in packages().values() if not package.heldout]
STYLES = ("subclass", "mixin")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"

CONTRIB = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.admin",
    "django.contrib.messages",
]
OSCAR = """
analytics.Analytics checkout.Checkout address.Address shipping.Shipping catalogue.Catalogue
catalogue.reviews.CatalogueReviews communication.Communication partner.Partner basket.Basket
payment.Payment offer.Offer order.Order customer.Customer search.Search voucher.Voucher
wishlists.Wishlists
dashboard.Dashboard dashboard.reports.ReportsDashboard dashboard.users.UsersDashboard
dashboard.orders.OrdersDashboard dashboard.catalogue.CatalogueDashboard
dashboard.offers.OffersDashboard dashboard.partners.PartnersDashboard
dashboard.pages.PagesDashboard dashboard.ranges.RangesDashboard
dashboard.reviews.ReviewsDashboard dashboard.vouchers.VouchersDashboard
dashboard.communications.CommunicationsDashboard dashboard.shipping.ShippingDashboard"""
# The settings that each package asks for.
SETTINGS: dict[str, dict[str, Any]] = {
    "django-model-utils": {"INSTALLED_APPS": []},
    "django-polymorphic": {"INSTALLED_APPS": ["polymorphic"]},
    "django-guardian": {
        "INSTALLED_APPS": ["guardian", "guardian.testapp"],
        "AUTH_USER_MODEL": "testapp.CustomUser",
        "GUARDIAN_MONKEY_PATCH_USER": False,
    },
    "django-oscar": {
        "INSTALLED_APPS": [
            "django.contrib.flatpages",
            "oscar.config.Shop",
            *(
                f"oscar.apps.{path.rpartition('.')[0]}.apps.{path.rpartition('.')[2]}Config"
                for path in OSCAR.split()
            ),
            "widget_tweaks",
            "haystack",
            "treebeard",
            "django_tables2",
        ],
        "HAYSTACK_CONNECTIONS": {
            "default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}
        },
    },
    "django-notifications-hq": {"INSTALLED_APPS": ["notifications"]},
    "django-ordered-model": {"INSTALLED_APPS": ["ordered_model"]},
    "django-allauth": {
        "INSTALLED_APPS": [
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "allauth.mfa",
            "allauth.usersessions",
            "allauth.idp.oidc",
        ],
        "MIDDLEWARE": ["allauth.account.middleware.AccountMiddleware"],
    },
    "django-simple-history": {"INSTALLED_APPS": ["simple_history"]},
}
DEFAULTS = {"django-oscar": ["oscar.defaults"]}  # modules that have settings
# What a model has to define that inherits from one of these.
BODIES = {"StatusModel": {"STATUS": [("new", "new"), ("old", "old")]}}
# The model to use with a class, where none of the package's own does; and where it stands.
USES = {"HistoryManager": "sample.HistoricalPoll"}
SAMPLES = {
    "django-ordered-model": """\
from ordered_model.models import OrderedModel


class Item(OrderedModel):
    pass
""",
    "django-simple-history": """\
from django.db import models
from simple_history.models import HistoricalRecords


class Poll(models.Model):
    question = models.CharField(max_length=100)
    history = HistoricalRecords()
""",
}
# Options of `class Meta` that the package still gives, and Django no longer takes.
META = {"django-notifications-hq": ["index_together"]}
WARNINGS = ("-W", "ignore", "-W", "default::RuntimeWarning")


@cache
def installed(lock: str = "requirements.txt") -> Path:
    """What the packages depend on, installed into the cache."""
    more = lock.removeprefix("requirements").removesuffix(".txt")
    target = CACHE / f"installed{more}-{PYTHON}-{sys.platform}"
    if not target.is_dir():
        with scratch_in_cache() as folder:
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
            pip += ["--quiet", "--no-deps", "--require-hashes", "--target", folder]
            pip += ["--requirement", str(HERE / lock)]
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise DownloadError(f"pip could not install {lock}:\n{done.stderr}")
            os.rename(folder, target)
            os.mkdir(folder)  # for TemporaryDirectory to remove
    return target


@dataclass(frozen=True)
class Built:
    """A scratch project in which the surface of a package was built."""

    package: Package
    root: Path
    site_packages: Path
    results: dict[str, Result]  # by style


@pytest.fixture(scope="module", params=PACKAGES, ids=lambda package: package.name)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    package: Package = request.param
    root = tmp_path_factory.mktemp("project")
    site_packages = root / ".venv" / "lib" / PYTHON / "site-packages"
    site_packages.mkdir(parents=True)
    try:
        names = link_packages(site_packages, package)
    except DownloadError as error:
        pytest.skip(str(error))
    (root / "sample").mkdir()
    (root / "sample" / "__init__.py").touch()
    sample = SAMPLES.get(package.name, "")
    (root / "sample" / "models.py").write_text(sample, encoding="utf-8")
    results = {}
    for style in STYLES:
        (root / f"{style}.toml").write_text(
            f"[tool.asyncgen]\nsources = {modules(site_packages, names)}\nstyle = '{style}'\n"
            # An app for each module: django-oscar has several models of one name.
            f"output = '{style}_{{package}}/{{path}}/surface.py'\n",
            encoding="utf-8",
        )
        built = build(root / f"{style}.toml", warnings=True)
        built.write()
        results[style] = built.result
        for surface in results[style].surfaces:
            app = surface.module.rpartition(".")[0]
            (root / surface.path).with_name("__init__.py").touch()
            (root / surface.path).with_name("apps.py").write_text(
                "from django.apps import AppConfig\n\n\nclass Config(AppConfig):\n"
                f"    name = '{app}'\n    label = '{app.replace('.', '_')}'\n",
                encoding="utf-8",
            )
    return Built(package, root, site_packages, results)


def link_packages(site_packages: Path, package: Package) -> list[str]:
    """Make an environment that has the package, all others, and what they need. The names of the
    package's import packages."""
    for path in installed().iterdir():
        (site_packages / path.name).symlink_to(path)
    for each in packages().values():
        if not each.heldout:
            root = fetch(each)
            for name in import_packages(each):
                (site_packages / name).symlink_to(root / each.roots[0] / name)
            metadata = site_packages / f"{each.name.replace('-', '_')}-{each.version}.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").symlink_to(root / "PKG-INFO")
    return import_packages(package)


def import_packages(package: Package) -> list[str]:
    return sorted({module.partition(".")[0] for module in package.modules})


def modules(site_packages: Path, names: list[str]) -> list[str]:
    """All modules of the import packages that say anything of models, managers or querysets;
    without tests and migrations."""
    found = []
    for name in names:
        for path in sorted((site_packages / name).rglob("*.py")):
            parts = path.relative_to(site_packages).with_suffix("").parts
            if {"tests", "migrations", "registry_tests"} & set(parts):
                continue
            text = path.read_text(encoding="utf-8").lower()
            if "class " in text and any(word in text for word in ("model", "manager", "queryset")):
                found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


# -- what is written ------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_everything_builds(built: Built, style: str) -> None:
    result = built.results[style]
    unclear = [each for each in result.problems if each.code != "AG305"]
    assert [str(each) for each in unclear] == []
    assert all(each.severity is Severity.WARNING for each in result.problems)
    covered = {entry.decision.owner.dotted for entry in result.entries if entry.decision.owner}
    classes = [made for surface in result.surfaces for made in surface.classes]
    # Each class whose callables ask for a twin has it.
    asked = {
        entry.decision.owner.dotted
        for entry in result.entries
        if entry.decision.owner and entry.decision.twin
    }
    assert asked <= {made.source.dotted for made in classes}
    twins = sum(len(made.twins) for made in classes)
    kinds = {kind.value: 0 for kind in Kind}
    for entry in result.entries:
        kinds[entry.decision.kind.value] += 1
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    print(f"{built.package.name}, {style}: {len(covered)} classes, {twins} twins; {counts}")
    assert twins


def test_the_output_is_formatted_and_compiles(built: Built) -> None:
    files = sorted(built.root.rglob("surface.py*"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        compile(text, path.name, "exec")
        assert black.format_str(text, mode=black.Mode(is_pyi=path.suffix == ".pyi")) == text, path
        # Nothing of this machine.
        assert str(built.root) not in text
        assert str(CACHE) not in text
    ruff = [sys.executable, "-m", "ruff"]
    lint = [*ruff, "check", "--isolated", "--select=F,I", "--target-version=py311"]
    for command in ([*ruff, "format", "--isolated", "--diff"], lint):
        done = subprocess.run(
            [*command, *map(str, files)], cwd=built.root, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


# -- what it does ---------------------------------------------------------------------------------


def plan(built: Built) -> dict[str, Any]:
    entries = []
    for result in built.results.values():
        for surface in result.surfaces:
            entries += [class_plan(made, surface.module) for made in surface.classes]
            if surface.functions:
                entries.append(
                    {
                        "module": surface.module,
                        "class": None,
                        "source": surface.functions[0].module,
                        "twins": [twin_plan(each, surface.module) for each in surface.functions],
                    }
                )
    name = built.package.name
    options = dict(SETTINGS[name])
    options["INSTALLED_APPS"] = [
        *CONTRIB,
        *options["INSTALLED_APPS"],
        *sorted({each["module"].rpartition(".")[0] for each in entries}),
        "sample",
    ]
    return {
        "root": str(built.root),
        "settings": options,
        "defaults": DEFAULTS.get(name, []),
        "bodies": BODIES,
        "uses": USES,
        "meta": META.get(name, []),
        "entries": entries,
    }


def class_plan(made: SurfaceClass, module: str) -> dict[str, Any]:
    return {
        "module": module,
        "class": made.source.name,
        "source": made.source.module,
        "local": made.source.qualname != made.source.name,
        "twins": [twin_plan(each, f"{module}.{made.name}") for each in made.twins],
    }


def twin_plan(twin: Any, owner: str) -> dict[str, str]:
    return {
        "name": f"{owner}.{twin.name}",
        "twin": twin.name,
        "sync": twin.decision.function.name,
        "kind": twin.kind.value,
        "binding": twin.binding.value,
    }


def test_every_twin_is_awaited(built: Built) -> None:
    wanted = plan(built)
    path = built.root / "plan.json"
    path.write_text(json.dumps(wanted), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *WARNINGS, str(HERE / "awaiting.py"), str(path)],
        cwd=built.root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(pythonpath(built))},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    raised = ", ".join(f"{count} {name}" for name, count in report["raised"].items())
    print(
        f"{built.package.name}: {report['real']} twins awaited for real ({report['returned']}"
        f" returned; raised: {raised or 'nothing'}), {report['stubbed']} over stubs"
    )
    if os.environ.get("ASYNCGEN_TEST_DETAILS"):
        print(*report["details"], sep="\n")
    assert "never awaited" not in done.stderr
    assert report["failures"] == [], "\n".join(report["failures"])
    assert report["real"] + report["stubbed"] == sum(
        len(each["twins"]) for each in wanted["entries"]
    )


def pythonpath(built: Built) -> list[str]:
    mine = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return [str(built.root), str(built.site_packages), *mine]
