# What a request has of its head alone; what else it has may query, or read a body.
# https://docs.djangoproject.com/en/stable/ref/request-response/#httprequest-objects

class HttpRequest:
    COOKIES: dict[str, str]
    GET: dict[str, str]
    META: dict[str, str]
    content_type: str
    encoding: str
    headers: dict[str, str]
    method: str
    path: str
    path_info: str
    resolver_match: object
    scheme: str
    def build_absolute_uri(self, location: str | None = None) -> str: ...
    def get_full_path(self, force_append_slash: bool = False) -> str: ...
    def get_host(self) -> str: ...
    def is_secure(self) -> bool: ...
