"""What asyncgen knows of Python and Django without reading it: tables of data, with sources.

Everything else is found by analysis. A name belongs here only where reading its source could not
tell (C code, metaclasses, descriptors) or would cost a parse for an answer that never changes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

# -- Django's classes ---------------------------------------------------------------------------

# What makes a class a queryset, manager or model: one of these among its bases.
ROOTS: Mapping[str, frozenset[str]] = {
    "queryset": frozenset(
        {
            "django.db.models.query.EmptyQuerySet",
            "django.db.models.query.QuerySet",
            "django.db.models.query.RawQuerySet",
        }
    ),
    "manager": frozenset({"django.db.models.manager.BaseManager"}),
    "model": frozenset({"django.db.models.base.Model"}),
}
ROOT_CLASSES: Mapping[str, str] = {
    "queryset": "django.db.models.query.QuerySet",
    "manager": "django.db.models.manager.Manager",
    "model": "django.db.models.base.Model",
}

# Libraries whose classes are called models, and are none of Django's, for when they are not found.
OTHER_MODELS = frozenset({"pydantic", "sqlmodel"})

# Names that people import the roots by, for when no Django is below the search roots.
ROOT_ALIASES: Mapping[str, str] = {
    "django.db.models.QuerySet": "queryset",
    "django.db.models.query.QuerySet": "queryset",
    "django.db.models.Manager": "manager",
    "django.db.models.manager.Manager": "manager",
    "django.db.models.manager.BaseManager": "manager",
    "django.db.models.Model": "model",
    "django.db.models.base.Model": "model",
}

# Called by Django itself, synchronously: a twin would never be called in their place.
# https://docs.djangoproject.com/en/stable/topics/db/managers/ and .../ref/models/expressions/
_HOOKS_OF_ALL = frozenset({"check", "contribute_to_class", "resolve_expression"})
_HOOKS_OF_MANAGERS = _HOOKS_OF_ALL | {
    "as_manager",
    "contribute_to_related_class",
    "deconstruct",
    "from_queryset",
    "get_prefetch_queryset",
    "get_prefetch_querysets",
}
HOOKS: Mapping[str, frozenset[str]] = {
    "queryset": frozenset({"as_manager", "resolve_expression", "get_compiler"}),
    "manager": _HOOKS_OF_MANAGERS | {"get_queryset"},
    "model": _HOOKS_OF_ALL | {"from_db", "prepare_database_save"},
    "": _HOOKS_OF_MANAGERS,
}
# Of these, what Django passes keyword arguments of its own: a method that cannot take any is one of
# the same name. https://docs.djangoproject.com/en/stable/topics/checks/
HOOKS_WITH_KEYWORDS = frozenset({"check"})
# Keeps variables out of error reports: of the twin's frame, too, and of those below it.
SENSITIVE = "django.views.decorators.debug.sensitive_variables"
# Decorators of sync functions that make them asynchronous.
ASYNC_DECORATORS = (
    "asgiref.sync.sync_to_async",
    "channels.db.database_sync_to_async",
    "contextlib.asynccontextmanager",
)
# Decorators that hand a function to Django, which calls it synchronously.
HOOK_DECORATORS = frozenset(
    {
        "django.core.checks.register",
        "django.core.checks.registry.register",
        "django.core.checks.registry.registry.register",
    }
)

# -- Fields -------------------------------------------------------------------------------------

# Reading the attribute may query; the last word of the field class's name tells.
# https://docs.djangoproject.com/en/stable/topics/db/queries/#forward-access
TO_ONE_FIELDS = ("ForeignKey", "OneToOneField", "ParentalKey", "OneToOne")
TO_MANY_FIELDS = ("ManyToManyField", "GenericRelation", "TaggableManager", "ManyToMany")
# Making the manager looks up a content type (django/contrib/contenttypes/fields.py).
QUERYING_MANAGERS = ("GenericRelation",)

# How the names of fields end that hold files; those of django-filer are relations all the same.
FILE_FIELDS = ("FileField", "ImageField")
# Attributes of a file field's file that its storage is asked for.
# https://docs.djangoproject.com/en/stable/ref/models/fields/#filefield-and-fieldfile
FILE_ATTRIBUTES = frozenset({"file", "height", "size", "width"})

# Attributes that every model instance and class has without a query.
PREFETCHED = "_prefetched_objects_cache"
MODEL_ATTRIBUTES = frozenset(
    {"_meta", "_state", "pk", "id", "DoesNotExist", "MultipleObjectsReturned", "__class__"}
    | {"__dict__", "__name__", "__module__", "__doc__", "_default_manager", "_base_manager"}
    | {PREFETCHED}
)
# Names that only managers of models are kept by.
MANAGER_ATTRIBUTES = (
    *("objects", "_default_manager", "_base_manager", "default_manager", "base_manager"),
)
# `_meta`, and its attributes that are models.
OPTIONS = "django.db.models.options.Options()"
OPTIONS_MODELS = frozenset({"model", "concrete_model", "proxy_for_model", "related_model"})
# Attributes that instances have, but no class statement declares.
PLAIN_ATTRIBUTES: Mapping[str, frozenset[str]] = {"manager": frozenset({"instance", "model"})}
# Methods of related managers, whose classes functions make; they return None.
RELATED_METHODS = frozenset({"add", "clear", "remove", "set"})
# Methods that Django adds to models for dates and orders.
# Those for orders look the order up in the options of the class, which a proxy does not inherit
# (django/db/models/base.py, Model._get_next_or_previous_in_order).
IN_ORDER = frozenset({"get_next_in_order", "get_previous_in_order"})
NEIGHBOURS = ("get_next_by_", "get_previous_by_", "get_next_in_", "get_previous_in_")

# -- Querysets without a known class ------------------------------------------------------------

# Methods that only querysets and managers have, and that return a queryset: an unknown receiver
# of one is a queryset, and so is the result.
CHAINING = frozenset(
    {"alias", "all", "annotate", "complex_filter", "defer", "distinct", "exclude"}
    | {"filter", "order_by", "prefetch_related", "select_for_update", "select_related"}
    | {"using", "values_list"}
)
# Methods of models that query; of QuerySet all do that return no other one (see declared.py).
QUERYING_OF_MODELS = frozenset(
    {"delete", "full_clean", "refresh_from_db", "save", "save_base"}
    | {"validate_constraints", "validate_unique"}
)
# What `get_next_by_FIELD` and `get_next_in_order` are: they query for another row of the model.
NEXT_ROWS = frozenset({"_get_next_or_previous_by_FIELD", "_get_next_or_previous_in_order"})

# Classes of requests; what one has of its head alone stands in django/http/request.pyi.
REQUESTS = frozenset(
    {"django.http.HttpRequest()", "django.http.request.HttpRequest()"}
    | {"django.core.handlers.asgi.ASGIRequest()", "django.core.handlers.wsgi.WSGIRequest()"}
    | {"rest_framework.request.Request()"}
)
FIELD = "django.db.models.fields.Field()"

# -- Callables ----------------------------------------------------------------------------------

# https://docs.python.org/3/library/enum.html: members are made of what stands in the class.
ENUMERATIONS = frozenset({"enum.Enum", "enum.Flag", "enum.IntEnum", "enum.IntFlag", "enum.StrEnum"})
NO_MEMBER = "enum.nonmember"
# What makes the members, when the class is made.
MEMBER_METHODS = ("__init__", "__new__", "_generate_next_value_")
# Containers that put what they are made of in by the methods of the class.
# https://docs.python.org/3/library/collections.html#collections.UserDict
PUTTING_CONTAINERS = frozenset({"collections.OrderedDict", "collections.UserDict"})
# What the metaclass of enumeration types gives them: lists of strings, numbers and pairs.
# https://docs.djangoproject.com/en/stable/ref/models/fields/#enumeration-types
CHOICES = "django.db.models.enums.Choices"
CHOICES_ATTRIBUTES = frozenset({"choices", "labels", "names", "values"})

# Bridges that make a RuntimeError of a StopIteration themselves.
GUARDED_BRIDGES = frozenset(
    {"asyncgen_native.bridge", "asyncgen_runtime.on_worker"} | {"asyncgen_runtime.sync_to_async"}
)
# Bridges that run a callable on the event loop: for what waits for databases alone. And who runs
# the rest.
LOOP_BRIDGES = frozenset({"asyncgen_native.bridge"})
THREAD_BRIDGE = "asyncgen_runtime.on_worker"

STANDARD_LIBRARY = sys.stdlib_module_names
COPIES = frozenset(
    {"copy.copy", "copy.deepcopy", "dataclasses.replace", "types.MappingProxyType", "typing.cast"}
)
# What objects are kept in: what comes out of it may be anything.
HOLDERS = (
    *("collections.deque()", "contextvars.ContextVar()"),
    *("threading.local()", "types.SimpleNamespace()", "weakref."),
)
DEFAULTS = "collections.defaultdict"
# Functions that return a class told by its name; of the models among them any is known to be one.
MODEL_LOADERS = frozenset({"get_model", "get_registered_model", "get_user_model"})
CLASS_LOADERS = MODEL_LOADERS | {"get_class", "import_string", "load_class"}
# What they return calls what they are passed.
WRAPPERS = frozenset({"enum.member", NO_MEMBER, "functools.cmp_to_key", "functools.partial"})
# Methods that keep the function that they are passed, and call it when something happens.
KEEPING = (".connect", ".disconnect")
# What they make of the names that they are told is a function of ours.
GETTERS = frozenset({"attrgetter", "itemgetter", "methodcaller"})
# Modules of the standard library that make data of what they are passed.
DATA_MODULES = frozenset(
    {"collections", "csv", "heapq", "itertools", "json", "pickle", "re", "statistics", "struct"}
)
# Pure, but what they return may be anything, and calling that may do anything.
DYNAMIC = frozenset(
    {
        "django.utils.module_loading.import_string",
        "operator.attrgetter",
        "operator.methodcaller",
    }
)
# They return a module: to read from it does nothing, to call what was read may do anything.
MODULES = "sys.modules"
# What makes a property of a function; and what reads all the attributes of an object.
PROPERTIES = frozenset({"functools.cached_property", "django.utils.functional.cached_property"})
MEMBERS = "inspect.getmembers"
MODULE_IMPORTERS = frozenset({"builtins.__import__", "importlib.import_module", f"{MODULES}.get"})
FINDS_MODULES = MODULE_IMPORTERS | {MODULES}
IMPORTED_MODULE = "imported.module"
# Reading a setting is pure; to call what it names may do anything.
SETTINGS = "django.conf.settings"
# Decorators, by dotted name or prefix, that a function comes out of as it went in.
TRANSPARENT_DECORATORS = (
    *("abc", "builtins.classmethod", "builtins.property", "builtins.staticmethod", "contextlib"),
    *("django.contrib.admin", "django.core.checks", "django.db.transaction.non_atomic_requests"),
    *("django.dispatch", "django.template.Library", "django.template.library.Library"),
    *("django.utils", "django.views.decorators", "enum", "functools", "types", "typing"),
    *("typing_extensions", "warnings"),
)
# What a function that is cached has, and does no more than look at the cache.
FUNCTION_ATTRIBUTES = frozenset({"cache_clear", "cache_info", "cache_parameters"})
CONTEXT_MANAGERS = frozenset(
    {"django.db.transaction.atomic", "contextlib.suppress", "contextlib.nullcontext"}
    | {"contextlib.closing", "contextlib.redirect_stdout"}
    | {"django.utils.translation.override", "django.utils.timezone.override"}
    | {"django.test.utils.override_settings", "django.test.utils.CaptureQueriesContext"}
)

CLOSING = "contextlib.closing"
NULL_CONTEXT = "contextlib.nullcontext"
STACK = "contextlib.ExitStack()"
# Decorators that look up what a function gave for the same arguments.
CACHES = frozenset({"functools.cache", "functools.lru_cache"})
# Decorators that call one of several functions, which may be registered anywhere.
DISPATCHERS = frozenset({"functools.singledispatch", "functools.singledispatchmethod"})
# Objects that make what they stand for when something is done with them.
LAZY_OBJECTS = (
    "django.utils.functional.SimpleLazyObject()",
    "django.utils.functional.LazyObject()",
    "django.utils.functional.lazy()()",  # what lazy(function, str) makes, called
    "django.core.paginator.Paginator()",
    *("constance.config", "djconfig.config"),  # settings that are kept in the database
)

# Those that may end an exception, and what is known to let each through.
SWALLOWING_CONTEXTS = frozenset({"contextlib.suppress", "contextlib.ExitStack"})
TRANSPARENT_CONTEXTS = (
    CONTEXT_MANAGERS - SWALLOWING_CONTEXTS
    | {"builtins.open", "decimal.localcontext", "tempfile.NamedTemporaryFile"}
    | {"tempfile.TemporaryDirectory", "threading.Lock", "threading.RLock", "zipfile.ZipFile"}
)
NEVER_RETURNING = frozenset({"builtins.exit", "builtins.quit", "os._exit", "os.abort", "sys.exit"})

# Builtins that run through an iterable at once.
CONSUMERS = frozenset(
    {"all", "any", "bool", "bytes", "dict", "frozenset", "len", "list", "max", "min", "next"}
    | {"repr", "set", "sorted", "str", "sum", "tuple"}
)
# Builtins that take an iterator of their argument when they are called, and read it later.
ITERATORS = frozenset({"enumerate", "filter", "iter", "map", "reversed", "zip"})
LAZY_ITERATORS = frozenset(
    {"itertools.accumulate", "itertools.chain", "itertools.chain.from_iterable"}
    | {"itertools.compress", "itertools.cycle", "itertools.dropwhile", "itertools.filterfalse"}
    | {"itertools.groupby", "itertools.islice", "itertools.pairwise", "itertools.repeat"}
    | {"itertools.starmap", "itertools.takewhile", "itertools.zip_longest"}
)
# Of these, what is called with each item, by its place among the arguments.
CALLED_WITH_ITEMS: Mapping[str, int] = {
    "accumulate": 1,
    "groupby": 1,
    **dict.fromkeys(("dropwhile", "filter", "filterfalse", "map", "starmap", "takewhile"), 0),
}
REDUCE = "functools.reduce"
# Those that take it only when they are read.
TAKEN_LATER = frozenset({"chain", "from_iterable"})
GIVE_RESULTS = frozenset({"accumulate", "map", "starmap"})
MAKE_TUPLES = frozenset({"enumerate", "groupby", "pairwise", "zip", "zip_longest"})
# Those that print what they are passed; the same of functions, by prefix.
SHOWING = frozenset({"ascii", "format", "print"})
# Methods that a class of the sources may give an encoder or decoder of JSON, a filter or a handler.
CODING_METHODS = ("default", "encode", "iterencode", "decode", "raw_decode")
LOGGING_METHODS: Mapping[str, tuple[str, ...]] = {
    "addFilter": ("filter",),
    "addHandler": ("emit", "filter", "format", "handle"),
    "setFormatter": ("format",),
}
# What shows, or hands out, the exception that is being handled.
SHOWING_HANDLED = ("sys.exc_info", "sys.exception", "traceback.")
EXCEPTIONS = "django.core.exceptions"
TRANSLATION = "django.utils.translation."
SHOWING_PREFIXES = (
    TRANSLATION,
    *("django.core.cache.utils.", "django.http.", "django.template.defaultfilters."),
    *(
        "django.urls.",
        "django.utils.encoding.",
        "django.utils.functional.lazystr",
        "django.utils.html.",
        "django.utils.http.urlencode",
    ),
    *("django.utils.safestring.", "django.utils.text.", "logging.", "string."),
    *("csv.", "pprint.", "urllib.parse.", "warnings."),
)

BUILTIN_TYPES = frozenset(
    {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "range", "set"}
    | {"str", "tuple", "type"}
)

# Those whose text is made of the texts of their items.
SHOW_ITEMS = frozenset({"dict", "frozenset", "list", "set", "slice", "tuple"})
# Those that cannot be run through, and that have no items.
SCALARS = frozenset({"None", "bool", "complex", "float", "int"})

# Methods of classes that list classes.
LISTING_METHODS = frozenset({"__subclasses__", "mro"})
NAMES_OF_CLASSES = frozenset({"__module__", "__name__", "__qualname__"})
# Attributes of classes that are no methods.
CLASS_ATTRIBUTES: Mapping[str, str] = {"__bases__": "tuple", "__mro__": "tuple"}
# Methods of builtin containers that return a container of what is in theirs, or one of it.
COPYING_METHODS = frozenset({"copy", "difference", "intersection", "union", "values"})
HANDING_OUT = frozenset({"get", "pop", "popitem", "popleft", "setdefault"})
# Methods of sequences that compare what is in them.
COMPARING_METHODS = frozenset({"count", "index", "remove"})
# Methods that run through what they are passed.
CONSUMING_METHODS = frozenset(
    {"difference", "extend", "fromkeys", "intersection", "join", "union", "update"}
)
# Methods of containers that put what they are passed into theirs.
PUTTING_METHODS = frozenset({"add", "append", "appendleft", "insert", "setdefault"})
FILE_METHODS = frozenset(
    {"chunks", "close", "delete", "multiple_chunks", "open", "read", "readline", "readlines"}
    | {"save", "seek", "write"}
)

# Annotations by their last name. Open ones say too little of what is really there: a queryset is
# iterable too.
OPEN_ANNOTATIONS = frozenset(
    {"Any", "Callable", "Collection", "Iterable", "Reversible", "Sequence", "Sized"} | {"object"}
)
MANAGER_ANNOTATIONS = frozenset(
    {"ManyRelatedManager", "ManyToManyRelatedManager", "RelatedManager", "ReverseManager"}
)
QUERYSET_ANNOTATIONS = frozenset({"QuerySet", "ValuesQuerySet", "RawQuerySet", "_QuerySet"})
ITERATOR_ANNOTATIONS = frozenset({"Iterator", "Generator"})
CONTEXT_ANNOTATIONS = frozenset(
    {"ContextManager", "AbstractContextManager", "_GeneratorContextManager", "Atomic"}
)
SELF_ANNOTATIONS = frozenset({"Self"})
CONTAINER_ANNOTATIONS: Mapping[str, str] = {
    "Dict": "dict",
    "FrozenSet": "frozenset",
    "List": "list",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "Set": "set",
    "Tuple": "tuple",
}
