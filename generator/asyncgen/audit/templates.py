"""Templates that code on the loop renders: what they read of their context is evaluated there.

A small reader of Django's template language: variables with their filters, `for`, `if`, `with`,
`include` and `extends`, and the project's own tags.
https://docs.djangoproject.com/en/stable/ref/templates/language/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    Arguments,
    Bound,
    Builtin,
    Cause,
    Effect,
    Foreign,
    Instance,
    Level,
    Method,
    Type,
    Value,
    union,
    unknown,
)
from asyncgen.audit.formsets import Formsets
from asyncgen.audit.holding import Keyed, keyed
from asyncgen.audit.requests import LAZY_USER
from asyncgen.audit.tags import Library, Tag
from asyncgen.definitions import FunctionIn
from asyncgen.facts import Assign, Call, Display, Expression, Get, Literal, Name, walk
from asyncgen.problems import Location
from asyncgen.source import Evidence, Function, Module


@dataclass(frozen=True, slots=True)
class Places:
    """Where a call has the name of the template, the context and the request."""

    name: int
    context: int
    request: int


# Functions that render at once. https://docs.djangoproject.com/en/stable/topics/http/shortcuts/#render
RENDERING: Mapping[str, Places] = {
    "django.shortcuts.render": Places(1, 2, 0),
    "django.template.loader.render_to_string": Places(0, 1, 2),
}
_OF_TEMPLATE = Places(-1, 0, 1)  # the method `render()` of what was loaded before
_LOADING = frozenset(
    {"django.template.loader.get_template", "django.template.loader.select_template"}
)
# What makes a template of a text.
_OF_TEXTS = ("django.template.Template", "django.template.base.Template", "Engine().from_string")
_CONTEXTS = frozenset(
    f"django.template.{where}{name}"
    for where in ("", "context.")
    for name in ("Context", "RequestContext")
)
_AUTH = "django.contrib.auth.context_processors.auth"
_INCLUDES_LIMIT = 8
_TOKENS = re.compile(r"\{\{(?P<variable>.*?)\}\}|\{%(?P<tag>.*?)%\}|\{#.*?#\}", re.DOTALL)
_FOR = re.compile(r"for\s+(?P<names>[\w\s,]+?)\s+in\s+(?P<rows>\S+)")
_WITH = re.compile(r"(?P<name>\w+)=(?P<value>\S+)|(?P<old>\S+)\s+as\s+(?P<new>\w+)")
_WORDS = re.compile(r"[\w.]+(?:\|[\w:\"'.]+)*")
_OPERATORS = frozenset({"and", "or", "not", "in", "is", "True", "False", "None"})
_COUNTING = frozenset({"length", "length_is"})
_TAKING = frozenset({"first", "join", "last", "random", "unordered_list", "dictsort"})

Context = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Token:
    """A variable, `{{ … }}`, or a tag, `{% … %}`."""

    line: int
    is_tag: bool
    text: str

    @property
    def name(self) -> str:
        return self.text.partition(" ")[0]

    @property
    def name_of_template(self) -> str:
        """Which template `include` and `extends` name."""
        return "".join(self.text.split()[1:2]).strip("\"'")


@cache
def tokens_of(path: Path) -> tuple[Token, ...]:
    """The variables and tags of a template; none of one that cannot be read."""
    try:
        return tokens(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ()


def tokens(text: str) -> tuple[Token, ...]:
    found = []
    for match in _TOKENS.finditer(text):
        said = match["variable"] if match["variable"] is not None else match["tag"]
        if said is not None:
            line = text.count("\n", 0, match.start()) + 1
            found.append(Token(line, match["tag"] is not None, said.strip()))
    return tuple(found)


@dataclass
class Templates(Formsets):
    """Tells which templates query."""

    # The file of a template by its name, and the project's tags by what `load` calls them, where
    # there are any.
    template: Callable[[str], Path | None] = field(default=lambda name: None)
    tags_of: Callable[[str], Library] = field(default=lambda name: {})

    def rendered(self, call: Call, callee: Value, frame: Frame) -> None:
        """What a call renders, if it does."""
        for name in filter(None, map(_dotted, callee)):
            if name in RENDERING:
                places, keywords = RENDERING[name], dict(call.keywords)
                named = _argument(call, places.name) or keywords.get("template_name")
                self.render(call, named, places, frame)
        match call:
            case Call(function=Get(value=owner, name="render")):
                loading = _held(owner, frame.function) if isinstance(owner, Name) else owner
                if isinstance(loading, Call):
                    self.render_loaded(call, loading, frame)

    def render_loaded(self, call: Call, loading: Call, frame: Frame) -> None:
        """`loading.render(…)`, of a template that was loaded, or made of a text."""
        scratch = Frame(frame.module, None, None, None, dict(frame.environment), is_typed=False)
        made_by = set(map(_dotted, self.value(loading.function, scratch)))
        if made_by & _LOADING:
            self.render(call, _argument(loading, 0), _OF_TEMPLATE, frame)
        elif any(each.endswith(_OF_TEXTS) for each in made_by):
            match _argument(loading, 0), _argument(call, 0):
                case Literal(type="str", text=text), Call(function=made, arguments=(given, *_)):
                    if any(_dotted(each) in _CONTEXTS for each in self.value(made, scratch)):
                        self.render_text(text, given, frame)

    def render_text(self, text: str, given: Expression, frame: Frame) -> None:
        context = self.given_to(given, frame)
        if context is not None:
            path = Path(frame.module.path)
            for effect in Rendering(self, frame.module).effects(path, tokens(text), context, 0):
                frame.include(effect, "renders a template")
                break

    def render(self, call: Call, named: Expression | None, places: Places, frame: Frame) -> None:
        keywords = dict(call.keywords)
        given = _argument(call, places.context) or keywords.get("context")
        if isinstance(given, Name):
            given = _held(given, frame.function)
        path = self.template(named.text) if isinstance(named, Literal) else None
        processed: Context = {}
        if _argument(call, places.request) or keywords.get("request"):
            processed = self.processed(frame)
        context = self.given_to(given, frame)
        if path is None or context is None:
            return
        rendering = Rendering(self, frame.module)
        for effect in rendering.effects(path, tokens_of(path), processed | context, 0):
            frame.include(effect, f"renders {path.name}")
            break

    def given_to(self, given: Expression | None, frame: Frame) -> Context | None:
        """The items of a context; None where nobody can tell."""
        scratch = Frame(
            frame.module, None, frame.owner, frame.receiver, dict(frame.environment), is_typed=False
        )
        match given:
            case None:
                return {}
            case Display(type="dict", elements=elements):
                return {
                    key.text: self.value(value, scratch)
                    for key, value in zip(elements[::2], elements[1::2], strict=False)
                    if isinstance(key, Literal)
                }
        return None

    def processed(self, frame: Frame) -> Context:
        """What the context processors of the settings add; they run where the template does."""
        context: Context = {}
        for dotted in self.settings.processors:
            definition = self.resolver.dotted(dotted)
            if dotted == _AUTH:
                context["user"] = frozenset({Foreign(LAZY_USER)})
            elif isinstance(definition, FunctionIn) and not dotted.startswith("django."):
                bound = Bound(definition.function, definition.module)
                for each in self.call_bound(bound, NO_ARGUMENTS, frame):
                    if isinstance(each, Keyed):
                        context |= dict(each.items)
        return context


def _dotted(callee: Type) -> str:
    """The dotted name of a function of Django's, whether its source is read or not."""
    match callee:
        case Foreign(dotted=dotted):
            return dotted
        case Bound(function=function, module=module, owner=None):
            return f"{module.name}.{function.name}"
    return ""


