"""What a project's settings say of its cache, mail, sessions and users."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_NAMES = ("AUTH_USER_MODEL", "EMAIL_BACKEND", "SESSION_ENGINE")


@dataclass(frozen=True, slots=True)
class Settings:
    """What all of a project's settings say; where two differ, nothing."""

    caches: Mapping[str, str] = field(default_factory=dict)  # backends by alias; "" cannot be told
    said: Mapping[str, str] = field(default_factory=dict)
    processors: tuple[str, ...] = ()  # what adds to the context of each template that has a request

    def one(self, name: str) -> str:
        """A setting that is a constant; empty where it is not given, or cannot be told."""
        return self.said.get(name, "")


def is_settings(path: Path) -> bool:
    return path.stem == "settings" or path.parent.name == "settings"


def settings(paths: Iterable[Path]) -> Settings:
    """What the settings among the files say."""
    caches: dict[str, str] = {}
    said: dict[str, str] = {}
    processors: dict[str, None] = {}
    for path in sorted(paths):
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        for node in tree.body:
            for name, value in _assigned(node):
                if name == "CACHES" and isinstance(value, ast.Dict):
                    for alias, backend in _caches(value):
                        caches[alias] = backend if caches.get(alias, backend) == backend else ""
                elif name == "TEMPLATES":
                    processors |= dict.fromkeys(_processors(value))
                elif name in _NAMES:
                    text = _text(value)
                    said[name] = text if said.get(name, text) == text else ""
    return Settings(caches, said, tuple(processors))


def _assigned(node: ast.stmt) -> Iterable[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value


def _text(node: ast.expr | None) -> str:
    """The text of a constant; empty for anything else."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return ast.literal_eval(node) if is_text and node else ""


def _processors(templates: ast.expr) -> Iterable[str]:
    """What stands in the lists of `context_processors`."""
    for node in ast.walk(templates):
        pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
        for key, value in pairs:
            if _text(key) == "context_processors" and isinstance(value, ast.List | ast.Tuple):
                yield from filter(None, map(_text, value.elts))


def _caches(node: ast.Dict) -> Iterable[tuple[str, str]]:
    for key, value in zip(node.keys, node.values, strict=True):
        options = zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ()
        backends = [_text(given) for name, given in options if _text(name) == "BACKEND"]
        if _text(key):
            yield _text(key), backends[0] if backends else ""
