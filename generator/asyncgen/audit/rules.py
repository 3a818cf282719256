"""The rules of `asyncgen audit`: what each code means, why it matters, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asyncgen.problems import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One code: `what` in a phrase, `why` in sentences, an `example` as source, and the `way` out
    as source."""

    code: str
    name: str
    severity: Severity
    what: str
    why: str
    example: str
    way: str


_RAISES = (
    "Django raises SynchronousOnlyOperation where a query runs in a thread that has a running "
    "event loop. https://docs.djangoproject.com/en/stable/topics/async/#async-safety"
)
_BLOCKS = "While it waits no other task of the event loop's thread runs; nothing raises."
_E, _W = Severity.ERROR, Severity.WARNING

_ALL = (
    Rule(
        "AG701",
        "query-on-loop",
        _E,
        "a query on the event loop",
        _RAISES,
        'site = Site.objects.get(code="A")',
        'site = await Site.objects.aget(code="A")',
    ),
    Rule(
        "AG702",
        "queryset-evaluated-on-loop",
        _E,
        "a queryset evaluated on the event loop",
        "Iterating over a queryset, testing it, measuring it, or showing it as text runs its "
        f"query. {_RAISES}",
        "for crate in Crate.objects.all(): ...",
        "async for crate in Crate.objects.all(): ...",
    ),
    Rule(
        "AG703",
        "lazy-relation-on-loop",
        _E,
        "a relation or deferred field loaded on the event loop",
        f"A relation that was not loaded with its object is queried when it is read. {_RAISES}",
        'crate = await Crate.objects.aget(label="C1")\ncrate.site.name',
        'crate = await Crate.objects.select_related("site").aget(label="C1")\ncrate.site.name',
    ),
    Rule(
        "AG704",
        "helper-that-queries",
        _E,
        "a synchronous function that queries, called on the event loop",
        f"A function that is called in async code runs on the event loop. {_RAISES}",
        'capacity_left("A")',
        'await sync_to_async(capacity_left)("A")',
    ),
    Rule(
        "AG705",
        "transaction-on-loop",
        _E,
        "a transaction on the event loop",
        "A transaction belongs to the connection of one thread, and each `await` would leave it "
        f"open for others. {_RAISES}",
        "with transaction.atomic(): ...",
        "await sync_to_async(work_in_a_transaction)()",
    ),
    Rule(
        "AG706",
        "form-that-queries",
        _E,
        "a form, serializer or page that queries on the event loop",
        f"Fields that choose among rows, unique fields, and pages of a queryset query. {_RAISES}",
        "form.is_valid()",
        "await sync_to_async(form.is_valid)()",
    ),
    Rule(
        "AG707",
        "template-that-queries",
        _E,
        "a template that queries while it is rendered on the event loop",
        f"What a template reads is evaluated where it is rendered. {_RAISES}",
        'render(request, "list.html", {"crates": Crate.objects.all()})',
        'render(request, "list.html", {"crates": [crate async for crate in Crate.objects.all()]})',
    ),
    Rule(
        "AG708",
        "sync-code-that-the-loop-runs",
        _E,
        "a synchronous function that is called on the event loop by others",
        "Resolvers of strawberry and graphene, receivers of send() and callbacks of the loop run "
        f"in its thread. {_RAISES}",
        "@strawberry.field\ndef tags(self) -> list[Tag]:\n    return list(Tag.objects.all())",
        "@strawberry.field\nasync def tags(self) -> list[Tag]:\n"
        "    return [tag async for tag in Tag.objects.all()]",
    ),
    Rule(
        "AG709",
        "lazy-value-handed-on",
        _E,
        "a lazy value that is evaluated on the event loop after it is returned",
        f"The framework turns what is returned into text where the function ran. {_RAISES}",
        '@api.get("/sites", response=list[SiteOut])\nasync def sites(request):\n'
        "    return Site.objects.all()",
        '@api.get("/sites", response=list[SiteOut])\nasync def sites(request):\n'
        "    return [site async for site in Site.objects.all()]",
    ),
    Rule(
        "AG710",
        "coroutine-never-awaited",
        _E,
        "a coroutine that nobody awaits",
        "A coroutine does nothing until it is awaited, and is always true.",
        "if crates.aexists(): ...",
        "if await crates.aexists(): ...",
    ),
    Rule(
        "AG711",
        "await-of-what-is-not-async",
        _E,
        "await, async for or async with of what is not asynchronous; async_to_sync on the loop",
        "Python raises TypeError, asgiref RuntimeError.",
        "async for name in names: ...",
        "for name in names: ...",
    ),
    Rule(
        "AG712",
        "thread-that-evaluates-nothing",
        _W,
        "a thread for what only makes a queryset or generator",
        "A queryset is evaluated where it is iterated over, not where it is made.",
        "crates = await sync_to_async(Crate.objects.filter)(weight__gt=1)",
        "crates = [crate async for crate in Crate.objects.filter(weight__gt=1)]",
    ),
    Rule(
        "AG713",
        "called-before-it-is-wrapped",
        _W,
        "sync_to_async() of a call's result",
        "The call runs first, on the event loop; its result is what is wrapped.",
        "await sync_to_async(find_site(code))()",
        "await sync_to_async(find_site)(code)",
    ),
    Rule(
        "AG714",
        "django-has-a-twin",
        _E,
        "what Django has an asynchronous twin of",
        "Users, sessions and permissions are read from the database. "
        "https://docs.djangoproject.com/en/stable/topics/auth/",
        "request.user.is_staff",
        "(await request.auser()).is_staff",
    ),
    Rule(
        "AG720",
        "blocks-the-loop",
        _W,
        "network, files, sleep or processes on the event loop",
        _BLOCKS,
        "time.sleep(1)",
        "await asyncio.sleep(1)",
    ),
    Rule(
        "AG721",
        "storage-on-loop",
        _W,
        "storage, mail or a cache that waits, on the event loop",
        _BLOCKS,
        'default_storage.save("x.txt", content)',
        'await sync_to_async(default_storage.save)("x.txt", content)',
    ),
    Rule(
        "AG722",
        "computes-on-loop",
        _W,
        "hashing of passwords on the event loop",
        "Hashing takes a tenth of a second on purpose; no other task runs meanwhile.",
        'make_password("x")',
        'await sync_to_async(make_password)("x")',
    ),
    Rule(
        "AG730",
        "no-twin",
        _E,
        "a method that queries, called on the event loop, which has no twin",
        f"`asyncgen build` writes the twin once the class is among the sources. {_RAISES}",
        "site.crate_total()",
        "await site.acrate_total()",
    ),
    Rule(
        "AG731",
        "twin-that-misfits",
        _W,
        "a twin that takes or gives something else, or calls another method than its class's own",
        "An inherited twin calls what it was written for, so an override is passed over.",
        "class Crates(QuerySet):\n    def count(self):\n        return super().count() + 1",
        "class Crates(CratesAsyncMixin, QuerySet): ...",
    ),
    Rule(
        "AG732",
        "twin-by-hand",
        _W,
        "a twin written by hand, which asyncgen would write",
        "A second body goes its own way in time.",
        "async def acrate_total(self):\n    return await self.crates.acount()",
        "asyncgen build",
    ),
    Rule(
        "AG742",
        "seen-and-not-found",
        _W,
        "what a run of the tests saw on the event loop, and no finding says",
        "A record of asyncgen_runtime.watch has it; the audit could not tell. "
        "What is read the first time alone, such as a template, may well block once.",
        'render(request, "list.html")',
        'await sync_to_async(render)(request, "list.html")',
    ),
    Rule(
        "AG741",
        "ignore-of-nothing",
        _W,
        "a comment that ignores what is not there",
        "What is mended needs no comment, and one that stays would hide what comes next.",
        "crates = await Crate.objects.acount()  # asyncgen: ignore[AG701] only at start",
        "crates = await Crate.objects.acount()",
    ),
)
RULES: Mapping[str, Rule] = {rule.code: rule for rule in _ALL}
