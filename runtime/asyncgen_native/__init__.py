"""The whole unmodified Django ORM on the event loop, through greenlets. Needs Django and greenlet.

Optional: what asyncgen generates imports it only where ``bridge = "asyncgen_native.bridge"`` asks
for it. The backends are `asyncgen_native.postgresql`, `.mysql` and `.sqlite3`.
"""

from __future__ import annotations

try:
    import greenlet as _greenlet  # noqa: F401
except ImportError as error:
    raise ImportError(
        'asyncgen_native needs greenlet: pip install "asyncgen-runtime[native]"'
    ) from error

from .calls import bridge
from .greenlets import BridgeClosed, NotInBridge, await_, in_bridge
from .pool import close_pools
from .transaction import aatomic

__all__ = [
    "BridgeClosed",
    "NotInBridge",
    "aatomic",
    "await_",
    "bridge",
    "close_pools",
    "in_bridge",
]
