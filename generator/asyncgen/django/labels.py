"""The labels of Django's applications, which say what model a relation to `order.Line` means.

https://docs.djangoproject.com/en/stable/ref/applications/#django.apps.AppConfig.label
"""

from __future__ import annotations

from dataclasses import dataclass, field

from asyncgen.facts import Literal
from asyncgen.resolve import Resolver
from asyncgen.source import Class

# Which of them is the label, the settings decide: any of them may be it.
AppLabels = frozenset[str]


@dataclass
class Labels:
    """Finds the labels that the application of a model may have."""

    resolver: Resolver
    _of_modules: dict[str, AppLabels] = field(default_factory=dict)

    def of(self, model: Class) -> AppLabels:
        """What `Meta` says, or else those of the module; none where that is in no package."""
        meta = model.classes.get("Meta")
        said = _text(meta, "app_label") if meta else ""
        return AppLabels([said]) if said else self.of_module(model.module)

    def is_in(self, model: Class, labels: AppLabels) -> bool:
        """Whether a model may be in an application of these labels; both may be unknown."""
        own = self.of(model)
        return not own or not labels or not own.isdisjoint(labels)

    def of_module(self, name: str) -> AppLabels:
        """The label of the nearest `AppConfig`, and the name of the package that has the models:
        INSTALLED_APPS decides which of both packages is the application."""
        if name not in self._of_modules:
            packages = _packages(name)
            configured = next(filter(None, map(self._configured, packages)), "")
            last = packages[0].rpartition(".")[2] if packages else ""
            self._of_modules[name] = AppLabels(filter(None, (configured, last)))
        return self._of_modules[name]

    def _configured(self, package: str) -> str:
        module = self.resolver.readable(f"{package}.apps")
        for cls in module.classes.values() if module else ():
            label = _text(cls, "label") or _text(cls, "name").rpartition(".")[2]
            if label:
                return label
        return ""


def _packages(module: str) -> list[str]:
    """The packages around a module of models, from the inside: `shop.models` is none."""
    parts = module.split(".")
    parts = parts[: parts.index("models") if "models" in parts else -1]
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _text(cls: Class, name: str) -> str:
    """The text that a class gives to a name; empty where it is no text that stands there."""
    attribute = cls.attributes.get(name)
    value = attribute.value if attribute else None
    return value.text if isinstance(value, Literal) and value.type == "str" else ""
