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
MODEL_ATTRIBUTES = frozenset(
    {"_meta", "_state", "pk", "id", "DoesNotExist", "MultipleObjectsReturned", "__class__"}
    | {"__dict__", "__name__", "__module__", "__doc__", "_default_manager", "_base_manager"}
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

# Modules whose callables never reach the database, by dotted prefix.
PURE_MODULES = (
    *("django.apps", "django.conf", "django.core.exceptions", "django.core.signing"),
    *("django.core.validators", "django.db.models.aggregates", "django.db.models.constants"),
    *("django.db.models.enums", "django.db.models.expressions", "django.db.models.fields"),
    *("django.db.models.functions", "django.db.models.lookups", "django.db.models.options"),
    *("django.db.models.query_utils", "django.db.models.signals", "django.db.models.utils"),
    *("django.dispatch", "django.http.QueryDict", "django.http.request.QueryDict"),
    *("django.template.Library", "django.template.defaultfilters"),
    *("django.template.library.Library", "django.urls", "django.utils"),
    *("django.contrib.auth.get_user_model", "django.contrib.auth.hashers"),
    *(f"django.core.checks.{each}" for each in ("Critical", "Debug", "Error", "Info", "Warning")),
    *("django.core.checks.CheckMessage", "django.core.checks.messages"),
    *("django.contrib.auth.tokens", "django.core.cache.utils"),
    "django.core.files.base.ContentFile",
    *("django.core.files.uploadedfile.InMemoryUploadedFile", "django.core.mail.EmailMessage"),
    *("django.core.files.uploadedfile.SimpleUploadedFile", "django.core.mail.message"),
    *("django.core.mail.EmailMultiAlternatives", "django.forms.Media"),
    *("django.forms.formset_factory", "django.forms.formsets.formset_factory"),
    "django.forms.forms.BaseForm.__init__",  # which copies fields, and querysets lazily
    *("django.forms.widgets.Media", "django.template.Context", "django.template.context.Context"),
    *("django.test.RequestFactory", "django.test.client.RequestFactory"),
    *("django.VERSION", "django.views.generic.base.View.as_view"),
)
# Functions of those modules that a call gives are as pure: `RegexValidator(…)(text)`.
PURE_RESULTS = ("django.core.validators.",)
# Methods in those modules that may query all the same: those of relational fields.
IMPURE_METHODS = frozenset(
    {"attach_file", "clean", "dictsort", "dictsortreversed", "formfield", "generate_filename"}
    | {"get_choices", "get_default", "get_object", "pre_save", "render", "run_validators"}
    | {"save_form_data", "send", "send_robust", "validate", "value_to_string"}
)
STANDARD_LIBRARY = sys.stdlib_module_names
# Django's modules whose functions are followed. What the others do is either pure (above) or not
# proved to be, and reading them would cost more than it tells.
FOLLOWED_DJANGO = (
    "django.contrib.",
    "django.db.models.base.",
    "django.db.models.manager.",
    "django.db.models.query.",
    "django.shortcuts.",
)
PACKAGE_PATHS = frozenset({"django.db.", "django.db.models.", "django.contrib."}) | set(
    FOLLOWED_DJANGO
)
FOLLOWED_NAMES = frozenset(ROOT_ALIASES) | {"django.db.models.RawQuerySet"}
COPIES = frozenset({"copy.copy", "copy.deepcopy", "dataclasses.replace", "typing.cast"})
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
MODULE_IMPORTERS = frozenset({"builtins.__import__", "importlib.import_module"})
IMPORTED_MODULE = "imported.module"
# Reading a setting is pure; to call what it names may do anything.
SETTINGS = "django.conf.settings"
# The standard library that computes and asks nobody: of the rest, the loop might wait for it.
QUIET_STANDARD = (
    *("abc", "array", "ast", "base64", "binascii", "bisect", "calendar", "cmath"),
    "atexit.register",
    *("codecs.decode", "codecs.encode", "collections", "colorsys", "contextlib", "contextvars"),
    *("copy", "dataclasses", "datetime", "decimal", "difflib", "enum", "errno", "fnmatch"),
    *("fractions", "functools", "graphlib", "heapq", "html", "inspect", "io.BytesIO"),
    *("io.StringIO", "ipaddress", "itertools", "json.JSONDecoder", "json.JSONEncoder"),
    *("json.decoder", "json.dumps", "json.encoder", "json.loads", "keyword", "locale", "logging"),
    *("math", "numbers", "operator", "os.environ", "os.fspath", "os.getenv", "os.getpid"),
    *("os.path.abspath", "os.path.basename", "os.path.commonpath", "os.path.commonprefix"),
    *("os.path.dirname", "os.path.expanduser", "os.path.isabs", "os.path.join"),
    *("os.path.normcase", "os.path.normpath", "os.path.relpath", "os.path.split"),
    *("os.path.splitext", "os.urandom", "os.kill", "pathlib.PurePath", "pathlib.PurePosixPath"),
    *("pprint.pformat", "random", "re", "secrets", "shlex", "statistics", "string", "struct"),
    *("sys._getframe", "sys.exc_info", "sys.exit", "sys.getsizeof", "sys.intern", "sys.stderr"),
    *("sys.stdout", "textwrap", "threading.current_thread", "threading.get_ident"),
    *("threading.local", "time.gmtime", "time.localtime", "time.mktime", "time.monotonic"),
    *("time.perf_counter", "time.strftime", "time.strptime", "time.time", "traceback.format_exc"),
    *("types", "typing", "unicodedata", "urllib.parse", "uuid", "warnings", "weakref"),
    *("zoneinfo",),
)
# It asks nobody either, but may compute or import for long: no work for an event loop.
COMPUTING_STANDARD = (
    *("bz2.compress", "bz2.decompress", "csv", "email", "gettext", "gzip.compress"),
    *("gzip.decompress", "hashlib", "hmac", "importlib", "lzma.compress", "lzma.decompress"),
    *("mimetypes", "platform", "quopri", "tomllib.loads", "xml.dom.minidom.parseString"),
    *("xml.etree.ElementTree.Element", "xml.etree.ElementTree.SubElement"),
    *("xml.etree.ElementTree.fromstring", "xml.etree.ElementTree.tostring", "xml.sax.saxutils"),
    *("zlib",),
)
# To make one asks nobody; its methods may do anything.
HARMLESS_TO_MAKE = frozenset(
    {"django.core.files.storage.FileSystemStorage", "django.template.Template"}
    | {"django.template.base.Template", "pathlib.Path", "queue.Queue", "threading.Event"}
    | {"threading.Lock", "threading.RLock", "threading.Thread"}
)
# Methods of a path that only compute.
PATH_METHODS = frozenset(
    {"as_posix", "as_uri", "is_absolute", "is_relative_to", "joinpath", "match", "relative_to"}
    | {"with_name", "with_segments", "with_stem", "with_suffix"}
)
WAITING_BUILTINS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open"})

# Names of django.db.models that are pure to call besides those of the library: newer ones.
PURE_DB_MODELS = frozenset({"StringAgg"})  # 6.0

# Reaches the database as soon as it is called or entered.
REACHING = (
    *("django.db.connection", "django.db.connections", "django.db.transaction"),
    *("django.core.management.call_command", "django.contrib.auth.authenticate"),
    *("django.contrib.auth.login", "django.contrib.auth.logout"),
    *("django.contrib.sites.shortcuts.get_current_site", "django.core.serializers"),
)
# Those of them that ask a database, and nobody else.
QUERYING = ("django.contrib.sites.shortcuts.get_current_site", "django.db.")
# Parts of what is reached through a connection that only say what it is.
HARMLESS_PARTS = (".ops.", ".features.", ".vendor", ".settings_dict", ".alias")
# What is asked of the server when it is read from a connection, or from its features: the cached
# properties of the backends (django/db/backends/*/base.py, features.py).
ASKS_SERVER = frozenset(
    {"display_name", "mysql_is_mariadb", "mysql_server_data", "mysql_server_info", "mysql_version"}
    | {"oracle_version", "pg_version", "sql_mode"}
)
FEATURES_OF_SERVER = frozenset(
    {"allows_auto_pk_0", "allows_group_by_selected_pks", "can_rename_index"}
    | {"can_introspect_check_constraints", "can_introspect_foreign_keys"}
    | {"can_return_columns_from_insert", "has_native_uuid_field", "has_select_for_update_of"}
    | {"has_select_for_update_skip_locked", "has_zoneinfo_database", "ignores_table_name_case"}
    | {"introspected_field_types", "is_postgresql_14", "is_postgresql_15", "is_postgresql_16"}
    | {"is_postgresql_17", "is_sql_auto_is_null_enabled", "minimum_database_version"}
    | {"supported_explain_formats", "supports_aggregation_over_interval_types"}
    | {"supports_boolean_expr_in_select_clause", "supports_collation_on_charfield"}
    | {"supports_column_check_constraints", "supports_comparing_boolean_expr"}
    | {"supports_default_in_lead_lag", "supports_explain_analyze", "supports_expression_defaults"}
    | {"supports_expression_indexes", "supports_frame_exclusion", "supports_index_column_ordering"}
    | {"supports_json_field", "supports_primitives_in_json_field", "supports_select_intersection"}
    | {"supports_transactions", "update_can_self_select"}
)
# Work for a thread, though nothing is asked of a database: Django has acheck_password.
HASHING = "django.contrib.auth.hashers.make_password"
BLOCKING = (
    HASHING,
    "django.contrib.auth.hashers.check_password",
    *("asgiref.sync.AsyncToSync", "asgiref.sync.async_to_sync"),
)
# Packages that import nothing of Django are assumed not to query. Of these it is known: the first
# compute, and nothing else; the others talk over a network.
PURE_PACKAGES = frozenset(
    {"attr", "attrs", "babel", "bleach", "cronsim", "croniter", "dateutil", "holidays", "isodate"}
    | {"jsonschema", "jwt", "markdown", "markupsafe", "nh3", "numpy", "packaging", "phonenumbers"}
    | {"pycountry", "pydantic", "pytz", "shortuuid", "slugify", "sortedcontainers", "sqlparse"}
    | {"text_unidecode", "tinycss2", "typing_extensions", "ulid", "unidecode", "yaml", "zoneinfo"}
)
BLOCKING_PACKAGES = frozenset(
    {"aiohttp", "amqp", "billiard", "boto", "boto3", "botocore", "celery", "docker"}
    | {"elasticsearch", "grpc", "httplib2", "httpx", "kafka", "kombu", "ldap", "ldap3"}
    | {"meilisearch", "memcache", "MySQLdb", "oracledb", "paramiko", "pika", "psycopg"}
    | {"psycopg2", "pylibmc", "pymemcache", "pymongo", "pymysql", "redis", "requests", "rq"}
    | {"selenium", "sqlalchemy", "stripe", "twilio", "urllib3", "valkey", "websocket"}
    | {"zeep"}
)
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
    ),
    *("django.utils.safestring.", "django.utils.text.", "logging.", "string."),
    *("csv.", "pprint.", "urllib.parse.", "warnings."),
)

BUILTIN_TYPES = frozenset(
    {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "range", "set"}
    | {"str", "tuple", "type"}
)

# Those whose text is made of the texts of their items.
SHOW_ITEMS = frozenset({"dict", "frozenset", "list", "set", "tuple"})
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
