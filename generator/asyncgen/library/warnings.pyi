# https://docs.python.org/3/library/warnings.html

def warn(
    message: object, category: object = None, stacklevel: int = 1, source: object = None
) -> None: ...
