"""Surfaces, static managers, stubs and dispatching modules to text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from asyncgen.render.environment import environment
from asyncgen.render.faults import check, told
from asyncgen.render.imports import IsFirstParty, grouped
from asyncgen.render.layout import INDENT, formatted
from asyncgen.render.page import Page
from asyncgen.surface import (
    HEADER,
    Dispatch,
    Inline,
    ManagerModule,
    Piece,
    Rendered,
    StubModule,
    Surface,
    Twin,
)

REGENERATE = "# Do not edit: change the source, then run `asyncgen build`."


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders for lines of `width` characters; `folder` has a project's own templates, and
    `keeping_off` are comments for tools that would lay it out in another way."""

    width: int
    is_first_party: IsFirstParty = lambda package: False
    folder: Path | None = None
    keeping_off: tuple[str, ...] = ()

    def module(self, surface: Surface) -> Rendered:
        """The Python module for a surface."""
        page = self.page(surface)
        return self.code("module.py.jinja", page, surface, surface=surface)

    def twin(self, twin: Twin, surface: Surface) -> str:
        """One twin, without the module around it."""
        return self.code("twin.py.jinja", self.page(surface), surface, twin=twin).text

    def inline(self, surface: Surface) -> Inline:
        """The pieces of a surface that goes into its source, a twin or a special one each."""
        page = self.page(surface)
        pieces: list[Piece] = []
        for cls in surface.classes:
            source = cls.source
            depth = source.path.count(".") + 1
            for twin in cls.twins:
                text = self.piece(surface, page, depth, twin=twin)
                pieces.append(Piece(text, source, twin.decision.function))
            for name in cls.protocol:
                text = self.piece(surface, page, depth, twin=None, name=name, **{"class": cls})
                pieces.append(Piece(text, source, source.functions.get("__iter__")))
        for twin in surface.functions:
            text = self.piece(surface, page, 0, twin=twin)
            pieces.append(Piece(text, None, twin.decision.function))
        return Inline(surface.path, surface.module, tuple(pieces), page.lacking())

    def piece(self, surface: Surface, page: Page, depth: int, **variables: object) -> str:
        """What is indented so deep, as though it were not, in lines that leave room for that."""
        room = replace(self, width=self.width - len(INDENT) * depth)
        return room.code("inline.py.jinja", page, surface, **variables).text

    def managers(self, module: ManagerModule) -> Rendered:
        """The module of static manager classes."""
        twins = tuple(twin for each in module.managers for twin in each.methods)
        names = {each.name for each in module.managers} | {twin.name for twin in twins}
        page = Page(module.module, frozenset(names), self.is_first_party, twins)
        return self.code("managers.py.jinja", page, module, managers=module)

    def stub(self, stub: StubModule) -> Rendered:
        """The .pyi file for a stub, as ruff and black lay stubs out."""
        groups = grouped(stub.imports, self.is_first_party)
        return self.text(
            "stub.pyi.jinja", stub.path, stub.sources, stub=stub, imports=lambda: groups
        )

    def dispatch(self, dispatch: Dispatch) -> Rendered:
        """The module that takes one of several surfaces by the installed version of Django."""
        return self.text("dispatch.py.jinja", dispatch.path, (dispatch.source,), dispatch=dispatch)

    def dispatch_stub(self, dispatch: Dispatch, path: str) -> Rendered:
        """The stub of a module that chooses among surfaces: it has the types of the newest."""
        newest = dispatch.choices[-1]
        return self.text("dispatch.pyi.jinja", path, (dispatch.source,), newest=newest)

    # -- how ---------------------------------------------------------------------------------------

    def page(self, surface: Surface) -> Page:
        return Page(
            surface.module,
            surface.members,
            self.is_first_party,
            surface.twins,
            surface.imports,
            surface.type_imports,
            host=surface.host,
        )

    def code(
        self, template: str, page: Page, module: Surface | ManagerModule, **variables: object
    ) -> Rendered:
        """A template of code, which asks the page for names."""
        return self.text(
            template,
            module.path,
            module.sources,
            page=page,
            bridge=module.bridge,
            use=page.use,
            own=page.own,
            owns=page.owns,
            imports=page.imports,
            type_imports=page.type_imports,
            **variables,
        )

    def text(
        self, template: str, path: str, sources: tuple[str, ...], **variables: object
    ) -> Rendered:
        lines = (f"{HEADER}{', '.join(sources)}.", REGENERATE, *self.keeping_off)
        header = "\n".join(lines)
        with told(self.folder):
            found = environment(self.folder).get_template(template)
            text = found.render(header=header, width=self.width, **variables)
        check(text, path, self.folder)
        return Rendered(path, formatted(text, self.width))
