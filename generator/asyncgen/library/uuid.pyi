# https://docs.python.org/3/library/uuid.html

class UUID:
    hex: str
    int: int
    bytes: bytes
    def __init__(
        self,
        hex: str | None = None,
        bytes: object = None,
        bytes_le: object = None,
        fields: object = None,
        int: object = None,
        version: object = None,
    ) -> None: ...

def uuid1(node: int | None = None, clock_seq: int | None = None) -> UUID: ...
def uuid3(namespace: UUID, name: str) -> UUID: ...
def uuid4() -> UUID: ...
def uuid5(namespace: UUID, name: str) -> UUID: ...
