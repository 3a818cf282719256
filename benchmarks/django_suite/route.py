"""Route Django's sync methods through asyncgen's generated twins, for Django's own test suite.

`prepare()` is called by the settings module (see suite_settings.py). It puts
`asyncgen_django.everywhere` into the INSTALLED_APPS of Django's runtests.py; when that app is ready
and has put the twins onto Django's classes, every sync callable `X` with a generated twin `aX` is
replaced by one that does

    async_to_sync(self.aX)(*args, **kwargs)

and the twin's own call of `X`, on the worker thread (which under async_to_sync is the caller's),
runs the original. Subclasses that override `X`, existing ones and those that tests define, are
treated likewise, so that a twin is always what calls the outermost `X`.

What is not routed:

* a call of `X` that came from a twin: shallow guard, everything below a twin (the default); deep
  guard (SUITE_GUARD=deep), only the one call that the twin makes, so that twins nest;
* a call by way of super(): `self.aX` would start at the override again;
* a call on a thread with a running event loop: there, sync is what is being tested;
* a class whose `aX` is not a generated one (related managers: Django's own);
* more than SUITE_CAP (100) calls of one twin in one test;
* FieldFile.open(), whose twin is a context manager, and sync callers may not close it.

Three more of asyncgen's runtime, each asked for by a variable, as no twin of theirs is generated:
SUITE_RELATED=1 arelated(), SUITE_ATOMIC=1 aatomic() (savepoints only) and aon_commit(),
SUITE_ASSERTIONS=1 aassert_num_queries() and aassert_queryset_equal().

SUITE_MODE: `route` takes the generated twin everywhere (as tests/django/own of asyncgen has it for
"coherent"); `everywhere` installs the app and routes nothing.

Kinds of twins, and how a sync caller is served:

* coroutine functions: async_to_sync, on one event loop (see _to_sync());
* `__aiter__` for `__iter__`: all rows by `async for`, then iter() of the list;
* plain functions that return async generators: a sync generator that makes one step of the async
  generator for each of its own, on an event loop that lives as long as the process;
* properties: the getter; `choices` of ModelChoiceField: iter() of the ModelChoiceIterator;
* `alist`: before len() and bool() of a queryset, as asyncgen's documentation has it.

Counts go to $SUITE_COUNTS: bodies of generated twins that were entered (by sys.monitoring, so that
also shortcuts count which never cross to the worker), and calls that were routed.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
import inspect
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from types import FunctionType, ModuleType

from asgiref.sync import SyncToAsync, async_to_sync

MODE = os.environ.get("SUITE_MODE", "route")
DEEP = os.environ.get("SUITE_GUARD", "shallow") == "deep"
ATOMIC = os.environ.get("SUITE_ATOMIC") == "1"
ASSERTIONS = os.environ.get("SUITE_ASSERTIONS") == "1"
RELATED = os.environ.get("SUITE_RELATED") == "1"
# Names not to route, for bisecting: "QuerySet.__iter__ Model.save".
OFF = set(os.environ.get("SUITE_OFF", "").split())
# Calls of one twin that are routed in one test: a page of the admin asks has_perm() hundreds of
# times.
CAP = int(os.environ.get("SUITE_CAP", "100"))

entered: Counter[str] = Counter()
routed: Counter[str] = Counter()
capped: Counter[str] = Counter()
not_routed: Counter[str] = Counter()
_in_test: Counter[str] = Counter()
twins: dict[str, str] = {}

# Shallow: True below a twin. Deep: the call that the twin is about to make, (id(self), name).
_guard: contextvars.ContextVar = contextvars.ContextVar("route_guard", default=None)


# -- installing -----------------------------------------------------------------------------------


def prepare() -> None:
    """Called by the settings, before django.setup()."""
    runtests = vars(sys.modules["__main__"])
    if "ALWAYS_INSTALLED_APPS" not in runtests:
        return
    runtests["ALWAYS_INSTALLED_APPS"].insert(0, "asyncgen_django.everywhere")

    from asyncgen_django.everywhere import apps, either

    if MODE == "route":
        either.overrides = lambda found: True
    ready = apps.EverywhereConfig.ready

    def ready_and_route(self):
        ready(self)
        install()

    apps.EverywhereConfig.ready = ready_and_route
    atexit.register(report)


_bridge: set[object] = set()  # the functions of asyncgen's runtime that call X for a twin
_done: set[int] = set()
_names: dict[type, dict[str, object]] = {}  # target -> {sync name: generated twin}


def install() -> None:
    from asyncgen_django.everywhere import install as everywhere
    from asyncgen_runtime import bridge, iteration, reading

    _bridge.update({bridge._call.__code__, reading.Reader._open.__code__})
    _bridge.add(iteration.read_rows.__code__)
    for target, found in everywhere.targets():
        if id(target) in _done:
            continue
        _done.add(id(target))
        for name, twin in found.items():
            if name not in vars(target):  # of an app that was installed after the first ready()
                setattr(target, name, twin)
        _count(target, found)
        if MODE != "route":
            continue
        if isinstance(target, ModuleType):
            _route_functions(target, found)
        else:
            _route_class(target, found)
    if MODE == "route":
        _route_choices()
        if RELATED and not hasattr(_route_related, "done"):
            _route_related.done = True
            _route_related()
        if ASSERTIONS and not hasattr(_route_assertions, "done"):
            _route_assertions.done = True
            _route_assertions()
        if ATOMIC and not hasattr(_route_atomic, "done"):
            _route_atomic.done = True
            _route_atomic()


def _sync_name(name: str) -> str | None:
    if name == "__aiter__":
        return "__iter__"
    if name.startswith("__") or not name.startswith("a"):
        return None
    return name[1:]


def _function(found: object):
    """The function of what stands in a class: of a class method, or of asyncgen's Either."""
    found = getattr(found, "twin", found)
    return getattr(found, "__func__", found)


