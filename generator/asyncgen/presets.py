"""Source tables for packages that many projects use: `asyncgen init --preset NAME`.

A preset names what is worth awaiting in a package: abstract models, managers, querysets, functions.
Concrete models are left out, for the async class of one is a proxy, which asks for a migration.
Each is built and awaited against a pinned release by tests/projects/test_presets.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """The source table for one distribution; `use` says how the project comes by what is written,
    where {module} stands for the written module."""

    distribution: str
    sources: tuple[str, ...]
    use: str
    classes: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """The import package, by which a project's own classes tell that they use it."""
        return self.sources[0].partition(".")[0]

    def table(self, output: str) -> str:
        """The table as it goes into a configuration; `output` is the path of the written module."""
        module = output.removesuffix(".py").replace("/", ".")
        lists = (
            f"{key} = {listed(values)}\n"
            for key in ("sources", "classes", "functions", "include", "exclude")
            if (values := getattr(self, key))
        )
        return (
            f"\n# {self.distribution}: {self.use.format(module=module)}\n"
            "[[tool.asyncgen.source]]\n"
            f"{''.join(lists)}"
            'style = "subclass"\n'
            'managers = "none"\n'
            f'output = "{output}"\n'
        )


def listed(values: tuple[str, ...]) -> str:
    """As TOML has them: in one line, else one a line."""
    line = ", ".join(f'"{each}"' for each in values)
    if len(line) <= 80:
        return f"[{line}]"
    return "[\n" + "".join(f'    "{each}",\n' for each in values) + "]"


PRESETS: Mapping[str, Preset] = {
    "drf": Preset(
        "djangorestframework",
        ("rest_framework.serializers",),
        "inherit AsyncModelSerializer of {module}; then `await serializer.ais_valid()`, `adata()`",
        classes=("Serializer", "ModelSerializer", "ListSerializer"),
        include=("*Serializer.data",),
        exclude=(
            "*Serializer.bind",
            "*Serializer.build_*",
            "*Serializer.fail",
            "*Serializer.get_*",
            "*Serializer.include_*",
            "*Serializer.many_init",
            "*Serializer.run_*",
            "*Serializer.set_value",
            "*Serializer.to_*",
            "*Serializer.validate*",
        ),
    ),
    "guardian": Preset(
        "django-guardian",
        ("guardian.shortcuts", "guardian.managers"),
        "`from {module} import aassign_perm, aget_objects_for_user`",
        classes=("*ObjectPermissionManager",),
        functions=("assign_perm", "remove_perm", "get_*"),
    ),
    "model-utils": Preset(
        "django-model-utils",
        ("model_utils.managers",),
        "`objects = AsyncInheritanceManager()`, with the manager of {module}",
        classes=(
            "InheritanceManager",
            "InheritanceQuerySet",
            "SoftDeletableManager",
            "SoftDeletableQuerySet",
            "QueryManager",
        ),
    ),
    "mptt": Preset(
        "django-mptt",
        ("mptt.models", "mptt.managers"),
        "inherit AsyncMPTTModel of {module}, `objects = AsyncTreeManager()`",
        classes=("MPTTModel", "TreeManager"),
    ),
    "polymorphic": Preset(
        "django-polymorphic",
        ("polymorphic.managers", "polymorphic.query", "polymorphic.models"),
        "inherit AsyncPolymorphicModel of {module}",
        classes=("PolymorphicManager", "PolymorphicQuerySet", "PolymorphicModel"),
    ),
    "reversion": Preset(
        "django-reversion",
        ("reversion.revisions",),
        "`async with acreate_revision():` of {module}, and what is set in it",
        functions=("create_revision", "add_to_revision"),
    ),
    "simple-history": Preset(
        "django-simple-history",
        ("simple_history.manager", "simple_history.utils"),
        "`abulk_create_with_history(…)` of {module}; "
        "`history = HistoricalRecords(history_manager=AsyncHistoryManager)`",
        classes=("HistoryManager", "HistoricalQuerySet"),
        functions=("bulk_*_with_history", "update_change_reason"),
    ),
    "solo": Preset(
        "django-solo",
        ("solo.models",),
        "inherit AsyncSingletonModel of {module}; then `await SiteConfiguration.aget_solo()`",
    ),
    "taggit": Preset(
        "django-taggit",
        ("taggit.managers",),
        "`tags = TaggableManager(manager=Async_TaggableManager)`, with the manager of {module}",
        classes=("_TaggableManager",),
    ),
    "treebeard": Preset(
        "django-treebeard",
        ("treebeard.mp_tree", "treebeard.ns_tree", "treebeard.al_tree"),
        "inherit AsyncMP_Node of {module} in the place of MP_Node",
    ),
    "waffle": Preset(
        "django-waffle",
        ("waffle.__init__", "waffle.managers"),
        "`await aflag_is_active(request, name)`, `aswitch_is_active(name)` of {module}",
        functions=("*_is_active",),
    ),
    "wagtail": Preset(
        "wagtail",
        ("wagtail.models.pages", "wagtail.query", "wagtail.models.sites"),
        "`objects = AsyncBasePageManager.from_queryset(AsyncPageQuerySet)()`, both of {module}",
        classes=("BasePageManager", "PageQuerySet", "SiteManager"),
    ),
}
