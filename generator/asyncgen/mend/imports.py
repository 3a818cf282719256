"""The imports of a module: what is new stands where isort would put it, what is stale goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst import matchers

from asyncgen.mend.body import (
    after_docstring,
    after_imports,
    inserted,
    is_heading,
    leading_swapped,
    replaced,
    spaced,
)
from asyncgen.mend.imported import (
    Order,
    Place,
    Statement,
    aliases_of,
    dotted,
    imported,
    local_name,
    member_key,
    statements_of,
)
from asyncgen.surface import ImportLine

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
                tree = self.renaming(tree, line, statements_of(tree.body, before))
                before += len(tree.body) - size
                continue
            names = modules.setdefault((line.module, line.name is None), [])
            names += [line.name] if line.name else []
        for (module, _), names in sorted(modules.items()):
            size = len(tree.body)
            tree = self._added(tree, module, sorted(names, key=member_key), before)
            before += len(tree.body) - size
        return tree

    def _added(
        self, tree: cst.Module, module: str, names: Sequence[str], before: int
    ) -> cst.Module:
        statements = statements_of(tree.body, before)
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
                return replaced(tree, each.index, self.extended(tree, each, names))
        return self.inserted(tree, statements, module, names)

    # -- into a statement that is there ----------------------------------------------------------

    def extended(
        self, tree: cst.Module, known: Statement, names: Sequence[str]
    ) -> cst.SimpleStatementLine:
        """The statement with further names, in their order if those that it has are in theirs."""
        node = known.node
        assert isinstance(node, cst.ImportFrom)
        aliases = list(aliases_of(node))
        is_sorted = _is_sorted([member_key(dotted(each.name)) for each in aliases])
        for name in names:
            new = cst.ImportAlias(cst.Name(name))
            later = (
                index
                for index, each in enumerate(aliases)
                if is_sorted and member_key(dotted(each.name)) > member_key(name)
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
        self, tree: cst.Module, statements: list[Statement], module: str, names: Sequence[str]
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
                Order(bool(names), name, member_key(names[0] if names else name)),
                self.place.heading(name),
            )
        earlier = [each for each in statements if self.place.section(each.name) <= section]
        later = [each for each in statements if self.place.section(each.name) > section]
        heading = self.place.heading(name)
        above = [cst.EmptyLine(indent=False, comment=cst.Comment(heading))] if heading else []
        blank = cst.EmptyLine(indent=False)
        if earlier:
            line = line.with_changes(leading_lines=[blank, *above])
            tree = inserted(tree, earlier[-1].index + 1, line)
            return spaced(tree, earlier[-1].index + 2, 1)
        if later:
            tree = leading_swapped(inserted(tree, later[0].index, line), later[0].index)
            new = tree.body[later[0].index]
            kept = getattr(new, "leading_lines", ())
            new = new.with_changes(leading_lines=[*kept, *above])
            tree = replaced(tree, later[0].index, new)
            return spaced(tree, later[0].index + 1, 1)
        index = after_docstring(tree)
        line = line.with_changes(leading_lines=[*([blank] if index else []), *above])
        tree = inserted(tree, index, line)
        return spaced(tree, index + 1, after_imports(tree, index + 1))

    def renaming(
        self, tree: cst.Module, line: ImportLine, statements: list[Statement]
    ) -> cst.Module:
        """With `from module import name as alias`, or `import module as alias`."""
        if line.name is None:
            return self.inserted(tree, statements, f"{line.module} as {line.alias}", [])
        return self.inserted(tree, statements, line.module, [f"{line.name} as {line.alias}"])

    def is_relative(self, statements: Sequence[Statement], module: str) -> bool:
        """Whether modules of the own package are imported with dots here."""
        top = module.partition(".")[0]
        near = [each for each in statements if each.level or each.name.partition(".")[0] == top]
        return bool(near) and near[-1].level > 0

    def group(self, statements: list[Statement], name: str) -> list[Statement]:
        """The lines without a blank one between them in which imports of the same package, else
        of the same section, stand; none where there are none."""
        top = name.partition(".")[0]
        by_package = [each for each in statements if each.name.partition(".")[0] == top]
        section = self.place.section(name)
        near = by_package or [
            each for each in statements if self.place.section(each.name) == section
        ]
        return next((each for each in self.groups(statements) if near and near[0] in each), [])

    def groups(self, statements: Iterable[Statement]) -> Iterator[list[Statement]]:
        """The imports of one section that follow each other with nothing between."""
        group: list[Statement] = []
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


def _has_one_each(statements: Sequence[Statement]) -> bool:
    """Whether each name has a statement of its own, as with isort's `force_single_line`; what is
    renamed has one in any case."""
    names: dict[str, list[int]] = {}
    for each in statements:
        if isinstance(each.node, cst.ImportFrom) and not _is_renaming(each.node):
            names.setdefault(each.name, []).append(len(aliases_of(each.node)))
    return any(len(each) > 1 for each in names.values()) and all(
        most <= 1 for each in names.values() for most in each
    )


def _is_renaming(node: cst.ImportFrom) -> bool:
    return any(each.asname for each in aliases_of(node))


def _inserted_in(
    tree: cst.Module,
    group: list[Statement],
    line: cst.SimpleStatementLine,
    order: Order,
    heading: str,
) -> cst.Module:
    """With the line where it belongs by what the group is sorted by; at its end if by nothing."""
    for key in (Order.by_form, Order.by_name):
        keys = [key(each.order) for each in group]
        if _is_sorted(keys):
            earlier = [known for known in keys if known <= key(order)]
            if earlier:
                return inserted(tree, group[len(earlier) - 1].index + 1, line)
            index = group[0].index
            return leading_swapped(inserted(tree, index, line), index, heading)
    return inserted(tree, group[-1].index + 1, line)


def _is_sorted(keys: Sequence[object]) -> bool:
    return list(keys) == sorted(keys)  # type: ignore[type-var]  # all of one kind


def _alias_text(alias: cst.ImportAlias) -> str:
    name, local = dotted(alias.name), local_name(alias)
    return name if name == local and not alias.asname else f"{name} as {local}"


def _is_split(node: cst.ImportFrom) -> bool:
    """Whether a comma after the last name asks for one name a line, as formatters have it."""
    aliases = aliases_of(node)
    return bool(aliases) and isinstance(aliases[-1].comma, cst.Comma)


def _one_a_line(
    node: cst.ImportFrom, aliases: Sequence[cst.ImportAlias], indent: str
) -> cst.ImportFrom:
    """A name a line; the comments beside the names stay with them.

    A comment after a name belongs to the line break that follows its comma, or, after the last
    name, to that before the parenthesis.
    """
    last = aliases_of(node)[-1]
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
    for statement in reversed(statements_of(tree.body, len(tree.body))):
        node = statement.node
        if isinstance(node.names, cst.ImportStar):
            continue
        kept = [alias for alias in node.names if imported(node, alias, place) not in stale]
        if not kept:
            tree = _removed(_without_heading(tree, statement, place), statement.index)
        elif len(kept) < len(node.names):
            last, comma = kept[-1], node.names[-1].comma
            kept[-1] = last.with_changes(comma=comma)
            line = statement.line.with_changes(body=[node.with_changes(names=kept)])
            tree = replaced(tree, statement.index, line)
    return tree


def _without_heading(tree: cst.Module, gone: Statement, place: Place) -> cst.Module:
    """Without the heading above the last statement of its section."""
    section = place.section(gone.name)
    others = statements_of(tree.body, len(tree.body))
    if any(each.index != gone.index and place.section(each.name) == section for each in others):
        return tree
    lines = gone.line.leading_lines
    kept = [each for each in lines if not is_heading(each, place.heading(gone.name))]
    return replaced(tree, gone.index, gone.line.with_changes(leading_lines=kept))


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
