"""Context variables that are set in one place and taken back in another."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

Tokens = dict[contextvars.ContextVar[Any], contextvars.Token[Any]]


def carry_back(context: contextvars.Context) -> Tokens:
    """Set the variables of the current context to their values in `context`.

    Returns tokens with which those that had to be changed can be reset.
    """
    return {
        variable: variable.set(value)
        for variable, value in context.items()
        if variable.get(_missing) is not value
    }


_missing = object()


def set_variable(variable: contextvars.ContextVar[T], value: T) -> Callable[[], None]:
    """Set `variable` and return what takes that back, in another context too."""
    token = variable.set(value)

    def undo() -> None:
        try:
            variable.reset(token)
        except ValueError:  # The token was made in another context, which this may be a copy of.
            if variable.get(None) is value and token.old_value is not token.MISSING:
                variable.set(token.old_value)

    return undo
