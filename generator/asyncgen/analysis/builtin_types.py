"""What the builtins and the standard library give, as far as inference needs it.

Only what is so for every argument. A name belongs here when it is common in Django projects.
"""

from __future__ import annotations

from collections.abc import Mapping

from asyncgen.analysis.types import ANY, BOOL, INT, NONE, STR, Known, Types, builtin

FLOAT = builtin("float")
BYTES = builtin("bytes")
DATE: Types = frozenset({Known("datetime", "date")})
TIME: Types = frozenset({Known("datetime", "time")})
DATETIME: Types = frozenset({Known("datetime", "datetime")})
TIMEDELTA: Types = frozenset({Known("datetime", "timedelta")})
DECIMAL: Types = frozenset({Known("decimal", "Decimal")})
UUID: Types = frozenset({Known("uuid", "UUID")})
LIST_OF_STR = builtin("list", STR)

FUNCTIONS: Mapping[str, Types] = {
    "all": BOOL,
    "any": BOOL,
    "ascii": STR,
    "bin": STR,
    "bool": BOOL,
    "bytes": BYTES,
    "callable": BOOL,
    "chr": STR,
    "delattr": NONE,
    "float": FLOAT,
    "format": STR,
    "hasattr": BOOL,
    "hash": INT,
    "hex": STR,
    "id": INT,
    "int": INT,
    "isinstance": BOOL,
    "issubclass": BOOL,
    "len": INT,
    "oct": STR,
    "ord": INT,
    "print": NONE,
    "range": builtin("range"),
    "repr": STR,
    "setattr": NONE,
    "str": STR,
}
# Those that give a container of what they are given.
CONTAINERS: Mapping[str, str] = {
    "frozenset": "frozenset",
    "list": "list",
    "set": "set",
    "sorted": "list",
}

LIBRARY: Mapping[str, Types] = {
    "datetime.date.today": DATE,
    "datetime.datetime.now": DATETIME,
    "datetime.datetime.today": DATETIME,
    "datetime.datetime.utcnow": DATETIME,
    "datetime.timedelta": TIMEDELTA,
    "django.conf.settings.SECRET_KEY": STR,
    "django.urls.reverse": STR,
    "django.utils.crypto.get_random_string": STR,
    "django.utils.timezone.localdate": DATE,
    "django.utils.timezone.localtime": DATETIME,
    "django.utils.timezone.now": DATETIME,
    "django.utils.translation.gettext": STR,
    "django.utils.translation.ngettext": STR,
    "django.utils.translation.pgettext": STR,
    "decimal.Decimal": DECIMAL,
    "hashlib.md5.hexdigest": STR,
    "json.dumps": STR,
    "logging.getLogger": frozenset({Known("logging", "Logger")}),
    "random.randint": INT,
    "random.random": FLOAT,
    "re.escape": STR,
    "secrets.token_hex": STR,
    "secrets.token_urlsafe": STR,
    "time.time": FLOAT,
    "urllib.parse.quote": STR,
    "urllib.parse.urlencode": STR,
    "uuid.uuid1": UUID,
    "uuid.uuid4": UUID,
    "warnings.warn": NONE,
    "zlib.crc32": INT,
}
# Those that give a str where one of what they are given is a str (else bytes).
PATHS = frozenset(
    f"os.path.{name}" for name in ("abspath", "basename", "dirname", "join", "normpath", "realpath")
)

METHODS: Mapping[str, Mapping[str, Types]] = {
    "str": {
        **dict.fromkeys(
            [
                "capitalize",
                "casefold",
                "center",
                "expandtabs",
                "format",
                "format_map",
                "join",
                "ljust",
                "lower",
                "lstrip",
                "removeprefix",
                "removesuffix",
                "replace",
                "rjust",
                "rstrip",
                "strip",
                "swapcase",
                "title",
                "translate",
                "upper",
                "zfill",
            ],
            STR,
        ),
        **dict.fromkeys(
            [
                "endswith",
                "isalnum",
                "isalpha",
                "isascii",
                "isdecimal",
                "isdigit",
                "isidentifier",
                "islower",
                "isnumeric",
                "isprintable",
                "isspace",
                "istitle",
                "isupper",
                "startswith",
            ],
            BOOL,
        ),
        **dict.fromkeys(["count", "find", "index", "rfind", "rindex"], INT),
        **dict.fromkeys(["rsplit", "split", "splitlines"], LIST_OF_STR),
        **dict.fromkeys(["partition", "rpartition"], builtin("tuple", STR, STR, STR)),
        "encode": BYTES,
    },
    "bytes": {"decode": STR, "hex": STR},
    "list": {
        **dict.fromkeys(["append", "clear", "extend", "insert", "remove", "reverse", "sort"], NONE),
        **dict.fromkeys(["count", "index"], INT),
    },
    "dict": {**dict.fromkeys(["clear", "update"], NONE)},
    "Decimal": dict.fromkeys(["copy_abs", "normalize", "quantize", "to_integral_value"], DECIMAL),
    "set": {
        **dict.fromkeys(["add", "clear", "discard", "remove", "update"], NONE),
        **dict.fromkeys(["isdisjoint", "issubset", "issuperset"], BOOL),
    },
    "datetime": {
        "date": DATE,
        "time": TIME,
        "isoformat": STR,
        "strftime": STR,
        "timestamp": FLOAT,
    },
    "date": {"isoformat": STR, "strftime": STR, "weekday": INT},
    "timedelta": {"total_seconds": FLOAT},
    "Logger": dict.fromkeys(
        ["critical", "debug", "error", "exception", "info", "log", "warning"], NONE
    ),
}

# What an attribute of a model instance holds, by the field class of Django's that it is.
FIELDS: Mapping[str, Types] = {
    **dict.fromkeys(["AutoField", "BigAutoField", "SmallAutoField"], INT),
    **dict.fromkeys(
        [
            "CharField",
            "EmailField",
            "FilePathField",
            "GenericIPAddressField",
            "SlugField",
            "TextField",
            "URLField",
        ],
        STR,
    ),
    **dict.fromkeys(
        [
            "BigIntegerField",
            "IntegerField",
            "PositiveBigIntegerField",
            "PositiveIntegerField",
            "PositiveSmallIntegerField",
            "SmallIntegerField",
        ],
        INT,
    ),
    "BooleanField": BOOL,
    "DateField": DATE,
    "DateTimeField": DATETIME,
    "DecimalField": DECIMAL,
    "DurationField": TIMEDELTA,
    "FloatField": FLOAT,
    "TimeField": TIME,
    "UUIDField": UUID,
}

# Context managers that let every exception through, so that what follows a `return` in their
# block is never reached.
TRANSPARENT = frozenset({"atomic", "open", "override", "translation_override", "lock", "Lock"})

# In a container that may still change, whatever is in it now.
LOOSE: Mapping[str, tuple[Types, ...]] = {
    "dict": (ANY, ANY),
    "list": (ANY,),
    "set": (ANY,),
}
