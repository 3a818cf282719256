"""Write django.txt anew, of the source distribution of the newest Django that is supported:

    .cache/venv-docs/bin/python docs/inventories/write_django.py DJANGO_SOURCE

Sphinx reads all of Django's documentation for it, which takes some minutes.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from sphinx.application import Sphinx

HEAD = "# Sphinx inventory version 1\n# Project: Django\n# Version: \n"
# What twins stand beside, and the types in their signatures.
KEPT = re.compile(
    r"django\.(?:contrib\.(?:admin\.models|auth|contenttypes|flatpages|sessions|sites)|core\.(?:cache|"
    r"files|paginator|serializers|validators)|db\.(?:models|transaction)|forms|http|shortcuts|test)\."
)
ROLES = ("class", "exception", "function", "method")


def main(source: Path) -> None:
    documents = source / "docs"
    with tempfile.TemporaryDirectory() as out:
        app = Sphinx(
            documents,
            documents,
            out,
            out,
            "dummy",
            status=None,
            warning=None,
            confoverrides={"intersphinx_mapping": {}},
        )
        app.build()
    known = app.env.domains.python_domain.get_objects()
    lines = sorted(
        f"{name} {role} {page}/\n"
        for name, _, role, page, anchor, _ in known
        if role in ROLES and anchor == name and KEPT.match(name)
    )
    Path(__file__).with_name("django.txt").write_text(HEAD + "".join(lines), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