def _held(name: Name, function: Function | None) -> Expression | None:
    """What a name holds that a function assigns once."""
    held = [
        each.value
        for each in walk(function.body_read if function else ())  # which runs, so that it is noted
        if isinstance(each, Assign) and name in each.targets
    ]
    return held[0] if len(held) == 1 else None


def _argument(call: Call, position: int) -> Expression | None:
    return call.arguments[position] if len(call.arguments) > position >= 0 else None


@dataclass
class Rendering:
    """Runs through templates, with what their variables hold."""

    evaluator: Templates
    module: Module
    tags: dict[str, Tag] = field(default_factory=dict)  # that are loaded

    def effects(
        self, path: Path, found: Iterable[Token], context: Context, depth: int
    ) -> Iterator[Effect]:
        """The effects of rendering a template, in order; `path` is where its text stands."""
        scopes: list[tuple[str, Context]] = []
        for token in found:
            frame = Frame(self.module, None, None, None, {}, token.line, is_typed=False)
            if not token.is_tag:
                self.evaluator.text(self.filtered(token.text, context, frame), frame)
            elif token.name == "for" and (match := _FOR.match(token.text)):
                scopes.append(("endfor", dict(context)))
                rows = self.filtered(match["rows"], context, frame)
                items = self.evaluator.iterate(rows, frame)
                context |= {each.strip(): items for each in match["names"].split(",")}
            elif token.name == "with":
                scopes.append(("endwith", dict(context)))
                context |= self.bound(token.text[4:], context, frame)
            elif token.name in ("if", "elif"):
                for word in _WORDS.findall(token.text.partition(" ")[2]):
                    if word not in _OPERATORS:
                        self.evaluator.test(self.filtered(word, context, frame), frame)
            elif token.name in ("include", "extends"):
                yield from self.included(token.name_of_template, context, depth)
            elif token.name == "load":
                for name in token.text.split()[1:]:
                    self.tags |= self.evaluator.tags_of(name)
            elif tag := self.tags.get(token.name):
                shown = self.tagged(tag, token, context, frame)
                yield from self.included(tag.template, shown, depth)
            elif scopes and token.name == scopes[-1][0]:
                context = scopes.pop()[1]
            if frame.effect.level is Level.REACHES:
                place = Location(path.as_posix(), token.line)
                said = Evidence(f"{path.name}:{token.line} reads {token.text}", place)
                yield Effect(Level.REACHES, (said,), Cause.TEMPLATE)

    def included(self, name: str, context: Context, depth: int) -> Iterator[Effect]:
        """Another template loads its tags itself."""
        path = self.evaluator.template(name) if name and depth < _INCLUDES_LIMIT else None
        if path is not None:
            inner = replace(self, tags={})
            yield from inner.effects(path, tokens_of(path), dict(context), depth + 1)

    def tagged(self, tag: Tag, token: Token, context: Context, frame: Frame) -> Context:
        """What a tag of the project does, and the context that it gives to its own template."""
        words, _, name = token.text.partition(" as ")
        pairs = [each.rpartition("=") for each in words.split()[1:]]
        passed = [self.filtered(value, context, frame) for key, _, value in pairs if not key]
        named = [(key, self.filtered(value, context, frame)) for key, _, value in pairs if key]
        if tag.takes_context:
            passed.insert(0, keyed("dict", context.items()))
        value = self.evaluator.call_bound(tag.bound, Arguments(tuple(passed), tuple(named)), frame)
        if name:
            context[name.strip()] = value
        elif not tag.template:
            self.evaluator.text(value, frame)
        shown: Context = {}
        for each in value:
            if isinstance(each, Keyed):
                shown |= dict(each.items)
        return shown

    def bound(self, text: str, context: Context, frame: Frame) -> Context:
        """The names of `{% with total=crates.count %}`."""
        return {
            match["name"] or match["new"]: self.filtered(
                match["value"] or match["old"], context, frame
            )
            for match in _WITH.finditer(text)
        }

    def filtered(self, text: str, context: Context, frame: Frame) -> Value:
        """What a variable with its filters gives."""
        variable, *filters = text.strip().split("|")
        value = self.variable(variable.strip(), context, frame)
        for each in filters:
            name = each.partition(":")[0].strip()
            if name in _COUNTING:
                self.evaluator.measure(value, frame)
                value = frozenset({Builtin("int")})
            elif name in _TAKING:
                value = self.evaluator.iterate(value, frame)
            elif tag := self.tags.get(name):
                argument = self.filtered(each.partition(":")[2], context, frame)
                passed = Arguments((value, argument) if ":" in each else (value,))
                value = self.evaluator.call_bound(tag.bound, passed, frame)
        return value

    def variable(self, name: str, context: Context, frame: Frame) -> Value:
        """`crate.site.name`: each part is read, and called where it can be."""
        first, *parts = name.split(".")
        if first not in context:
            return unknown(f"{first} of a template")
        value = self.called(context[first], frame)
        for part in parts:
            known = frozenset(
                each for each in value if not isinstance(each, Builtin) or each.name != "dict"
            )
            value = self.called(self.part(known, part, frame), frame)
        return value

    def part(self, owner: Value, name: str, frame: Frame) -> Value:
        """`owner.name`: an item before an attribute, which of a form is a field."""
        forms = [each.cls for each in owner if isinstance(each, Instance)]
        if len(forms) == len(owner) == 1 and name in dict(self.evaluator.choosing(forms[0])):
            return self.evaluator.field_of_form(forms[0], name)
        return self.evaluator.attribute(owner, name, frame)

    def called(self, value: Value, frame: Frame) -> Value:
        return union(
            self.evaluator.call_type(each, NO_ARGUMENTS, frame)
            if isinstance(each, Bound | Method)
            else frozenset({each})
            for each in value
        )
