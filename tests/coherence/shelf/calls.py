"""What the overrides note when they run."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    name: str
    details: tuple[Any, ...]
    thread: int


CALLS: list[Call] = []


def ran(name: str, *details: Any) -> None:
    CALLS.append(Call(name, details, threading.get_ident()))
