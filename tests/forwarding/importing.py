"""Compile and import generated modules with the Python that runs this, whatever it has installed.

    python importing.py SUBJECTS

SUBJECTS is a JSON file that test_forwarding.py writes. What the modules import stands in for the
real modules (see `standins`). Prints what does not compile or import; the exit status is 1 then.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from standins import World, bridges


def main(path: str) -> int:
    wrong = []
    count = 0
    for each in json.loads(Path(path).read_text(encoding="utf-8")):
        roots = [Path(root) for root in each["roots"]]
        world = World(roots, each["modules"], bridges(each["bridges"], lambda function: function))
        for module in each["modules"]:
            count += 1
            try:
                world.load(module)
            except Exception as error:
                wrong.append(f"{each['name']}: {module}: {type(error).__name__}: {error}")
        for stub in each["stubs"]:
            count += 1
            try:
                ast.parse(stub)
            except SyntaxError as error:
                wrong.append(f"{each['name']}: {stub.splitlines()[0]}: {error}")
    print(f"{count} modules", *wrong, sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
