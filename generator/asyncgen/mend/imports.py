"""The imports of a module: what is new stands where isort would put it, what is stale goes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import libcst as cst
from libcst import matchers

from asyncgen.config import Config
from asyncgen.environment import is_own_package
from asyncgen.mend.headings import Headings, Section, headings
from asyncgen.surface import ImportLine

FirstParty = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """A module as its own imports see it: its package, which packages are near, and what stands
    above the sections of its imports."""

    package: str
    is_first_party: FirstParty
    headings: Headings = field(default_factory=dict)

    @classmethod
    def of(cls, module: str, path: Path, config: Config) -> Place:
        is_package = path.stem == "__init__"
        return cls(
            module if is_package else module.rpartition(".")[0],
            partial(is_own_package, config),
            headings(config),
        )

    def absolute(self, node: cst.ImportFrom) -> str:
        """The full name of the module that a statement imports from."""
        name = dotted(node.module)
        level = len(node.relative)
        if not level:
            return name
        parts = self.package.split(".")
        return ".".join(filter(None, [*parts[: len(parts) - level + 1], name]))

    def relative(self, module: str) -> str:
        """The module's name with leading dots, seen from here."""
        own, other = self.package.split("."), module.split(".")
        common = 0
        while common < min(len(own), len(other) - 1) and own[common] == other[common]:
            common += 1
        if not common:
            return module
        return "." * (len(own) - common + 1) + ".".join(other[common:])

    def section(self, name: str) -> Section:
        top = name.partition(".")[0]
        if not top:
            return Section.RELATIVE
        if top == "__future__":
            return Section.FUTURE
        if top in sys.stdlib_module_names:
            return Section.STANDARD
        return Section.FIRST_PARTY if self.is_first_party(top) else Section.THIRD_PARTY

    def heading(self, name: str) -> str:
        """The comment above the imports of the module's section; empty where there is none."""
        return self.headings.get(self.section(name), "")


# -- what is there ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Statement:
    """An import that stands alone in its line, at the outermost level of a module."""

    index: int  # among the statements
    line: cst.SimpleStatementLine
    node: cst.Import | cst.ImportFrom
    name: str  # of the module, with leading dots, as it is written

    @property
    def starts_group(self) -> bool:
        """Whether a blank line sets it apart; before a comment isort puts one in any case."""
        lines = self.line.leading_lines
        return bool(lines) and all(each.comment is None for each in lines)

    @property
    def level(self) -> int:
        return len(self.name) - len(self.name.lstrip("."))

    @property
    def order(self) -> _Order:
        aliases = _aliases(self.node)
        first = dotted(aliases[0].name) if aliases else ""
        return _Order(isinstance(self.node, cst.ImportFrom), self.name, _member_key(first))


Natural = tuple[str | int, ...]
MemberKey = tuple[int, Natural]


@dataclass(frozen=True, slots=True)
class _Order:
    """What an import is sorted by: whether it is a `from`, its module, and its first name."""

    is_from: bool
    name: str
    member: MemberKey

    @property
    def module(self) -> tuple[int, Natural]:
        name = self.name.lstrip(".")
        return len(name) - len(self.name), _natural(name)

    def by_form(self) -> tuple[object, ...]:
        """As isort and ruff sort a section: `import x` before `from x import y`."""
        return self.is_from, self.module, self.member

    def by_name(self) -> tuple[object, ...]:
        """With their `force_sort_within_sections`."""
        return self.module, self.is_from, self.member


def _natural(name: str) -> Natural:
    return tuple(int(each) if each.isdigit() else each for each in re.split(r"(\d+)", name.lower()))


