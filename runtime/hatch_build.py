"""Takes in the packages of asyncgen-runtime that do not stand beside its pyproject.toml.

In the repository they are output, in source roots of their own. In the sdist they stand right here,
so that a wheel is built from it as from the repository.
"""

from __future__ import annotations

from pathlib import Path

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = {"asyncgen_django": "../generated", "asyncgen_django-stubs": "../stubs"}


class Siblings(BuildHookInterface[BuilderConfig]):
    """Adds each package from wherever it is."""

    def initialize(self, version: str, build_data: dict[str, dict[str, str]]) -> None:
        if version == "editable":
            return  # the folders themselves are on the path then
        root = Path(self.root)
        for package, folder in PACKAGES.items():
            places = (root / package, root / folder / package)
            place = next(each for each in places if each.is_dir())
            build_data["force_include"][str(place)] = package
