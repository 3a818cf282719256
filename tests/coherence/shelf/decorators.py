"""Decorators as projects have them; two of them hide the signature."""

from __future__ import annotations

import functools

from .calls import ran


class Busy(Exception):
    pass


def retry(times):
    def decorate(function):
        @functools.wraps(function)
        def attempts(*args, **kwargs):
            for attempt in range(1, times + 1):
                ran("attempt", attempt)
                try:
                    return function(*args, **kwargs)
                except Busy:
                    if attempt == times:
                        raise
            return None

        return attempts

    return decorate


def remembered(function):
    known = {}

    def look_up(self, key):
        if key not in known:
            known[key] = function(self, key)
        return known[key]

    look_up.known = known
    return look_up
