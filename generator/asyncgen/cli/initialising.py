"""`init`."""

from __future__ import annotations

from pathlib import Path

import click

from asyncgen.cli.session import IN_SYNC, Session, verb
from asyncgen.presets import PRESETS


@click.command()
@click.option(
    "--preset",
    "presets",
    multiple=True,
    type=click.Choice(list(PRESETS)),
    help="Add a source table for that package, too; alone, where [tool.asyncgen] is there.",
)
@click.option(
    "--services",
    "with_services",
    is_flag=True,
    help="Add sources for functions that open transactions, not only in comments; alone, where "
    "[tool.asyncgen] is there.",
)
@verb
def init(session: Session, presets: tuple[str, ...], with_services: bool) -> int:
    """Add a commented [tool.asyncgen] table to pyproject.toml, for what the project has."""
    from asyncgen.initialise import fitting_presets, initialise, without_preset

    path = session.config_path or Path("pyproject.toml")
    with session.progress() as progress:
        proposal = initialise(path, session.python, progress, presets, with_services=with_services)
    services = [path for path, _ in proposal.services]
    if proposal.choices or presets or services:
        added = "[tool.asyncgen]" if proposal.choices else "sources"
        session.say(f"asyncgen: added {added} to {path}")
    for name in presets:
        session.say(f"  a source for {PRESETS[name].distribution}")
    is_active = with_services or proposal.has_services_alone
    for source in (*proposal.sources, *(services if is_active else ())):
        session.say(f"  {source}")
    if with_services and not services:
        session.say("No function that opens a transaction is left without a source.")
    for choice in proposal.choices:
        session.say(choice.summary)
    in_comments = {
        "services, which `asyncgen init --services` adds": services and not is_active,
        "classes of other packages": without_preset(proposal),
    }
    further = [what for what, is_there in in_comments.items() if is_there]
    if further:
        session.say(f"It has further sources in comments: {', '.join(further)}.")
    for name in fitting_presets(proposal, presets):
        package = PRESETS[name].distribution
        session.say(
            f"{package} has a preset: `asyncgen init --preset {name}` adds a source for it."
        )
    if proposal.sources or proposal.services or presets:
        session.say("Look at it, then run `asyncgen build`, and `asyncgen apply`.")
    else:
        session.say(
            "No queryset, manager or model was found: name the modules to read in `sources`."
        )
    return IN_SYNC
