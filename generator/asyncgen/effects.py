"""What calling something of a module that is not read does, by its name: tables of data.

`analysis.foreign` asks them. A name that stands in none of them may do anything.
"""

from __future__ import annotations

from asyncgen.knowledge import ROOT_ALIASES

# -- Python ----------------------------------------------------------------------------------------

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

# -- Django ----------------------------------------------------------------------------------------

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
# Names of django.db.models that are pure to call besides those of the library: newer ones.
PURE_DB_MODELS = frozenset({"StringAgg"})  # 6.0
# Functions of those modules that a call gives are as pure: `RegexValidator(…)(text)`.
PURE_RESULTS = ("django.core.validators.",)
# Methods in those modules that may query all the same: those of relational fields.
IMPURE_METHODS = frozenset(
    {"attach_file", "clean", "dictsort", "dictsortreversed", "formfield", "generate_filename"}
    | {"get_choices", "get_default", "get_object", "pre_save", "render", "run_validators"}
    | {"save_form_data", "send", "send_robust", "validate", "value_to_string"}
)
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

# -- Other packages --------------------------------------------------------------------------------

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