def _is_generated(found: object) -> bool:
    function = _function(found)
    return isinstance(function, FunctionType) and function.__module__.startswith("asyncgen_django")


# -- routing --------------------------------------------------------------------------------------


def _route_functions(module: ModuleType, found: dict[str, object]) -> None:
    for name, twin in found.items():
        sync = _sync_name(name)
        original = vars(module).get(sync)
        if isinstance(original, FunctionType) and not hasattr(original, "__routed__"):
            if module.__name__ + "." + sync in OFF:
                continue
            setattr(module, sync, _routed_function(original, twin, sync))


def _routed_function(original, twin, name):
    @functools.wraps(original)
    def call(*args, **kwargs):
        key = (0, name)
        if _is_below(key):
            return original(*args, **kwargs)
        return _drive(twin, twin, key, args, kwargs)

    call.__routed__ = original
    return call


def _route_class(target: type, found: dict[str, object]) -> None:
    names = {}
    for name, twin in found.items():
        sync = _sync_name(name)
        if sync is None or (target.__name__, sync) in SKIP or f"{target.__name__}.{sync}" in OFF:
            continue
        if name == "alist":
            names |= {each: twin for each in ("__len__", "__bool__") if hasattr(target, each)}
        elif hasattr(target, sync):
            names[sync] = twin
    _names[target] = names
    hook = vars(target).get("__init_subclass__")

    def init_subclass(cls, **kwargs):
        if hook is not None:
            hook.__get__(None, cls)(**kwargs)
        else:
            super(target, cls).__init_subclass__(**kwargs)
        _route_names(cls)

    target.__init_subclass__ = classmethod(init_subclass)
    _route_names(target)
    for each in _subclasses(target):
        _route_names(each)


SKIP = {("FieldFile", "open")}  # its twin is a context manager
SKIP |= {("ModelChoiceField", "choices")}  # see _route_choices()


def _subclasses(target: type):
    for each in type.__subclasses__(target):
        yield each
        yield from _subclasses(each)


def _route_names(cls: type) -> None:
    for base in cls.__mro__:
        for name in _names.get(base, ()):
            _route_name(cls, name)


def _route_name(cls: type, name: str) -> None:
    """Have `cls` route `name`, unless what it finds already does."""
    found = inspect.getattr_static(cls, name)
    if _is_routed(found):
        return
    if not isinstance(found, ROUTABLE):
        not_routed[f"{cls.__qualname__}.{name}: {type(found).__name__}"] += 1
        return
    if name in vars(cls):
        original = found
    else:

        def original(self, *args, **kwargs):
            return getattr(super(cls, self), name)(*args, **kwargs)

        if isinstance(found, FunctionType):
            functools.update_wrapper(original, found)
        elif isinstance(found, classmethod):

            def class_original(own, *args, **kwargs):
                return getattr(super(cls, own), name)(*args, **kwargs)

            original = classmethod(class_original)
        else:
            original = _like(found, lambda self: getattr(super(cls, self), name))
    type.__setattr__(cls, name, _routed_attribute(original, name))


