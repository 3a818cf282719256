"""The bases of the models that a migration creates: mixins go, and the imports that they needed."""

from __future__ import annotations

from collections.abc import Set

import libcst as cst

from asyncgen.mend.imported import Place, dotted, local_names
from asyncgen.mend.imports import without
from asyncgen.surface import ImportLine


def without_mixins(tree: cst.Module, place: Place, mixins: Set[ImportLine]) -> cst.Module:
    """The migration without these among the `bases` of any `CreateModel`."""
    tree = tree.visit(_Transformer(frozenset(f"{each.module}.{each.name}" for each in mixins)))
    needed = names_in(tree)
    lines = [each for each in local_names(tree, place) if each.name is None]
    gone = {ImportLine(each.module, None) for each in mixins}
    kept = tuple(f"{each.module}." for each in lines if each not in gone)
    unused = {
        line
        for line in gone
        if not any(
            name.startswith(f"{line.module.partition('.')[0]}.") and not name.startswith(kept)
            for name in needed
        )
    }
    return without(tree, place, frozenset(unused))


def names_in(tree: cst.Module) -> set[str]:
    """The dotted names in a module, each at its full length, outside of its imports."""

    class Names(cst.CSTVisitor):
        def visit_Import(self, node: cst.Import) -> bool:
            return False

        def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
            return False

        def visit_Attribute(self, node: cst.Attribute) -> bool:
            name = dotted(node)
            found.add(name)
            return name.startswith(".")  # of a.b.c not a.b as well

    found: set[str] = set()
    tree.visit(Names())
    return found


class _Transformer(cst.CSTTransformer):
    def __init__(self, mixins: frozenset[str]) -> None:
        super().__init__()
        self.mixins = mixins

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        if dotted(updated_node.func).rpartition(".")[2] != "CreateModel":
            return updated_node
        args = list(updated_node.args)
        for index, arg in enumerate(args):
            match arg:
                case cst.Arg(keyword=cst.Name(value="bases"), value=cst.Tuple() as bases):
                    args[index : index + 1] = self.mended(arg, bases)
                    if len(args) == index and args:  # it was the last: what follows it stays
                        args[-1] = args[-1].with_changes(
                            comma=arg.comma, whitespace_after_arg=arg.whitespace_after_arg
                        )
                    break
        return updated_node.with_changes(args=args)

    def mended(self, arg: cst.Arg, bases: cst.Tuple) -> list[cst.Arg]:
        """The argument without mixins; none where what is left is the default."""
        elements = bases.elements
        kept = [each for each in elements if dotted(each.value) not in self.mixins]
        if len(kept) == len(elements):
            return [arg]
        if [dotted(each.value) for each in kept] in ([], ["models.Model"]):
            return []
        if kept[-1] is not elements[-1]:
            kept[-1] = kept[-1].with_changes(comma=elements[-1].comma)
        return [arg.with_changes(value=bases.with_changes(elements=kept))]
