"""Generate the async surface of synchronous Python. The public names are those of `asyncgen.api`.

They are imported when they are first asked for, so that the command line need not wait for them.
Nothing else is: `python -m asyncgen` comes by here while the project's folder is on the path.
"""

TYPE_CHECKING = False  # importing typing takes longer than a check without a change
if TYPE_CHECKING:
    from asyncgen.api import (
        AsyncgenError,
        Callable,
        Config,
        File,
        Kind,
        Location,
        Outcome,
        Problem,
        Severity,
        build,
        check,
        load,
    )

__all__ = [
    "AsyncgenError",
    "Callable",
    "Config",
    "File",
    "Kind",
    "Location",
    "Outcome",
    "Problem",
    "Severity",
    "build",
    "check",
    "load",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from asyncgen import api

    return getattr(api, name)
