"""Errors in a project's own templates, as problems that name the template's file and line."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jinja2

from asyncgen.problems import AsyncgenError, Location, Problem

CODE = "AG405"


@contextmanager
def told(folder: Path | None) -> Iterator[None]:
    """Raise AsyncgenError (AG405) for what goes wrong in a template of `folder`; any other error is
    ours, and stays what it is."""
    try:
        yield
    except Exception as error:
        place = _place(error, folder) if folder else None
        if place is None:
            raise
        what = error.message if isinstance(error, jinja2.TemplateError) else str(error)
        message = f"the template cannot be rendered: {what or type(error).__name__}"
        hint = "correct it; the page Templates of the documentation says what it may use"
        raise AsyncgenError(Problem(CODE, message, hint, place)) from error


def _place(error: Exception, folder: Path) -> Location | None:
    """The innermost line of a template of `folder` that led to the error."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        places = [(error.filename or "", error.lineno)]
    else:
        frames = traceback.extract_tb(error.__traceback__)
        places = [(frame.filename, frame.lineno or 1) for frame in reversed(frames)]
    own = (place for place in places if Path(place[0]).is_relative_to(folder))
    return next((Location(*place) for place in own), None)


def check(text: str, path: str, folder: Path | None) -> None:
    """Raise AsyncgenError (AG405) where what a project's templates made is not Python."""
    if folder is None:
        return
    try:
        ast.parse(text)
    except SyntaxError as error:
        line = (error.text or "").strip()
        message = f"what the templates write to {path} is not Python: {error.msg}: {line}"
        hint = "correct the template that writes this line"
        raise AsyncgenError(Problem(CODE, message, hint, Location(str(folder), 1))) from error
