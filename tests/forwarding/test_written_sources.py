"""Sources that nobody would write: built, imported, and called on SQLite, where each twin gives
what its sync callable gives.

The suite writes a few projects, always the same; ASYNCGEN_WRITTEN_SOURCES is how many there are
otherwise, and those are new ones each time.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from writing import Project, projects

from tests.support.building import build

HERE = Path(__file__).resolve().parent


MORE = os.environ.get("ASYNCGEN_WRITTEN_SOURCES")


@given(projects())
@settings(
    max_examples=int(MORE or 8),
    derandomize=not MORE,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_twin_and_sync_callable_give_the_same(project: Project) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, project)
        done = subprocess.run(
            [sys.executable, HERE / "running.py", root], capture_output=True, text=True, cwd=root
        )
        files = project.files()
        assert done.returncode == 0, (
            done.stderr + files[f"{project.package}/{project.rows_module}.py"]
        )
        found = json.loads(done.stdout)
        said = "\n".join(explained(project, root, *each) for each in found["wrong"].items())
        assert not found["wrong"], said
        assert found["calls"]


def write(root: Path, project: Project) -> None:
    """Write the project, what is built of it, and what is to be called; what `explain` names may
    have no twin."""
    for path, text in project.files().items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    built = build(root / "pyproject.toml", warnings=True)
    for text in built.texts.values():
        ast.parse(text)
    built.write()
    without = {
        each.decision.function.name for each in built.result.entries if not each.decision.twin
    }
    plan = {
        "package": project.package,
        "targets": [
            {"module": module, "owner": owner, "name": each.name, "is_read": each.is_read}
            for module, owner, members in (
                (project.rows_module, project.rows, project.methods),
                (project.module, "", project.functions),
            )
            for each in members
            if not (each.is_assigned and each.name in without)
        ],
    }
    (root / "plan.json").write_text(json.dumps(plan), encoding="utf-8")


def explained(project: Project, root: Path, name: str, said: str) -> str:
    """A difference, with the source and the twin."""
    module, _, plain = name.rpartition(".")
    members = {project.rows_module: project.methods, project.module: project.functions}[module]
    source = next(each.text for each in members if each.name == plain)
    path = root / project.package / f"{module}_async.py"
    twin = next(
        (
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if getattr(node, "name", "") == f"a{plain}"
        ),
        "",
    )
    return f"\n--- {name}: {said}\n{source}\n{twin}"
