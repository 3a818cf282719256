"""What runs first: it answers what takes no command line library, and leaves the rest to `cli`.

Importing that library takes longer than all that a check without a change has to do.
"""

from __future__ import annotations

import os
import sys

from asyncgen.files import nearest_configuration
from asyncgen.stamp import warnings

_ANSWERS = {"check": "asyncgen: in sync", "build": "asyncgen: in sync, nothing read"}


def main() -> None:
    """The command line."""
    if len(sys.argv) == 2 and sys.argv[1] in _ANSWERS:
        configuration = nearest_configuration(os.path.realpath(os.getcwd()))
        if warnings(configuration, None) == []:
            print(_ANSWERS[sys.argv[1]])
            sys.exit(0)
    from asyncgen.cli import main as run

    run(prog_name="asyncgen")