def _like(found, getter):
    from django.utils.functional import cached_property

    if isinstance(found, cached_property):
        made = cached_property(getter)
        made.__set_name__(None, found.name)
        return made
    return property(getter, found.fset, found.fdel, found.__doc__)


def _is_routed(found: object) -> bool:
    return hasattr(_core(found), "__routed__")


def _core(found: object):
    """The function in a class method, property or cached property."""
    for name in ("fget", "__func__", "real_func"):
        core = getattr(found, name, None)
        if core is not None:
            return core
    return found


def _routed_attribute(original, name):
    from django.utils.functional import cached_property

    if isinstance(original, classmethod):
        core = original.__func__
        made = classmethod(_routed_method(core, name))
    elif isinstance(original, cached_property):
        made = cached_property(_routed_method(original.func, name))
        made.__set_name__(None, name)
    elif isinstance(original, property):
        made = property(
            _routed_method(original.fget, name), original.fset, original.fdel, original.__doc__
        )
    elif isinstance(original, functools.partialmethod):

        def call_partial(self, *args, **kwargs):
            return original.__get__(self, type(self))(*args, **kwargs)

        call_partial.__name__ = name
        made = _routed_method(call_partial, name)
    else:
        made = _routed_method(original, name)
    return made


def _routed_method(original, name):
    """What stands for a function in a class: for a method, a getter, a class method."""
    twin_name = {"__iter__": "__aiter__", "__len__": "alist", "__bool__": "alist"}.get(
        name, f"a{name}"
    )

    def call(self, *args, **kwargs):
        __traceback_hide__ = True  # Django's error page would show arguments otherwise
        key = (id(self), name)
        if _is_below(key):
            return original(self, *args, **kwargs)
        cls = self if isinstance(self, type) and not hasattr(type(self), name) else type(self)
        if _core(_lookup(cls, name)) is not call:  # by way of super()
            return original(self, *args, **kwargs)
        twin = _lookup(cls, twin_name)
        if not _is_generated(twin):
            not_routed[f"{cls.__qualname__}.{twin_name} is not generated"] += 1
            return original(self, *args, **kwargs)
        if _capped(twin):
            return original(self, *args, **kwargs)
        bound = getattr(self, twin_name)
        if twin_name == "alist":
            _drive(twin, bound, key, (), {})
            return original(self)
        return _drive(twin, bound, key, args, kwargs)

    functools.update_wrapper(call, original)
    call.__routed__ = original
    return call


def _lookup(cls: type, name: str):
    for base in cls.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return None


def _is_below(key) -> bool:
    """Whether this call is that of a twin, or one that cannot be routed."""
    if sys._getframe(2).f_code in _bridge:  # a twin that a coroutine of the test called
        if _guard.get() == key:
            _guard.set(None)
        return True
    guard = _guard.get()
    if guard is not None:
        if not DEEP:
            return True
        if guard == key:
            _guard.set(None)
            return True
    return asyncio._get_running_loop() is not None


def _drive(twin, bound, key, args, kwargs):
    __traceback_hide__ = True
    function = _function(twin)
    routed[_where(function)] += 1
    guard = key if DEEP else True
    if inspect.iscoroutinefunction(function):
        return _to_sync(bound, guard)(*args, **kwargs)
    if inspect.isasyncgenfunction(function):

        async def collect():
            return [row async for row in bound(*args, **kwargs)]

        return iter(_to_sync(collect, guard)())
    token = _guard.set(guard)
    try:
        rows = bound(*args, **kwargs)
    finally:
        _guard.reset(token)
    return _steps(rows, guard)


def _steps(rows, guard):
    """A sync generator over an async one."""

    async def step():
        return await anext(rows)

    try:
        while True:
            try:
                row = _to_sync(step, guard)()
            except StopAsyncIteration:
                return
            yield row
    finally:
        if asyncio._get_running_loop() is None and not sys.is_finalizing():
            _to_sync(rows.aclose, guard)()


def _to_sync(func, guard):
    """async_to_sync(), with the guard set, and a loop that lives on.

    Below sync_to_async(), in async tests, that is the loop which waits for this call, as
    async_to_sync() has it. Elsewhere async_to_sync() would make a loop and a thread for each call,
    which costs a few times as much, and an async generator could not go on from call to call.
    """

    async def call(*args, **kwargs):
        __traceback_hide__ = True
        return await func(*args, **kwargs)

    def drive(*args, **kwargs):
        __traceback_hide__ = True
        local = SyncToAsync.threadlocal
        before = getattr(local, "main_event_loop", None)
        if before is None or not before.is_running():
            local.main_event_loop, local.main_event_loop_pid = _loop(), os.getpid()
        task_context, local.task_context = getattr(local, "task_context", None), None
        token = _guard.set(guard)
        try:
            return async_to_sync(call)(*args, **kwargs)
        finally:
            _guard.reset(token)
            local.task_context = task_context
            local.main_event_loop = before

    return drive


