"""What is decided of a callable before its body is followed: a table of rules, tried in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from asyncgen import knowledge
from asyncgen.analysis import Evaluator, is_abstract
from asyncgen.candidates import Candidate, Rules, first_match, is_asked_for
from asyncgen.facts import Call
from asyncgen.keys import WORDS
from asyncgen.source import Binding, Evidence, Function, ParameterKind
from asyncgen.surface import Kind

STEPS = "steps"
_SAID: Mapping[str, Kind] = {
    **{word: Kind(word) for word in WORDS if word not in ("skip", STEPS)},
    "skip": Kind.SKIPPED,
    STEPS: Kind.ITERATOR,
}

Answer: TypeAlias = tuple[Kind, tuple[Evidence, ...]] | None
_Rule: TypeAlias = Callable[[Evaluator, Candidate, Rules], Answer]


def decided(evaluator: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    """What the first rule says that says something; None where the body has to be followed."""
    answers = (rule(evaluator, candidate, rules) for rule in _RULES)
    return next(filter(None, answers), None)


def is_asynchronous(function: Function) -> bool:
    """Whether calling the function gives something to await, or to enter asynchronously."""
    return function.is_async or function.is_decorated(*knowledge.ASYNC_DECORATORS)


def word_of(candidate: Candidate, rules: Rules) -> str | None:
    """The word that the configuration or a comment says of the callable."""
    pattern = first_match(candidate, rules.kinds)
    if pattern is not None:
        return rules.kinds[pattern]
    word = candidate.function.pragma
    if word is None and candidate.owner and candidate.owner.pragma == "skip":
        return "skip"
    return word if word in _SAID else None


def _private(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    name = candidate.function.name
    if not name.startswith("_") or is_asked_for(candidate, rules):
        return None
    what = "a special method" if name.startswith("__") else "private"
    return Kind.SKIPPED, (Evidence(f"{name} is {what}", candidate.function.location),)


def _pragma(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    word = word_of(candidate, rules)
    if word is None:
        return None
    pattern = first_match(candidate, rules.kinds)
    if pattern is not None:
        return _SAID[word], (Evidence(f"`kinds` says that {pattern!r} is {word}"),)
    here = Evidence(f"a comment says `# asyncgen: {word}`", candidate.function.location)
    return _SAID[word], (here,)


def _excluded(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    pattern = first_match(candidate, rules.exclude)
    if pattern is None:
        return None
    return Kind.SKIPPED, (Evidence(f"excluded by the pattern {pattern!r}"),)


def _property(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    if candidate.function.binding is not Binding.PROPERTY:
        return None
    if is_asked_for(candidate, rules):
        return Kind.VALUE, (Evidence("a property, for which `include` asks"),)
    return Kind.SKIPPED, (Evidence("is a property", candidate.function.location),)


def _of_proxy(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    function = candidate.function
    if not (rules.makes_proxies and function.made_of and function.name in knowledge.IN_ORDER):
        return None
    return Kind.SKIPPED, (Evidence("of a proxy Django knows no order, so it raises there"),)


def _registered(evaluator: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    if is_asked_for(candidate, rules):
        return None
    for decorator in candidate.function.decorators:
        function = decorator.function if isinstance(decorator, Call) else decorator
        dotted = evaluator.dotted(function, candidate.module)
        if dotted in knowledge.HOOK_DECORATORS:
            said = f"{dotted} hands it to Django, which calls it synchronously"
            return Kind.HOOK, (Evidence(said, candidate.function.location),)
    return None


def _hook(evaluator: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    function = candidate.function
    role = evaluator.role(candidate.surface) if candidate.surface else None
    if role is None or function.name not in knowledge.HOOKS[role] or is_asked_for(candidate, rules):
        return None
    if function.name in knowledge.HOOKS_WITH_KEYWORDS and not any(
        each.kind is ParameterKind.VAR_KEYWORD for each in function.signature.parameters
    ):
        return None
    said = f"Django itself calls {function.name}, synchronously"
    return Kind.HOOK, (Evidence(said, function.location),)


def _asynchronous(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    function = candidate.function
    if not is_asynchronous(function):
        return None
    return Kind.SKIPPED, (Evidence("is asynchronous itself", function.location),)


def _abstract(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    if not is_abstract(candidate.function):
        return None
    said = "is abstract: subclasses give it a body"
    return Kind.SKIPPED, (Evidence(said, candidate.function.location),)


def _untold(_: Evaluator, candidate: Candidate, rules: Rules) -> Answer:
    said = candidate.function.untold
    return (Kind.SKIPPED, (Evidence(said, candidate.function.location),)) if said else None


_RULES: tuple[_Rule, ...] = (
    _private,
    _pragma,
    _excluded,
    _untold,
    _property,
    _of_proxy,
    _hook,
    _registered,
    _asynchronous,
    _abstract,
)
