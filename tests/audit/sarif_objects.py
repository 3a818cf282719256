"""What SARIF 2.1.0 says of the objects that the audit writes: a table, and a check by it.

Of the properties of an object, those that it must have, and those of the others that are written
here, each with its type; from https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. The
whole schema has four thousand lines, nearly all about what is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

LEVELS = frozenset({"none", "note", "warning", "error"})
POSITIVE, INDEX = "a number from 1", "a number from 0"
ANY = "or none"  # of a list; any other has one at least
# Each object: the properties that it must have, then those that it may have.
OBJECTS: Mapping[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "log": ({"version": {"2.1.0"}, "runs": ["run"]}, {"$schema": str}),
    "run": (
        {"tool": "tool"},
        {
            "results": ["result", ANY],
            "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
            "originalUriBaseIds": ("artifactLocation",),
        },
    ),
    "tool": ({"driver": "toolComponent"}, {}),
    "toolComponent": (
        {"name": str},
        {"rules": ["reportingDescriptor", ANY], "informationUri": str, "version": str},
    ),
    "reportingDescriptor": (
        {"id": str},
        {
            "name": str,
            "shortDescription": "text",
            "fullDescription": "text",
            "help": "text",
            "helpUri": str,
            "defaultConfiguration": "reportingConfiguration",
        },
    ),
    "reportingConfiguration": ({}, {"level": LEVELS}),
    "text": ({"text": str}, {}),
    "result": (
        {"message": "text"},
        {
            "ruleId": str,
            "ruleIndex": INDEX,
            "level": LEVELS,
            "locations": ["location"],
            "codeFlows": ["codeFlow"],
            "partialFingerprints": (str,),
            "fixes": ["fix"],
        },
    ),
    "location": (
        {},
        {
            "physicalLocation": "physicalLocation",
            "logicalLocations": ["logicalLocation"],
            "message": "text",
        },
    ),
    "physicalLocation": ({}, {"artifactLocation": "artifactLocation", "region": "region"}),
    "artifactLocation": ({}, {"uri": str, "uriBaseId": str}),
    "region": (
        {},
        {
            "startLine": POSITIVE,
            "startColumn": POSITIVE,
            "endLine": POSITIVE,
            "endColumn": POSITIVE,
        },
    ),
    "logicalLocation": ({}, {"fullyQualifiedName": str, "kind": str}),
    "codeFlow": ({"threadFlows": ["threadFlow"]}, {}),
    "threadFlow": ({"locations": ["threadFlowLocation"]}, {}),
    "threadFlowLocation": ({}, {"location": "location"}),
    "fix": ({"artifactChanges": ["artifactChange"]}, {"description": "text"}),
    "artifactChange": (
        {"artifactLocation": "artifactLocation", "replacements": ["replacement"]},
        {},
    ),
    "replacement": ({"deletedRegion": "region"}, {"insertedContent": "content"}),
    "content": ({}, {"text": str}),
}
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986


def faults(value: object, kind: object = "log", path: str = "log") -> Iterator[str]:
    """What of the value is not as SARIF has it, with where it stands."""
    if isinstance(kind, str) and kind in OBJECTS:
        yield from _faults_of_object(value, kind, path)
    elif isinstance(kind, list):
        is_list = isinstance(value, list) and (value or ANY in kind)
        yield from [] if is_list else [f"{path} is no list of some"]
        for index, each in enumerate(value if isinstance(value, list) else ()):
            yield from faults(each, kind[0], f"{path}[{index}]")
    elif isinstance(kind, tuple):
        yield from [] if isinstance(value, dict) else [f"{path} is no object"]
        for key, each in (value if isinstance(value, dict) else {}).items():
            yield from faults(each, kind[0], f"{path}.{key}")
    elif isinstance(kind, set | frozenset):
        yield from [] if value in kind else [f"{path} is {value!r}"]
    elif kind in (POSITIVE, INDEX):
        least = 1 if kind == POSITIVE else 0
        yield from [] if type(value) is int and value >= least else [f"{path} is {value!r}"]
    elif not (isinstance(value, str) and value):
        yield f"{path} is {value!r}"
    if path.endswith(("uri", "informationUri", "$schema")) and not _URI.fullmatch(str(value)):
        yield f"{path} is no URI: {value!r}"


def _faults_of_object(value: object, kind: str, path: str) -> Iterator[str]:
    required, optional = OBJECTS[kind]
    if not isinstance(value, dict):
        yield f"{path} is no object"
        return
    known = {**required, **optional}
    yield from (f"{path} has no {key}" for key in required if key not in value)
    yield from (f"{path} may have no {key}" for key in value if key not in known)
    for key, each in value.items():
        if key in known:
            yield from faults(each, known[key], f"{path}.{key}")