_loops: dict[int, asyncio.AbstractEventLoop] = {}


def _loop() -> asyncio.AbstractEventLoop:
    loop = _loops.get(os.getpid())
    if loop is None:
        loop = _loops[os.getpid()] = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="route-loop", daemon=True).start()
        atexit.register(_stop, loop)
    return loop


def _stop(loop) -> None:
    loop.call_soon_threadsafe(loop.stop)
    while loop.is_running():
        time.sleep(0.01)
    loop.close()


def _where(function) -> str:
    module = re.sub(r"\.v\d_\d$", "", function.__module__)
    return f"{module}:{function.__qualname__}"


def _capped(twin) -> bool:
    """Whether this test has routed so many calls of a twin that the rest may go the short way."""
    where = _where(_function(twin))
    if _in_test[where] >= CAP:
        capped[where] += 1
        return True
    _in_test[where] += 1
    return False


def begin_test() -> None:
    """Called by recording.py when a test begins."""
    _in_test.clear()


def _route_choices() -> None:
    """`async for choice in field.achoices()`, for whoever iterates over `field.choices`."""
    from django.forms.models import ModelChoiceIterator

    original = ModelChoiceIterator.__iter__
    if hasattr(original, "__routed__") or "ModelChoiceField.choices" in OFF:
        return

    @functools.wraps(original)
    def call(self):
        key = (id(self.field), "choices")
        field = self.field
        twin = _lookup(type(field), "achoices")
        guard = _guard.get()
        if DEEP and guard is not None and guard[1] == "choices":
            _guard.set(None)
            return original(self)
        if _is_below(key) or not _is_generated(twin):
            return original(self)
        if _capped(twin):
            return original(self)
        if type(field.choices) is not type(self) or field.choices.queryset is not field.queryset:
            return original(self)
        return _drive(twin, field.achoices, key, (), {})

    call.__routed__ = original
    ModelChoiceIterator.__iter__ = call


def _route_related() -> None:
    """`await arelated(book, "author")` for `book.author`, as documented; with SUITE_RELATED=1."""
    from asyncgen_runtime.related import arelated
    from django.contrib.contenttypes.fields import GenericForeignKeyDescriptor
    from django.db.models.fields import related_descriptors as related
    from django.db.models.query_utils import DeferredAttribute

    def name_of(descriptor):
        if isinstance(descriptor, related.ReverseOneToOneDescriptor):
            return descriptor.related.accessor_name
        if isinstance(descriptor, DeferredAttribute):
            return descriptor.field.attname
        return descriptor.field.name

    for each in (
        related.ForwardManyToOneDescriptor,
        related.ReverseOneToOneDescriptor,
        GenericForeignKeyDescriptor,
        DeferredAttribute,
    ):
        _route_descriptor(each, arelated, name_of)


def _route_atomic() -> None:
    """`async with aatomic()` for `with atomic()` inside a transaction, `aon_commit()` for
    `on_commit()`; with SUITE_ATOMIC=1.

    Only there: an outermost aatomic() has a connection of its own, of which the rest of a sync test
    would not know.
    """
    from asyncgen_runtime.transaction import aatomic, aon_commit
    from django.db import connections, transaction
    from django.db.transaction import Atomic

    on_commit = transaction.on_commit

    @functools.wraps(on_commit)
    def routed_on_commit(*args, **kwargs):
        key = (0, "on_commit")
        if _is_below(key):
            return on_commit(*args, **kwargs)
        routed["aon_commit"] += 1
        return _to_sync(aon_commit, key if DEEP else True)(*args, **kwargs)

    transaction.on_commit = routed_on_commit
    enter, leave = Atomic.__enter__, Atomic.__exit__

    @functools.wraps(enter)
    def routed_enter(self):
        __traceback_hide__ = True
        key = (id(self), "atomic")
        if (
            getattr(self, "_from_testcase", False)
            or _is_below(key)
            or not any(each.in_atomic_block for each in connections.all(initialized_only=True))
        ):
            vars(self).setdefault("_routed", []).append(None)
            return enter(self)
        block = aatomic(self.using, self.savepoint, self.durable)
        _to_sync(block.__aenter__, key if DEEP else True)()
        vars(self).setdefault("_routed", []).append(block)
        routed["aatomic"] += 1
        return None

    @functools.wraps(leave)
    def routed_leave(self, kind, error, traceback):
        __traceback_hide__ = True
        stack = vars(self).get("_routed")
        block = stack.pop() if stack else None
        if block is None:
            return leave(self, kind, error, traceback)
        _to_sync(block.__aexit__, (id(self), "atomic") if DEEP else True)(kind, error, traceback)
        return None

    Atomic.__enter__, Atomic.__exit__ = routed_enter, routed_leave