def _member_key(name: str) -> MemberKey:
    """Constants, classes, the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, _natural(name)


def _statements(body: Sequence[cst.BaseStatement], before: int) -> list[_Statement]:
    found: list[_Statement] = []
    for index, line in enumerate(body[:before]):
        match line:
            case cst.SimpleStatementLine(body=[cst.Import() as node]):
                found.append(_Statement(index, line, node, dotted(node.names[0].name)))
            case cst.SimpleStatementLine(body=[cst.ImportFrom() as node]):
                name = "." * len(node.relative) + dotted(node.module)
                found.append(_Statement(index, line, node, name))
    return found


def dotted(node: cst.BaseExpression | None) -> str:
    """The dotted name as it is written; empty for any other expression."""
    match node:
        case cst.Name(value=value):
            return value
        case cst.Attribute(value=value, attr=attribute):
            return f"{dotted(value)}.{attribute.value}"
    return ""


def local_names(tree: cst.Module, place: Place) -> dict[ImportLine, str]:
    """What the module imports at its outermost level, and what it calls that; of `import a.b` it is
    the whole name, for none other means that module alone."""
    return {
        _imported(statement.node, alias, place): _local(alias)
        for statement in _statements(tree.body, len(tree.body))
        for alias in _aliases(statement.node)
    }


def _imported(
    node: cst.Import | cst.ImportFrom, alias: cst.ImportAlias, place: Place
) -> ImportLine:
    """What one name of a statement imports."""
    name = dotted(alias.name)
    if isinstance(node, cst.Import):
        return ImportLine(name, None)
    return ImportLine(place.absolute(node), name)


def _aliases(node: cst.Import | cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    return () if isinstance(node.names, cst.ImportStar) else node.names


def _local(alias: cst.ImportAlias) -> str:
    return dotted(alias.asname.name if alias.asname else alias.name)


# -- new imports -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Importer:
    """Adds imports to a module, in the manner of those that it has."""

    place: Place
    width: int

    def added(self, tree: cst.Module, wanted: Iterable[ImportLine], before: int) -> cst.Module:
        """The module with the statement for each, before its statement of that number."""
        modules: dict[tuple[str, bool], list[str]] = {}
        for line in wanted:
            if line.alias:  # has a statement of its own
                size = len(tree.body)
                tree = self.renaming(tree, line, _statements(tree.body, before))
                before += len(tree.body) - size
                continue
            names = modules.setdefault((line.module, line.name is None), [])
            names += [line.name] if line.name else []
        for (module, _), names in sorted(modules.items()):
            size = len(tree.body)
            tree = self._added(tree, module, sorted(names, key=_member_key), before)
            before += len(tree.body) - size
        return tree

    def _added(
        self, tree: cst.Module, module: str, names: Sequence[str], before: int
    ) -> cst.Module:
        statements = _statements(tree.body, before)
        one_each = _has_one_each(statements)
        if one_each and len(names) > 1:
            for name in names:
                size = len(tree.body)
                tree = self._added(tree, module, [name], before)
                before += len(tree.body) - size
            return tree
        for each in statements if names else ():
            if isinstance(each.node, cst.ImportFrom) and self.place.absolute(each.node) == module:
                is_star = isinstance(each.node.names, cst.ImportStar)
                if is_star or one_each or _is_renaming(each.node):
                    continue
                return _replaced(tree, each.index, self.extended(tree, each, names))
        return self.inserted(tree, statements, module, names)

    # -- into a statement that is there ----------------------------------------------------------

    def extended(
        self, tree: cst.Module, known: _Statement, names: Sequence[str]
    ) -> cst.SimpleStatementLine:
        """The statement with further names, in their order if those that it has are in theirs."""
        node = known.node
        assert isinstance(node, cst.ImportFrom)
        aliases = list(_aliases(node))
        is_sorted = _is_sorted([_member_key(dotted(each.name)) for each in aliases])
        for name in names:
            new = cst.ImportAlias(cst.Name(name))
            later = (
                index
                for index, each in enumerate(aliases)
                if is_sorted and _member_key(dotted(each.name)) > _member_key(name)
            )
            aliases.insert(next(later, len(aliases)), new)
        if matchers.findall(node, matchers.Comment()):
            changed = _one_a_line(node, aliases, tree.default_indent)
            return known.line.with_changes(body=[changed])
        texts = [_alias_text(each) for each in aliases]
        return self.line(tree, known.name, texts, is_split=_is_split(node), like=known.line)

    def line(
        self,
        tree: cst.Module,
        module: str,
        names: Sequence[str],
        *,
        is_split: bool = False,
        like: cst.SimpleStatementLine | None = None,
    ) -> cst.SimpleStatementLine:
        """The statement in one line, or with a name a line where it is too long; without names it
        imports the module."""
        text = f"import {module}"
        if names:
            text = f"from {module} import {', '.join(names)}"
        if is_split or len(text) > self.width:
            inner = "".join(f"{tree.default_indent}{name},\n" for name in names)
            text = f"from {module} import (\n{inner})"
        made = cst.parse_statement(text, config=tree.config_for_parsing)
        assert isinstance(made, cst.SimpleStatementLine)
        if like is None:
            return made
        return made.with_changes(
            leading_lines=like.leading_lines, trailing_whitespace=like.trailing_whitespace
        )

    # -- a statement of its own ------------------------------------------------------------------

    def inserted(
        self, tree: cst.Module, statements: list[_Statement], module: str, names: Sequence[str]
    ) -> cst.Module:
        name = self.place.relative(module) if self.is_relative(statements, module) else module
        line = self.line(tree, name, names)
        section = self.place.section(name)
        group = self.group(statements, name)
        if group:
            return _inserted_in(
                tree,
                group,
                line,
                _Order(bool(names), name, _member_key(names[0] if names else name)),
                self.place.heading(name),
            )
        earlier = [each for each in statements if self.place.section(each.name) <= section]
        later = [each for each in statements if self.place.section(each.name) > section]
        heading = self.place.heading(name)
        above = [cst.EmptyLine(indent=False, comment=cst.Comment(heading))] if heading else []
        blank = cst.EmptyLine(indent=False)
        if earlier:
            line = line.with_changes(leading_lines=[blank, *above])
            tree = _inserted(tree, earlier[-1].index + 1, line)
            return _spaced(tree, earlier[-1].index + 2, 1)
        if later:
            tree = _leading_swapped(_inserted(tree, later[0].index, line), later[0].index)
            new = tree.body[later[0].index]
            kept = getattr(new, "leading_lines", ())
            new = new.with_changes(leading_lines=[*kept, *above])
            tree = _replaced(tree, later[0].index, new)
            return _spaced(tree, later[0].index + 1, 1)
        index = _after_docstring(tree)
        line = line.with_changes(leading_lines=[*([blank] if index else []), *above])
        tree = _inserted(tree, index, line)
        return _spaced(tree, index + 1, _after_imports(tree, index + 1))

    def renaming(
        self, tree: cst.Module, line: ImportLine, statements: list[_Statement]
    ) -> cst.Module:
        """With `from module import name as alias`, or `import module as alias`."""
        if line.name is None:
            return self.inserted(tree, statements, f"{line.module} as {line.alias}", [])
        return self.inserted(tree, statements, line.module, [f"{line.name} as {line.alias}"])

    def is_relative(self, statements: Sequence[_Statement], module: str) -> bool:
        """Whether modules of the own package are imported with dots here."""
        top = module.partition(".")[0]
        near = [each for each in statements if each.level or each.name.partition(".")[0] == top]
        return bool(near) and near[-1].level > 0

    def group(self, statements: list[_Statement], name: str) -> list[_Statement]:
        """The lines without a blank one between them in which imports of the same package, else
        of the same section, stand; none where there are none."""
        top = name.partition(".")[0]
        by_package = [each for each in statements if each.name.partition(".")[0] == top]
        section = self.place.section(name)
        near = by_package or [
            each for each in statements if self.place.section(each.name) == section
        ]
        return next((each for each in self.groups(statements) if near and near[0] in each), [])

    def groups(self, statements: Iterable[_Statement]) -> Iterator[list[_Statement]]:
        """The imports of one section that follow each other with nothing between."""
        group: list[_Statement] = []
        for each in statements:
            if group and (
                each.starts_group
                or each.index != group[-1].index + 1
                or self.place.section(each.name) != self.place.section(group[-1].name)
            ):
                yield group
                group = []
            group.append(each)
        if group:
            yield group


def _has_one_each(statements: Sequence[_Statement]) -> bool:
    """Whether each name has a statement of its own, as with isort's `force_single_line`; what is
    renamed has one in any case."""
    names: dict[str, list[int]] = {}
    for each in statements:
        if isinstance(each.node, cst.ImportFrom) and not _is_renaming(each.node):
            names.setdefault(each.name, []).append(len(_aliases(each.node)))
    return any(len(each) > 1 for each in names.values()) and all(
        most <= 1 for each in names.values() for most in each
    )


def _is_renaming(node: cst.ImportFrom) -> bool:
    return any(each.asname for each in _aliases(node))


def _inserted_in(
    tree: cst.Module,
    group: list[_Statement],
    line: cst.SimpleStatementLine,
    order: _Order,
    heading: str,
) -> cst.Module:
    """With the line where it belongs by what the group is sorted by; at its end if by nothing."""
    for key in (_Order.by_form, _Order.by_name):
        keys = [key(each.order) for each in group]
        if _is_sorted(keys):
            earlier = [known for known in keys if known <= key(order)]
            if earlier:
                return _inserted(tree, group[len(earlier) - 1].index + 1, line)
            index = group[0].index
            return _leading_swapped(_inserted(tree, index, line), index, heading)
    return _inserted(tree, group[-1].index + 1, line)


def _is_sorted(keys: Sequence[object]) -> bool:
    return list(keys) == sorted(keys)  # type: ignore[type-var]  # all of one kind


def _alias_text(alias: cst.ImportAlias) -> str:
    name, local = dotted(alias.name), _local(alias)
    return name if name == local and not alias.asname else f"{name} as {local}"


def _is_split(node: cst.ImportFrom) -> bool:
    """Whether a comma after the last name asks for one name a line, as formatters have it."""
    aliases = _aliases(node)
    return bool(aliases) and isinstance(aliases[-1].comma, cst.Comma)


def _one_a_line(
    node: cst.ImportFrom, aliases: Sequence[cst.ImportAlias], indent: str
) -> cst.ImportFrom:
    """A name a line; the comments beside the names stay with them.

    A comment after a name belongs to the line break that follows its comma, or, after the last
    name, to that before the parenthesis.
    """
    last = _aliases(node)[-1]
    inner = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))
    made: list[cst.ImportAlias] = []
    for alias in aliases:
        comma = alias.comma
        if isinstance(comma, cst.MaybeSentinel):
            comma = cst.Comma(whitespace_after=inner)
        is_end = alias is aliases[-1]
        space = comma.whitespace_after
        if not isinstance(space, cst.ParenthesizedWhitespace):
            space = inner
        if alias is last or is_end:
            margin = cst.SimpleWhitespace("" if is_end else indent)
            space = space.with_changes(indent=True, last_line=margin)
        made.append(alias.with_changes(comma=comma.with_changes(whitespace_after=space)))
    return node.with_changes(names=made)


# -- stale imports ---------------------------------------------------------------------------------


def without(tree: cst.Module, place: Place, stale: frozenset[ImportLine]) -> cst.Module:
    """The module without what it imports of these at its outermost level."""
    for statement in reversed(_statements(tree.body, len(tree.body))):
        node = statement.node
        if isinstance(node.names, cst.ImportStar):
            continue
        kept = [alias for alias in node.names if _imported(node, alias, place) not in stale]
        if not kept:
            tree = _removed(_without_heading(tree, statement, place), statement.index)
        elif len(kept) < len(node.names):
            last, comma = kept[-1], node.names[-1].comma
            kept[-1] = last.with_changes(comma=comma)
            line = statement.line.with_changes(body=[node.with_changes(names=kept)])
            tree = _replaced(tree, statement.index, line)
    return tree


def _without_heading(tree: cst.Module, gone: _Statement, place: Place) -> cst.Module:
    """Without the heading above the last statement of its section."""
    section = place.section(gone.name)
    others = _statements(tree.body, len(tree.body))
    if any(each.index != gone.index and place.section(each.name) == section for each in others):
        return tree
    lines = gone.line.leading_lines
    kept = [each for each in lines if not _is_heading(each, place.heading(gone.name))]
    return _replaced(tree, gone.index, gone.line.with_changes(leading_lines=kept))


def _removed(tree: cst.Module, index: int) -> cst.Module:
    """Without the statement. The comments before it stay, and the blank lines if a group begins
    with what follows it now."""
    gone = tree.body[index]
    body = [*tree.body[:index], *tree.body[index + 1 :]]
    lines = list(getattr(gone, "leading_lines", ()))
    comments = [each for each in lines if each.comment]
    if index < len(body):
        following = body[index]
        own = list(getattr(following, "leading_lines", ()))
        if not comments and any(each.comment is None for each in own):
            lines = []
        if index == 0:  # nothing comes before it: what set it apart goes
            first = next((at for at, each in enumerate(own) if each.comment), len(own))
            own = own[first:]
        body[index] = following.with_changes(leading_lines=[*lines, *own])
    return tree.with_changes(body=body)


# -- statements in a module ------------------------------------------------------------------------


def _replaced(tree: cst.Module, index: int, line: cst.BaseStatement) -> cst.Module:
    return tree.with_changes(body=[*tree.body[:index], line, *tree.body[index + 1 :]])


def _inserted(tree: cst.Module, index: int, line: cst.BaseStatement) -> cst.Module:
    return tree.with_changes(body=[*tree.body[:index], line, *tree.body[index:]])


def _leading_swapped(tree: cst.Module, index: int, heading: str = "") -> cst.Module:
    """The blank lines before the statement after this one now stand before this one, and with them
    the heading of the section; comments stay with what they belong to."""
    new, old = tree.body[index], tree.body[index + 1]
    lines = list(getattr(old, "leading_lines", ()))
    start = next((at for at, each in enumerate(lines) if each.comment), len(lines))
    if lines[start:] and _is_heading(lines[start], heading):
        start += 1
    new = new.with_changes(leading_lines=lines[:start])
    comments = [cst.EmptyLine(indent=False), *lines[start:]] if lines[start:] else []
    old = old.with_changes(leading_lines=comments)
    return tree.with_changes(body=[*tree.body[:index], new, old, *tree.body[index + 2 :]])


def _spaced(tree: cst.Module, index: int, least: int) -> cst.Module:
    """With so many blank lines, at least, before the statement of that number."""
    if index >= len(tree.body):
        return tree
    statement = tree.body[index]
    lines = list(getattr(statement, "leading_lines", ()))
    blank = next((at for at, each in enumerate(lines) if each.comment), len(lines))
    lines = [*[cst.EmptyLine(indent=False)] * (least - blank), *lines]
    return _replaced(tree, index, statement.with_changes(leading_lines=lines))


def _after_imports(tree: cst.Module, index: int) -> int:
    """The blank lines that isort puts between the imports and the statement of that number."""
    following = tree.body[index] if index < len(tree.body) else None
    return 2 if isinstance(following, cst.ClassDef | cst.FunctionDef) else 1


def _is_heading(line: cst.EmptyLine, heading: str) -> bool:
    return line.comment is not None and line.comment.value == heading


def _after_docstring(tree: cst.Module) -> int:
    return int(tree.get_docstring() is not None)
