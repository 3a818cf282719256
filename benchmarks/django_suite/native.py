"""Run Django's runtests.py, with its arguments, in one call of one task: `python native.py ...`.

Every query that the tests make on the main thread suspends the call. How many statements were sent
from there, and from elsewhere, goes to $SUITE_COUNTS.
"""

import asyncio
import json
import os
import runpy
import sys
import threading
import urllib.request
from collections import Counter

from asyncgen_native import await_, bridge, in_bridge
from django.db.backends.utils import CursorWrapper

sent = Counter()


def count_statements():
    def counting(name):
        method = getattr(CursorWrapper, name)

        def counted(*arguments):
            sent["in the call" if in_bridge() else "elsewhere"] += 1
            return method(*arguments)

        setattr(CursorWrapper, name, counted)

    counting("_execute")
    counting("_executemany")


def suspend_what_blocks():
    """Some tests run a loop of their own; some wait for a thread, or for a server on one, which
    waits for the loop."""
    run_loop = asyncio.run

    def run_or_await(coroutine, **options):
        return await_(coroutine) if in_bridge() else run_loop(coroutine, **options)

    def suspending(owner, name):
        function = getattr(owner, name)

        def call_or_await(*arguments, **options):
            if in_bridge():
                return await_(asyncio.to_thread(function, *arguments, **options))
            return function(*arguments, **options)

        setattr(owner, name, call_or_await)

    asyncio.run = run_or_await
    suspending(threading.Thread, "join")
    suspending(urllib.request, "urlopen")
    return run_loop


def main():
    sys.argv[0] = "runtests.py"
    sys.path.insert(0, os.getcwd())
    count_statements()
    run_loop = suspend_what_blocks()

    async def whole():
        await bridge(runpy.run_path)("runtests.py", run_name="__main__")

    try:
        run_loop(whole())
    finally:
        with open(os.environ["SUITE_COUNTS"], "w", encoding="utf-8") as file:
            json.dump({"routed": sent}, file)


if __name__ == "__main__":
    main()
