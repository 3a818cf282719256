"""`asyncgen audit --fix`: findings, mended in people's own source.

One pass changes what is independent of each other; what that uncovers is found by the next audit.
What cannot be told for certain is left, with the finding that says so.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import libcst as cst
from libcst import matchers as m
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from asyncgen.audit.finding import Finding, Fix
from asyncgen.audit.places import shown
from asyncgen.audit.report.sarif import Replacement
from asyncgen.config import Config
from asyncgen.contents import Contents
from asyncgen.mend.apply import Change, bound, used_names
from asyncgen.mend.fixers import FIXERS, IMPORTS, Fixer
from asyncgen.mend.imported import Place, local_names
from asyncgen.mend.imports import Importer, without
from asyncgen.surface import ImportLine

SELECT_RELATED = "select-related"
_RELATION = re.compile(r"select_related\(\s*[\"']([\w]+)[\"']")


def mends(
    config: Config,
    findings: Iterable[Finding],
    module_name: Callable[[Path], str],
    *,
    unsafe: bool = False,
    contents: Contents | None = None,
) -> tuple[Change, ...]:
    """The files that are to change, to mend the findings as far as it can be told how; with
    `unsafe`, also by what may mean a little else. Nothing is written."""
    changes: list[Change] = []
    for patient, found in _patients(config, findings, module_name, unsafe, contents):
        after = patient.mended(found)
        if after != patient.before:
            changes.append(Change(shown(patient.path, config.root), patient.before, after))
    return tuple(changes)


def replacements(
    config: Config, findings: Iterable[Finding], module_name: Callable[[Path], str]
) -> dict[Finding, list[Replacement]]:
    """What mends each finding by itself, as lines in place of others."""
    made: dict[Finding, list[Replacement]] = {}
    for patient, found in _patients(config, findings, module_name, unsafe=True):
        before = patient.before.decode(patient.tree.encoding).splitlines(keepends=True)
        for finding in found:
            after = patient.mended([finding]).decode(patient.tree.encoding)
            if changes := list(_replaced(before, after.splitlines(keepends=True))):
                made[finding] = changes
    return made


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Replacement]:
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            yield Replacement(first + 1, 1, last + 1, 1, "".join(after[start:end]))


def _patients(
    config: Config,
    findings: Iterable[Finding],
    module_name: Callable[[Path], str],
    unsafe: bool,
    contents: Contents | None = None,
) -> Iterator[tuple[_Patient, list[Finding]]]:
    """The files that can be read, each with the findings in it that can be mended."""
    by_file: dict[Path, list[Finding]] = defaultdict(list)
    for each in findings:
        if is_mendable(each, unsafe=unsafe):
            by_file[config.root / each.path].append(each)
    for path, found in sorted(by_file.items()):
        before = (contents or Contents()).of(path)
        with suppress(cst.ParserSyntaxError):
            tree = cst.parse_module(before)
            if tree.bytes == before:
                yield _Patient(path, module_name(path), before, tree, config), found


def is_mendable(finding: Finding, *, unsafe: bool = False) -> bool:
    """Whether there is a fixer for the finding that may be used."""
    fix = finding.fix
    return fix is not None and (fix.safe or unsafe) and _is_known(fix)


def _is_known(fix: Fix) -> bool:
    return fix.kind in FIXERS or fix.kind == SELECT_RELATED


Make = Callable[[cst.CSTNode], cst.CSTNode]


@dataclass(frozen=True)
class _Patient:
    """One file that is mended."""

    path: Path
    module: str
    before: bytes
    tree: cst.Module
    config: Config

    @cached_property
    def places(self) -> _Places:
        wrapper = MetadataWrapper(self.tree)
        positions = wrapper.resolve(PositionProvider)
        return _Places(wrapper.module, positions, wrapper.resolve(ParentNodeProvider))

    def mended(self, findings: Iterable[Finding]) -> bytes:
        """The file as it should be; as it is where what would be written is not Python."""
        makes: dict[cst.CSTNode, Make] = {}
        used: list[Finding] = []
        for finding in findings:
            assert finding.fix is not None, "only those with one are mended"
            for node, make in self.changes(finding, finding.fix, self.places).items():
                if node not in makes:
                    makes[node] = make
                    used.append(finding)
        changed = self.places.tree.visit(_Transformer(makes))
        assert isinstance(changed, cst.Module), "a module stays one"
        after = self.imported(self.tree, changed, used).bytes
        return after if _is_python(after, self.path) else self.before

    def changes(self, finding: Finding, fix: Fix, places: _Places) -> dict[cst.CSTNode, Make]:
        """Which nodes to replace, and by what; none where it cannot be told which."""
        if fix.kind == SELECT_RELATED:
            return _select_related(finding, fix, places)
        fixer = FIXERS[fix.kind]
        node = places.target(finding, fix, fixer)
        if node is None or (fixer.is_async and not places.is_async(node)):
            return {}
        if any((line.name or line.module) in places.bound for line in _imports(finding)):
            return {}  # what is to be imported has the name of something else here
        return {
            node: partial(
                _made, fixer=fixer, fix=fix, parent=places.parents.get(node), original=node
            )
        }

    # -- imports ---------------------------------------------------------------------------------

    def imported(self, before: cst.Module, tree: cst.Module, used: Iterable[Finding]) -> cst.Module:
        """With what the mends need, and without what nothing needs any longer."""
        place = Place.of(self.module, self.path, self.config)
        known = local_names(tree, place)
        wanted = dict.fromkeys(line for each in used for line in _imports(each))
        missing = [line for line in wanted if line not in known]
        tree = Importer(place, self.config.line_length).added(
            tree, missing, _first_definition(tree)
        )
        gone = used_names(before) - used_names(tree)
        stale = {line for line, name in known.items() if line not in wanted and name in gone}
        return without(tree, place, frozenset(stale))


def _imports(finding: Finding) -> Iterator[ImportLine]:
    """What the mend of a finding imports: a name of a module, or a module of one part."""
    assert finding.fix is not None, "only those with one are mended"
    for dotted in (*finding.fix.imports, *IMPORTS.get(finding.fix.kind, ())):
        module, _, name = dotted.rpartition(".")
        yield ImportLine(module, name) if module else ImportLine(name, None)


def _first_definition(tree: cst.Module) -> int:
    """The number of the first function or class: imports that stand behind it are of its own."""
    for index, statement in enumerate(tree.body):
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            return index
    return len(tree.body)


def _is_python(source: bytes, path: Path) -> bool:
    """Whether it compiles; `await` outside of async code does not. Nothing is run."""
    try:
        compile(source, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


# -- which node ------------------------------------------------------------------------------------

Position = tuple[int, int]


@dataclass(frozen=True)
class _Places:
    """Where the nodes of a file stand, and what they stand in."""

    tree: cst.Module
    positions: Mapping[cst.CSTNode, CodeRange]
    parents: Mapping[cst.CSTNode, cst.CSTNode]

    @cached_property
    def bound(self) -> set[str]:
        """The names that the file binds by itself."""
        return bound(self.tree)

    @cached_property
    def nodes(self) -> list[tuple[Position, Position, cst.CSTNode]]:
        """The nodes that a fixer may be about, from the outside in."""
        kinds = (cst.BaseExpression, cst.CompFor, cst.For, cst.With)
        called = {node.func for node in self.positions if isinstance(node, cst.Call)}
        return [
            ((at.start.line, at.start.column), (at.end.line, at.end.column), node)
            for node, at in self.positions.items()
            if isinstance(node, kinds) and node not in called
        ]

    def target(self, finding: Finding, fix: Fix, fixer: Fixer) -> cst.CSTNode | None:
        """The node that the finding is about: what stands exactly there; else what would become the
        text, or what alone is of the form there; else what it stands in."""
        first = finding.line, finding.column
        last = finding.end_line, finding.end_column
        inside = [
            (start, end, node)
            for start, end, node in self.nodes
            if first <= start and end <= last and fixer.finds(node, fix)
        ]
        exact = [node for start, end, node in inside if (start, end) == (first, last)]
        said = [node for _, _, node in inside if _code(fixer.makes(node, fix)) == fix.text]
        for found in (exact[:1], said, [node for _, _, node in inside]):
            if len(found) == 1:
                return found[0]
        return None if inside else self.around(first, last, fix, fixer)

    def around(self, first: Position, last: Position, fix: Fix, fixer: Fixer) -> cst.CSTNode | None:
        """The innermost node of the form around the place, whose head, not whose body, it is in; or
        whose head it is."""
        around = [
            (start, node)
            for start, end, node in self.nodes
            if start <= first <= end and fixer.finds(node, fix) and self.is_head(node, first)
        ]
        return max(around, key=lambda each: each[0])[1] if around else None

    def is_head(self, node: cst.CSTNode, place: Position) -> bool:
        body = node.body if isinstance(node, cst.For | cst.With) else None
        if body is None:
            return True
        start = self.positions[body].start
        return place < (start.line, start.column)

    def is_async(self, node: cst.CSTNode) -> bool:
        """Whether `await` may stand in the place of the node, or of its parts for a statement."""
        child, parent = node, self.parents.get(node)
        while parent is not None:
            match parent:
                case cst.FunctionDef() if child is parent.body:
                    return parent.asynchronous is not None
                case cst.Lambda() if child is parent.body:
                    return False
                case cst.ClassDef() if child is parent.body:
                    return False
                case cst.GeneratorExp() if not self.is_first_iterable(node, parent):
                    return False
            child, parent = parent, self.parents.get(parent)
        return False

    def is_first_iterable(self, node: cst.CSTNode, generator: cst.GeneratorExp) -> bool:
        """Whether the node is in what a generator expression iterates over: that alone is evaluated
        where the expression stands, all else where it is consumed."""
        return self.is_in(node, {generator.for_in.iter})

    def is_in(self, node: cst.CSTNode, others: Collection[cst.CSTNode]) -> bool:
        """Whether the node is one of the others, or stands in one."""
        around: cst.CSTNode | None = node
        while around is not None:
            if around in others:
                return True
            around = self.parents.get(around)
        return False

    def function(self, node: cst.CSTNode) -> cst.CSTNode:
        """The innermost function, else the module, that the node stands in."""
        around = self.parents.get(node)
        while around is not None and not isinstance(around, cst.FunctionDef):
            around = self.parents.get(around)
        return around or self.tree


_EMPTY = cst.Module([])


def _code(node: cst.CSTNode) -> str:
    return _EMPTY.code_for_node(node)


# -- changes ---------------------------------------------------------------------------------------


class _Transformer(cst.CSTTransformer):
    """Replaces nodes, the inner ones first."""

    def __init__(self, makes: Mapping[cst.CSTNode, Make]) -> None:
        super().__init__()
        self.makes = makes

    def on_leave(  # type: ignore[override]  # a change keeps to what may stand in its place
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode:
        make = self.makes.get(original_node)
        return make(updated_node) if make else updated_node


def _made(
    node: cst.CSTNode, *, fixer: Fixer, fix: Fix, parent: cst.CSTNode | None, original: cst.CSTNode
) -> cst.CSTNode:
    """What stands in the place of the node: in parentheses before a dot, a call or an index, and
    without a second `await`."""
    made = fixer.makes(node, fix)
    if not isinstance(made, cst.Await):
        return made
    match parent:
        case cst.Await():
            return made.expression
        case cst.Attribute(value=head) | cst.Subscript(value=head) | cst.Call(func=head) if (
            head is original
        ):
            return made.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return made


def _select_related(finding: Finding, fix: Fix, places: _Places) -> dict[cst.CSTNode, Make]:
    """`.select_related("site")` in the one chain of the function that `crate` of `crate.site` comes
    from, before its last method."""
    match = _RELATION.search(fix.text)
    read = places.target(finding, fix, _READING)
    if match is None or not isinstance(read, cst.Attribute):
        return {}
    root: cst.BaseExpression = read
    while isinstance(root, cst.Attribute):
        root = root.value
    if not isinstance(root, cst.Name):
        return {}
    function = places.function(read)
    origins = [chain for name, chain in _origins(function) if name == root.value]
    if len(origins) != 1 or _method_call(origins[0]) is None:
        return {}
    return {origins[0]: partial(_with_relation, relation=match[1])}


def _origins(function: cst.CSTNode) -> Iterator[tuple[str, cst.BaseExpression]]:
    """The names that a function binds, each with the call whose rows it is bound to."""
    for node in m.findall(function, m.Assign() | m.For() | m.CompFor()):
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
                yield name, value.expression if isinstance(value, cst.Await) else value
            case cst.For(target=cst.Name(value=name), iter=iterable):
                yield name, iterable
            case cst.CompFor(target=cst.Name(value=name), iter=iterable):
                yield name, iterable


def _method_call(node: cst.CSTNode) -> cst.Attribute | None:
    """The method of a call of one."""
    match node:
        case cst.Call(func=cst.Attribute() as method):
            return method
    return None


def _with_relation(node: cst.CSTNode, relation: str) -> cst.CSTNode:
    """`Crate.objects.select_related("site").aget(…)`; after `all()` and `filter(…)`, whose rows are
    iterated over, it comes last."""
    method = _method_call(node)
    assert isinstance(node, cst.Call), "told before"
    assert method is not None, "told before"
    argument = cst.Arg(cst.SimpleString(f'"{relation}"'))
    is_lazy = not method.attr.value.startswith("a") or method.attr.value in _LAZY
    before = node if is_lazy else method.value
    chained = cst.Call(cst.Attribute(before, cst.Name("select_related")), [argument])
    return chained if is_lazy else node.with_changes(func=method.with_changes(value=chained))


# Methods of querysets that begin with the prefix of twins, and are none.
_LAZY = frozenset({"all", "annotate", "alias"})
_READING = Fixer(lambda node, fix: isinstance(node, cst.Attribute), lambda node, fix: node)
