"""What only a name gives away, each with its reason; each is a way to be wrong.

A kind may rest on a guess, a stub's type rests on proof.
"""

from __future__ import annotations

from collections.abc import Mapping

from asyncgen.knowledge import MODEL_RESULTS

# -- parameters, by what people call them ----------------------------------------------------------

QUERYSET_PARAMETERS = frozenset({"queryset", "qs", "query_set", "base_queryset"})
REQUEST_PARAMETERS = frozenset({"request", "http_request"})
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
MODEL_RESULTS_ALONE = frozenset(MODEL_RESULTS) - {"delete", "save"}
# Attributes that only fields of models have.
FIELD_ATTRIBUTES = frozenset(
    {"attname", "auto_created", "concrete", "get_attname", "get_internal_type", "is_relation"}
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
    "casefold": "str",
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
    "removeprefix": "str",
    "removesuffix": "str",
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
    "weekday": "datetime",
    "zfill": "str",
}
