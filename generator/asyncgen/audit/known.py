"""What the audit knows by name: what blocks, what hands over to a thread, what the loop calls.

Tables of data. A project adds to them in `[tool.asyncgen.audit]`: `threads`, `on-loop`, `blocks`.
Names are dotted; `()` stands for the result of a call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from asyncgen.analysis.values import Cause

# -- other threads ---------------------------------------------------------------------------------

# What gives a coroutine function that runs its argument in a thread.
# https://docs.djangoproject.com/en/stable/topics/async/#sync-to-async
WRAPPERS = frozenset(
    {
        "asgiref.sync.SyncToAsync",
        "asgiref.sync.sync_to_async",
        "asyncer.asyncify",
        "asyncgen_runtime.on_worker",
        "asyncgen_runtime.sync_to_async",
        "channels.db.DatabaseSyncToAsync",
        "channels.db.database_sync_to_async",
    }
)
# What runs an argument in a thread, and which: the first, the second.
# https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread
RUNNERS: Mapping[str, int] = {
    "anyio.to_thread.run_sync": 0,
    "asyncio.to_thread": 0,
    "fastapi.concurrency.run_in_threadpool": 0,
    "starlette.concurrency.run_in_threadpool": 0,
}
# Methods of loops and executors that do.
RUNNING_METHODS: Mapping[str, int] = {"run_in_executor": 1, "submit": 0}
FUTURE = "concurrent.futures.Future()"  # what `submit()` gives; nobody awaits that
# The way back, which asgiref refuses in a thread that has a running loop.
BACK = frozenset({"asgiref.sync.AsyncToSync", "asgiref.sync.async_to_sync"})

# -- asyncio ---------------------------------------------------------------------------------------

# They take coroutines, and await them.
TASKS = frozenset(
    {
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.gather",
        "asyncio.run",
        "asyncio.run_coroutine_threadsafe",
        "asyncio.shield",
        "asyncio.timeout",
        "asyncio.wait_for",
    }
)
OF_FIRST = TASKS - {"asyncio.gather", "asyncio.timeout"}
# Methods that hand a function to the loop, and which argument it is.
# https://docs.python.org/3/library/asyncio-eventloop.html#scheduling-callbacks
CALLBACKS: Mapping[str, int] = {
    "add_done_callback": 0,
    "add_reader": 1,
    "add_signal_handler": 1,
    "add_writer": 1,
    "call_at": 1,
    "call_later": 1,
    "call_soon": 0,
    "call_soon_threadsafe": 0,
}
# They raise where no loop is running.
LOOP_PROBES = frozenset({"current_async_library", "current_task", "get_running_loop"})
ASKS_FOR_COROUTINES = frozenset({"isawaitable", "iscoroutine", "iscoroutinefunction"})
# Methods of an ExitStack: what they run at the end runs on the loop again.
ON_STACKS = frozenset({"callback", "enter_context"})
# Functions that say whether a loop is running.
IN_LOOP = frozenset({"strawberry.utils.inspect.in_async_context"})
# Methods that keep what they find for the whole process.
KEEPING = "django.contrib.contenttypes.models.ContentTypeManager."

# -- sync code that the loop runs ------------------------------------------------------------------

# Decorators of sync functions that are called on the loop where an async server runs them, and how
# one sees that a project has a sync server for them.
ON_LOOP = frozenset(
    {
        "strawberry.federation.field",
        "strawberry.federation.mutation",
        "strawberry.field",
        "strawberry.mutation",
    }
)
# Methods of classes that are called on the loop, by a base: patterns of their names.
ON_LOOP_METHODS: Mapping[str, str] = {
    "graphene.Mutation": "mutate",
    "graphene.ObjectType": "resolve_*",
    "strawberry.permission.BasePermission": "has_permission",
}
VIEW = "django.views.generic.base.View"
VIEW_HANDLERS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
VIEW_ON_LOOP = frozenset({"dispatch", "setup"})
# Handlers of Django's generic views that first ask the view for its object.
# https://docs.djangoproject.com/en/stable/ref/class-based-views/generic-editing/
HANDLERS_OF_OBJECTS = frozenset(
    {
        "django.views.generic.detail.BaseDetailView.get",
        "django.views.generic.edit.BaseDeleteView.post",
        "django.views.generic.edit.BaseUpdateView.get",
        "django.views.generic.edit.BaseUpdateView.post",
        "django.views.generic.edit.DeletionMixin.delete",
    }
)

# -- Python ----------------------------------------------------------------------------------------

# What runs through an argument, and which, of modules of which the library has no stub.
RUNNING_THROUGH: Mapping[str, frozenset[int | str]] = {
    "collections.Counter().subtract": frozenset({0}),
    "collections.Counter().update": frozenset({0}),
    "collections.Counter": frozenset({0}),
    "collections.OrderedDict": frozenset({0}),
    "collections.UserDict": frozenset({0}),
    "collections.UserList": frozenset({0, "initlist"}),
    "collections.defaultdict": frozenset({1}),
    "collections.deque": frozenset({0, "iterable"}),
    "collections.deque().extend": frozenset({0}),
    "collections.deque().extendleft": frozenset({0}),
    "concurrent.futures.ProcessPoolExecutor().map": frozenset({1, 2}),
    "concurrent.futures.ThreadPoolExecutor().map": frozenset({1, 2}),
    "csv.DictWriter().writerows": frozenset({0}),
    "csv.writer().writerows": frozenset({0}),
    "heapq.nlargest": frozenset({1}),
    "heapq.nsmallest": frozenset({1}),
    "math.fsum": frozenset({0}),
    "pickle.dump": frozenset({0}),
    "pickle.dumps": frozenset({0}),
    "random.choice": frozenset({0}),
    "random.sample": frozenset({0}),
    "statistics.mean": frozenset({0}),
    "statistics.median": frozenset({0}),
}

# -- Django ----------------------------------------------------------------------------------------

# Django's twins of functions: https://docs.djangoproject.com/en/stable/topics/async/
TWINS: Mapping[str, str] = {
    "django.contrib.auth.authenticate": "django.contrib.auth.aauthenticate",
    "django.contrib.auth.get_user": "django.contrib.auth.aget_user",
    "django.contrib.auth.hashers.check_password": "django.contrib.auth.hashers.acheck_password",
    "django.contrib.auth.login": "django.contrib.auth.alogin",
    "django.contrib.auth.logout": "django.contrib.auth.alogout",
    "django.contrib.auth.update_session_auth_hash": (
        "django.contrib.auth.aupdate_session_auth_hash"
    ),
    "django.shortcuts.get_list_or_404": "django.shortcuts.aget_list_or_404",
    "django.shortcuts.get_object_or_404": "django.shortcuts.aget_object_or_404",
}
SYNC_OF: Mapping[str, str] = {twin: sync for sync, twin in TWINS.items()}
# Methods of a session, in `await request.session.aget(…)`.
SESSION_TWINS: Mapping[str, str] = {
    name: f"a{name}"
    for name in (
        *("create", "cycle_key", "delete", "exists", "flush", "get", "get_expire_at_browser_close"),
        *("get_expiry_age", "get_expiry_date", "has_key", "items", "keys", "load", "pop", "save"),
        *("set_expiry", "set_test_cookie", "setdefault", "test_cookie_worked", "update", "values"),
    )
}
# Backends of sessions that ask nobody.
QUIET_SESSIONS = ("signed_cookies",)
# Methods of users that ask their backends. Django 5.2 and newer have twins of them.
PERMISSIONS = frozenset(
    {
        *(
            "get_all_permissions",
            "get_group_permissions",
            "get_user_permissions",
            "has_module_perms",
        ),
        *("has_perm", "has_perms"),
    }
)
CACHE_METHODS = frozenset(
    {
        *("add", "clear", "decr", "delete", "delete_many", "get", "get_many", "get_or_set"),
        *("has_key", "incr", "set", "set_many", "touch"),
    }
)
# Backends of the cache by how their names end: None where they do not wait.
CACHES: Mapping[str, Cause | None] = {
    "DatabaseCache": Cause.QUERY,
    "DummyCache": None,
    "FileBasedCache": Cause.STORAGE,
    "LocMemCache": None,
    "PyLibMCCache": Cause.STORAGE,
    "PyMemcacheCache": Cause.STORAGE,
    "RedisCache": Cause.STORAGE,
}
QUIET_MAIL = ("console.EmailBackend", "dummy.EmailBackend", "locmem.EmailBackend")
# What only waits, or computes, and asks no database.
PATIENT = frozenset({Cause.COMPUTING, Cause.STORAGE, Cause.WAITING})
MAIL = "django.core.mail."
# What opens a file, unless it is given one in memory.
ARCHIVES = ("bz2.open", "gzip.open", "lzma.open", "tarfile.open", "zipfile.ZipFile")
IN_MEMORY = frozenset({"io.BytesIO()", "io.StringIO()"})
# Attributes of a file field that are those of its file, which is opened for that.
OF_OPEN_FILES = frozenset(
    {
        *("encoding", "fileno", "flush", "isatty", "newlines", "read", "readinto", "readline"),
        *("readlines", "seek", "tell", "truncate", "write", "writelines"),
    }
)
OPENS = "opens a file field for its {}"
FILE_BLOCKS = frozenset({"delete", "open", "read", "readlines", "save", "write"})
LOGGING = frozenset({"critical", "error", "exception", "info", "log", "warning", "warn"})

_VERBS = "delete|get|head|options|patch|post|put|request|send|stream"

# What blocks, by a pattern for the whole dotted name of what is called.
_PATTERNS: Mapping[Cause, Sequence[str]] = {
    Cause.QUERY: (
        r"django\.shortcuts\.get_(object|list)_or_404",
        r"django\.core\.management\.call_command",
        r"django\.db\.connections?(\.introspection)?\.(cursor|ensure_connection|table_names"
        r"|get_table_description|connect)",
        r"django\.core\.cache\.utils\.",
    ),
    Cause.TRANSACTION: (
        r"django\.db\.transaction\.(on_commit|savepoint|savepoint_commit|savepoint_rollback"
        r"|commit|rollback|set_autocommit|get_autocommit|set_rollback|get_rollback|clean_savepoints)",
    ),
    Cause.ACCOUNT: (
        r"django\.contrib\.auth\.(authenticate|get_user|login|logout|update_session_auth_hash)",
        r"django\.contrib\.auth\.models\.(PermissionsMixin|AnonymousUser)\."
        r"(has_perms?|has_module_perms|get_(all|group|user)_permissions)",
        r"request\.user\.(has_perms?|has_module_perms|get_(all|group|user)_permissions)",
    ),
    Cause.WAITING: (
        r"time\.sleep",
        r"builtins\.(open|input)|io\.open|codecs\.open",
        r"builtins\.open\(\)\.(read|readline|readlines|write|writelines)",
        r"pathlib\.(Path|PosixPath)\b.*\.(read_text|read_bytes|write_text|write_bytes|open|unlink"
        r"|mkdir|rmdir|rename|replace|touch|iterdir|glob|rglob|symlink_to|copy|move)",
        r"subprocess\.(run|call|check_call|check_output|getoutput|getstatusoutput|Popen)",
        r"subprocess\.Popen\(\)\.(wait|communicate)",
        r"os\.(system|popen|listdir|scandir|walk|mkdir|makedirs|remove|unlink|rename|renames"
        r"|replace|rmdir|removedirs|waitpid|wait|link|symlink|truncate|sendfile|fsync)",
        r"shutil\.(copy|copy2|copyfile|copytree|move|rmtree|make_archive|unpack_archive)",
        r"tempfile\.(NamedTemporaryFile|TemporaryFile|TemporaryDirectory|mkstemp|mkdtemp)",
        r"(zipfile\.ZipFile|tarfile\.open|gzip\.open|bz2\.open|lzma\.open)",
        r"(zipfile\.ZipFile|tarfile\.open)\(\)\.(add|extract|extractall|write)",
        r"socket\.(create_connection|getaddrinfo|gethostbyname|gethostbyname_ex|gethostbyaddr"
        r"|getfqdn|getnameinfo)",
        r"socket\.socket\(\)\.(connect|connect_ex|recv\w*|send\w*|accept)",
        r"urllib\.request\.(urlopen|urlretrieve)",
        r"http\.client\.HTTPS?Connection\(\)\.(request|getresponse|connect)",
        r"(smtplib\.(SMTP|SMTP_SSL|LMTP)|ftplib\.(FTP|FTP_TLS)|imaplib\.IMAP4(_SSL)?"
        r"|poplib\.POP3(_SSL)?)(\(\)\.\w+)?",
        r"xmlrpc\.client\.ServerProxy\(\)(\.\w+)+",
        rf"requests\.({_VERBS})|requests\.([sS]ession|sessions\.Session)\(\)\.({_VERBS})",
        rf"httpx\.({_VERBS})|httpx\.Client\(\)\.({_VERBS})",
        r"urllib3\.(request|PoolManager\(\)\.(request|urlopen))",
        r"(sqlite3|psycopg2?|MySQLdb|pymysql|oracledb)\.connect",
        r"(redis\.((Strict)?Redis(\.from_url)?|from_url)|django_redis\.get_redis_connection)\(\)\."
        r"(?!pipeline|pubsub|register_script|lock)\w+",
        r"boto3\.(client|session\.Session\(\)\.client|Session\(\)\.client)\(\)\."
        r"(?!get_paginator|get_waiter|generate_presigned_\w+|can_paginate|close)\w+",
        r"docker\.(from_env|DockerClient)(\(\)\.(\w+\.)*(build|commit|create|df|events|exec_run|get"
        r"|info|kill|list|load|login|logs|ping|prune|pull|push|reload|remove|restart|run|search"
        r"|start|stop|version|wait))?",
        r"stripe\.(\w+\.)+(cancel|confirm|create|delete|list|modify|retrieve|search)",
        r"elasticsearch\.Elasticsearch\(\)\.(bulk|count|delete|get|index|search|update)",
        r"paramiko\.SSHClient\(\)\.(connect|exec_command|open_sftp)",
        r"ldap3?\.(initialize\(\)\.\w+|Connection\(\)\.(bind|search))",
        r"concurrent\.futures\.(Future\(\)\.(result|exception)|wait)",
        r"threading\.(Event|Condition|Barrier)\(\)\.wait|threading\.Thread\(\)\.join",
    ),
    Cause.STORAGE: (
        r"django\.core\.files\.storage\.(\w+\.)?(default_storage|storages|get_storage_class\(\)\(\)"
        r"|FileSystemStorage\(\)|DefaultStorage\(\))\.(save|open|delete|exists|listdir|size"
        r"|get_(accessed|created|modified)_time)",
        r"django\.core\.mail\.(send_mail|send_mass_mail|mail_admins|mail_managers)",
        r"django\.core\.mail\.(message\.)?(EmailMessage|EmailMultiAlternatives)\(\)\.send",
        r"django\.core\.mail\.get_connection\(\)\.(send_messages|open)",
    ),
    Cause.COMPUTING: (
        r"django\.contrib\.auth\.hashers\.(make_password|check_password)",
        r"hashlib\.(pbkdf2_hmac|scrypt)",
        r"bcrypt\.(hashpw|checkpw|kdf)",
        r"argon2\.PasswordHasher\(\)\.(hash|verify)",
    ),
}
_BLOCKS = [
    (cause, re.compile("|".join(f"(?:{each})" for each in patterns)))
    for cause, patterns in _PATTERNS.items()
]


@cache
def cause_of(dotted: str) -> Cause | None:
    """What calling something by that name does to the event loop, as far as it is known."""
    return next((cause for cause, pattern in _BLOCKS if pattern.fullmatch(dotted)), None)
