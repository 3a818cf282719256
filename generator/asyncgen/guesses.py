"""What only a name gives away, each with its reason; each is a way to be wrong.

A kind may rest on a guess, a stub's type rests on proof.
"""

from __future__ import annotations

from collections.abc import Mapping

from asyncgen.knowledge import QUERYING_OF_MODELS

# -- parameters, by what people call them ----------------------------------------------------------

QUERYSET_PARAMETERS = frozenset({"queryset", "qs", "query_set", "base_queryset"})
REQUEST_PARAMETERS = frozenset({"request", "http_request"})
# Those that hold mappings of names to plain values.
MAPPING_PARAMETERS = frozenset(
    {"attrs", "cleaned_data", "context", "defaults", "environ", "headers", "kwargs", "metadata"}
    | {"params", "payload", "query_params", "url_kwargs", "validated_data"}
)
# Base classes of requests, for when they cannot be found.
REQUEST_CLASSES = frozenset({"ASGIRequest", "HttpRequest", "Request", "WSGIRequest"})
# How classes end whose attributes in capitals are settings; calling one may do anything.
SETTINGS_CLASS = "Settings"
# How variables end that hold the name of a model's manager.
MANAGER_NAMES = ("manager", "manager_name", "manager_attr", "manager_attribute")
# Arguments whose get() asks something; of others `get("key")` takes an item, for a queryset's get()
# takes no text by position.
STORES = ("cache", "client", "session", "storage")

# -- receivers that nothing is known of, by the method or attribute that is asked of them ----------

# Methods of querysets and models with names that nothing else has.
TERMINAL = frozenset(
    {"aggregate", "bulk_create", "bulk_update", "earliest", "exists", "get_or_create"}
    | {"in_bulk", "latest", "update_or_create"}
)
# How methods of managers and querysets begin that give rows, or what is counted, and no queryset.
ROW_METHODS = ("bulk_", "count_", "create_", "get_by_", "get_or_", "update_or_")
# Methods that only users have; backends are asked, which query.
USER_METHODS = frozenset(
    {"get_all_permissions", "get_group_permissions", "get_user_permissions", "has_module_perms"}
    | {"has_perm", "has_perms"}
)
MODEL_RESULTS_ALONE = QUERYING_OF_MODELS - {"delete", "save"}
# Attributes that only fields of models have.
FIELD_ATTRIBUTES = frozenset(
    {"attname", "auto_created", "auto_now", "auto_now_add", "concrete", "db_collation", "db_column"}
    | {"db_index", "db_tablespace", "get_attname", "get_internal_type", "is_relation"}
    | {"primary_key", "unique", "unique_for_date"}
    | {"many_to_many", "many_to_one", "one_to_many", "one_to_one", "remote_field"}
)
# Methods that only expressions have: asked of an argument, they are no model's.
EXPRESSION_METHODS = frozenset(
    {"as_sql", "flatten", "get_group_by_cols", "get_lookup", "get_source_expressions"}
    | {"get_transform", "relabeled_clone", "resolve_expression", "set_source_expressions"}
)
# Methods of builtin types with names that nothing of Django's has.
DISTINCT_METHODS: Mapping[str, str] = {
    "append": "list",
    "astimezone": "datetime",
    "capitalize": "str",
    "casefold": "str",
    "decode": "bytes",
    "encode": "str",
    "endswith": "str",
    "extend": "list",
    "isalnum": "str",
    "isalpha": "str",
    "isdecimal": "str",
    "isdigit": "str",
    "isidentifier": "str",
    "islower": "str",
    "isnumeric": "str",
    "isocalendar": "datetime",
    "isoformat": "datetime",
    "isspace": "str",
    "isupper": "str",
    "join": "str",
    "ljust": "str",
    "lower": "str",
    "lstrip": "str",
    "partition": "str",
    "isoweekday": "datetime",
    "removeprefix": "str",
    "removesuffix": "str",
    "replace": "str",
    "rfind": "str",
    "rjust": "str",
    "rpartition": "str",
    "rsplit": "str",
    "rstrip": "str",
    "split": "str",
    "splitlines": "str",
    "startswith": "str",
    "strftime": "datetime",
    "strip": "str",
    "swapcase": "str",
    "timetuple": "datetime",
    "toordinal": "datetime",
    "total_seconds": "datetime",
    "upper": "str",
    "utcoffset": "datetime",
    "utctimetuple": "datetime",
    "weekday": "datetime",
    "zfill": "str",
}
