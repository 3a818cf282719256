"""The JSON Schema of [tool.asyncgen], in the form of SchemaStore's: `make schema` writes it anew.

Types and choices come from `asyncgen.config`, defaults from its dataclasses, and descriptions from
the first paragraph of each section of the page Configuration.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path

from asyncgen.config import Config, Source
from asyncgen.keys import AUDIT_KEYS, SOURCE_KEYS, TOP_KEYS, WORDS, Key

HERE = Path(__file__).parent
PAGE = HERE / "reference" / "configuration.md"
PATH = HERE.parent / "generator" / "asyncgen" / "schema.json"

Schema = dict[str, object]

STRING: Schema = {"type": "string"}
STRINGS: Schema = {"type": "array", "items": STRING}
CODE: Schema = {"type": "string", "pattern": "^AG7[0-9]{0,2}$"}
CODES: Schema = {"type": "array", "items": CODE}

# By how the type is said in words. What has choices is an enumeration, whatever it is otherwise.
TYPES: Mapping[str, Schema] = {
    "a string": STRING,
    "a list of strings": STRINGS,
    "a table of strings": {"type": "object", "additionalProperties": STRING},
    "a series such as 5.2": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+$"},
    "true or false": {"type": "boolean"},
    "a whole number from 40 to 320": {"type": "integer", "minimum": 40, "maximum": 320},
    SOURCE_KEYS["kinds"].type: {
        "type": "object",
        "additionalProperties": {"enum": list(WORDS)},
    },
    SOURCE_KEYS["releases"].type: {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": STRING,
                "version": STRING,
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            },
            "required": ["name", "version", "sha256"],
            "additionalProperties": False,
        },
    },
    AUDIT_KEYS["ignore"].type: CODES,
    AUDIT_KEYS["per-file-ignores"].type: {"type": "object", "additionalProperties": CODES},
}


def descriptions() -> Mapping[str, str]:
    """Of each key with a section: its first paragraph, as plain text."""
    sections = re.findall(r"^### `([\w-]+)`\n\n(.*?)\n\n", PAGE.read_text("utf-8"), re.S | re.M)
    return {key: plain(text) for key, text in sections}


def plain(text: str) -> str:
    return " ".join(re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text).replace("`", "").split())


def defaults(cls: type[Source] | type[Config]) -> Mapping[str, object]:
    """Of a dataclass, by key: the defaults that TOML can say."""
    return {
        each.name.replace("_", "-"): each.default
        for each in dataclasses.fields(cls)
        if isinstance(each.default, str | bool | int)
    }


def table(keys: Mapping[str, Key], known: Mapping[str, object]) -> Schema:
    said = descriptions()
    properties: Schema = {}
    for name, key in keys.items():
        shape: Schema = {"enum": list(key.choices)} if key.choices else dict(TYPES[key.type])
        described = {"description": said[name]} if name in said else {}
        default = {"default": known[name]} if name in known else {}
        properties[name] = {**described, **shape, **default}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def schema() -> Schema:
    special = {"source", "audit"}
    source = table(SOURCE_KEYS, defaults(Source))
    top = {name: key for name, key in TOP_KEYS.items() if name not in special}
    whole = table({**SOURCE_KEYS, **top}, {**defaults(Source), **defaults(Config)})
    properties = whole["properties"]
    assert isinstance(properties, dict)
    properties["source"] = {
        "description": "Further sources; what a table does not say it takes from [tool.asyncgen].",
        "type": "array",
        "items": {**source, "required": ["sources"]},
    }
    properties["audit"] = {
        "description": "What the audit passes over, and what it cannot know of the project.",
        **table(AUDIT_KEYS, {}),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://json.schemastore.org/partial-asyncgen.json",
        "title": "asyncgen",
        "description": "What asyncgen reads, and what it writes.",
        **whole,
    }


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
