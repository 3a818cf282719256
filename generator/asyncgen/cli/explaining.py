"""`explain` and `rule`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from asyncgen.cli.entries import (
    called,
    class_tree,
    entry_json,
    entry_line,
    entry_text,
    is_class,
    is_code,
    near_entry,
)
from asyncgen.cli.running import analysed
from asyncgen.cli.session import IN_SYNC, Session, verb
from asyncgen.problems import AsyncgenError, Problem

if TYPE_CHECKING:
    from asyncgen.config import Config
    from asyncgen.plan import Entry

EVERYWHERE = "asyncgen_django.everywhere"


@click.command()
@click.argument("name", required=False)
@verb
def explain(session: Session, name: str | None) -> int:
    """Print why each callable gets a twin or none: kind, evidence, twin; or what a code means.

    NAME is a dotted name or the end of one: django.db.models.QuerySet.get, BookQuerySet.total,
    total; that of a twin, atotal; of a class, BookQuerySet, whose callables are listed; or a place,
    shop/models.py:40. Without it, every callable that the configuration covers is listed. For
    asyncgen_django.everywhere, what that app changes of Django is.
    """
    from asyncgen.stub.companions import types

    if name and is_code(name):
        return _rule(session, name)
    config = session.config()
    if name == EVERYWHERE:
        return _explain_everywhere(session, config)
    result = analysed(session, config)
    if result.errors:
        raise AsyncgenError(*result.errors)
    entries = _entries_called(name, result.entries) if name else result.entries
    if not entries and session.output_format != "json":
        session.say("asyncgen: the sources have no queryset, manager or model with a callable")
    if name and not session.as_json and is_class(entries, name):
        click.echo(class_tree(entries, result))
        return IN_SYNC
    stubs = types(result.stubs)
    for entry in entries:
        if session.output_format == "json":
            click.echo(json.dumps(entry_json(entry, stubs.get(id(entry.decision)))))
        elif name is None:
            click.echo(entry_line(entry, stubs.get(id(entry.decision))))
        else:
            click.echo(entry_text(entry, result, config))
    return IN_SYNC


def _entries_called(name: str, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Those that the name stands for. Raises AsyncgenError (AG205) where there is none."""
    named = called(entries, name)
    if not named:
        raise AsyncgenError(
            Problem(
                "AG205",
                f"the configuration covers nothing that is called {name}",
                f"{near_entry(entries, name)}`asyncgen explain` lists what it covers; add a "
                "source to [tool.asyncgen]",
            )
        )
    return named


@click.command()
@click.argument("code")
@verb
def rule(session: Session, code: str) -> int:
    """Say what a code such as AG305 means, why it is told, and the way out."""
    return _rule(session, code)


def _rule(session: Session, code: str) -> int:
    from asyncgen.codes import named, text

    if session.as_json:
        known = named(code)
        said = {**asdict(known), "severity": known.severity.value}
        del said["warning"]
        click.echo(json.dumps(said))
    else:
        click.echo(text(code), nl=False)
    return IN_SYNC


def _explain_everywhere(session: Session, config: Config) -> int:
    from asyncgen.everywhere import changes

    for each in changes(config):
        if session.output_format == "json":
            place = {"file": each.location.path, "line": each.location.line}
            click.echo(json.dumps({"name": each.name, "how": each.how, **place}))
        else:
            click.echo(f"{each.location}: {each.name}: {each.how}")
    return IN_SYNC
