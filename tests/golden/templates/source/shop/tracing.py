from contextlib import contextmanager


@contextmanager
def span(name):
    yield
