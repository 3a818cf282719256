# https://docs.python.org/3/library/uuid.html

from collections.abc import Iterable

class UUID:
    hex: str
    int: int
    bytes: bytes
    def __init__(
        self,
        hex: str | None = None,
        bytes: Iterable[object] | None = None,
        bytes_le: Iterable[object] | None = None,
        fields: Iterable[object] | None = None,
        int: object = None,
        version: object = None,
    ) -> None: ...

def uuid1(node: int | None = None, clock_seq: int | None = None) -> UUID: ...
def uuid3(namespace: UUID, name: str) -> UUID: ...
def uuid4() -> UUID: ...
def uuid5(namespace: UUID, name: str) -> UUID: ...