def _route_assertions() -> None:
    """aassert_num_queries() and aassert_queryset_equal() of asyncgen_runtime.test, for the
    assertions of Django's test cases; with SUITE_ASSERTIONS=1."""
    from asyncgen_runtime.test import aassert_num_queries, aassert_queryset_equal
    from django.db import DEFAULT_DB_ALIAS
    from django.test import TransactionTestCase

    num_queries = TransactionTestCase.assertNumQueries
    queryset_equal = TransactionTestCase.assertQuerySetEqual

    class Context:
        def __init__(self, num, using):
            self.context = aassert_num_queries(num, using)

        def __enter__(self):
            return _to_sync(self.context.__aenter__, (0, "assertNumQueries") if DEEP else True)()

        def __exit__(self, *error):
            leave = _to_sync(self.context.__aexit__, (0, "assertNumQueries") if DEEP else True)
            return leave(*error)

    @functools.wraps(num_queries)
    def routed_num_queries(self, num, func=None, *args, using=DEFAULT_DB_ALIAS, **kwargs):
        if _is_below((0, "assertNumQueries")):
            return num_queries(self, num, func, *args, using=using, **kwargs)
        routed["aassert_num_queries"] += 1
        context = Context(num, using)
        if func is None:
            return context
        with context:
            func(*args, **kwargs)
        return None

    @functools.wraps(queryset_equal)
    def routed_queryset_equal(self, *args, **kwargs):
        key = (0, "assertQuerySetEqual")
        if _is_below(key):
            return queryset_equal(self, *args, **kwargs)
        routed["aassert_queryset_equal"] += 1
        return _to_sync(aassert_queryset_equal, key if DEEP else True)(*args, **kwargs)

    TransactionTestCase.assertNumQueries = routed_num_queries
    TransactionTestCase.assertQuerySetEqual = routed_queryset_equal


def _route_descriptor(cls, arelated, name_of):
    original = cls.__get__
    where = f"arelated: {cls.__name__}"

    @functools.wraps(original)
    def get(self, instance, owner=None):
        __traceback_hide__ = True
        if instance is None or _is_below((id(instance), where)):
            return original(self, instance, owner)
        name = name_of(self)
        if "__" in name or _lookup(type(instance), name) is not self or _in_test[where] >= CAP:
            return original(self, instance, owner)
        _in_test[where] += 1
        routed[where] += 1
        return _to_sync(arelated, (id(instance), where) if DEEP else True)(instance, name)

    cls.__get__ = get


# -- counting -------------------------------------------------------------------------------------

TOOL = 4
_codes: dict[int, str] = {}  # by id(): equal code of two classes is equal, and hashes so


def _count(target, found: dict[str, object]) -> None:
    monitoring = sys.monitoring
    if monitoring.get_tool(TOOL) is None:
        monitoring.use_tool_id(TOOL, "route")
        monitoring.register_callback(TOOL, monitoring.events.PY_START, _entered)
    for name, twin in found.items():
        function = _function(twin)
        if not isinstance(function, FunctionType) or name.startswith("__class"):
            continue
        where = _where(function)
        twins[where] = f"{getattr(target, '__module__', target.__name__)}"
        _codes[id(function.__code__)] = where
        monitoring.set_local_events(TOOL, function.__code__, monitoring.events.PY_START)


def _entered(code, offset):
    where = _codes.get(id(code))
    if where is not None:
        entered[where] += 1


def report() -> None:
    path = os.environ.get("SUITE_COUNTS")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(
                {
                    "entered": entered,
                    "routed": routed,
                    "capped": capped,
                    "not_routed": not_routed,
                    "twins": sorted(twins),
                },
                file,
                indent=1,
            )


def _routable():
    from django.utils.functional import cached_property

    return FunctionType, classmethod, property, cached_property, functools.partialmethod


ROUTABLE = _routable()
