"""The little that generated code may import. Needs asgiref and nothing else.

`asyncgen_runtime.related`, `.transaction` and `.test` need Django, and are not imported here.
"""

from __future__ import annotations

from .bridge import no_stop_iteration, on_worker, sync_to_async
from .context import AsyncContext, context_to_async
from .iteration import iterator_to_async, read_rows
from .mixin import ModelMixin
from .static import static_twin

__all__ = [
    "AsyncContext",
    "ModelMixin",
    "context_to_async",
    "iterator_to_async",
    "no_stop_iteration",
    "on_worker",
    "read_rows",
    "static_twin",
    "sync_to_async",
]
