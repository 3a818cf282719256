# https://docs.python.org/3/library/urllib.parse.html

from collections.abc import Iterable

def quote(
    string: object,
    safe: Iterable[object] = "/",
    encoding: str | None = None,
    errors: str | None = None,
) -> str: ...
def quote_plus(
    string: object,
    safe: Iterable[object] = "",
    encoding: str | None = None,
    errors: str | None = None,
) -> str: ...
def unquote(string: object, encoding: str = "utf-8", errors: str = "replace") -> str: ...
def urlencode(
    query: Iterable[object],
    doseq: bool = False,
    safe: object = "",
    encoding: str | None = None,
    errors: str | None = None,
    quote_via: object = None,
) -> str: ...
