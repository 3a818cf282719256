"""Twins of a class's methods that misfit, pass the method over, or are written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncgen.analysis.values import Instance
from asyncgen.analysis.values import Level as Sureness
from asyncgen.audit.finding import Finding, Fix, Level, Link
from asyncgen.audit.onloop import OnLoop
from asyncgen.audit.syntax import File
from asyncgen.contents import Contents
from asyncgen.facts import Get, nodes
from asyncgen.modules import every_class
from asyncgen.source import Class, Function, Module, ParameterKind

_BUILD = "inherit the mixin that asyncgen build writes for the class"


@dataclass(frozen=True)
class Twins:
    """Looks at the classes of modules. `files` are those of the project, by how they are shown."""

    evaluator: OnLoop
    files: Mapping[str, Path]
    contents: Contents

    def findings(self, modules: Iterable[Module]) -> Iterator[Finding]:
        for module in modules:
            path = self.files.get(module.path)
            if path is None or "site-packages" in path.parts:
                continue
            told = [
                (cls, function, code, message)
                for cls in every_class(module)
                if self.evaluator.role(cls)
                for function in cls.functions.values()
                for code, message in self.of_method(cls, function)
            ]
            file = File(path, self.contents) if told else None
            for cls, function, code, message in told:
                if file and (place := file.place(function.location.line, None)):
                    yield Finding(
                        path,
                        place.node.lineno,
                        place.node.col_offset,
                        place.node.lineno,
                        place.node.col_offset + len(place.statement),
                        code,
                        Level.CERTAIN if code == "AG731" else Level.POSSIBLE,
                        message,
                        f"{module.name}.{cls.path}.{function.name}",
                        place.statement,
                        (Link(path, function.location.line, f"{cls.name}.{function.name}"),),
                        Fix("", _BUILD, False),
                    )

    def of_method(self, cls: Class, function: Function) -> Iterator[tuple[str, str]]:
        """The codes and messages for one method of a class."""
        name = function.name
        if name.startswith("_") or function.is_async or function.binding.name != "METHOD":
            return
        known = self.evaluator.lookup(cls, f"a{name}")
        where, twin = known if known else (cls, None)
        if not isinstance(twin, Function) or not twin.is_async:
            return
        if where is cls:
            outcome = self.evaluator.outcome(self.evaluator.bound(function, cls, Instance(cls)))
            if outcome.effect.level is Sureness.REACHES:
                yield "AG732", f"{cls.name}.a{name}() is written by hand; asyncgen would write it"
            return
        if name in where.functions and not _calls(twin, name):
            yield (
                "AG731",
                f"the inherited a{name}() passes {cls.name}.{name}() over: it does not call it",
            )
        elif extra := _extra(function, twin):
            yield (
                "AG731",
                f"{cls.name}.{name}() takes {', '.join(extra)}, which the inherited a{name}() "
                "does not pass on",
            )


def _calls(twin: Function, name: str) -> bool:
    """Whether a twin has the method in its body, by whatever it is looked up on."""
    return any(isinstance(node, Get) and node.name == name for node in nodes(twin.body))


def _extra(function: Function, twin: Function) -> list[str]:
    """The parameters of a method that its twin has no way to pass."""
    taken = twin.signature.parameters
    if any(each.kind is ParameterKind.VAR_KEYWORD for each in taken):
        return []
    names = {each.name for each in taken}
    return [
        each.name
        for each in function.signature.parameters[1:]
        if each.name not in names and not each.kind.name.startswith("VAR_")
    ]
