"""Verbs and flags. The only package that prints or exits.

Exit status: 0 in sync (or done), 1 drift, 2 bad configuration or usage, 3 source that cannot be
processed, 4 a fault of asyncgen.
"""

from __future__ import annotations

import click

from asyncgen.cli.auditing import audit
from asyncgen.cli.explaining import explain, rule
from asyncgen.cli.initialising import init
from asyncgen.cli.session import with_shared_options
from asyncgen.cli.writing import apply, build, check, diff


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@with_shared_options
@click.version_option(package_name="asyncgen", prog_name="asyncgen")
def main() -> None:
    """Generate the async surface of Django querysets, managers, models and functions.

    The sync source is read, never imported. What is written is ordinary Python, to be committed.
    """


for _command in (build, check, diff, apply, audit, explain, rule, init):
    main.add_command(_command)
