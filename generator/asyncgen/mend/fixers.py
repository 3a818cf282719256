"""What `asyncgen audit --fix` can do to a statement: a table, one row for each kind of fix.

Each fixer changes one node of a LibCST tree and nothing around it: layout and comments stay.
None makes a `def` an `async def`: who calls it would then have a coroutine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import libcst as cst
from libcst import matchers as m

from asyncgen.audit.finding import Fix

_SPACE = cst.SimpleWhitespace(" ")
_ROW = "row"
_ONE_SPACE = cst.Comma(whitespace_after=_SPACE)


@dataclass(frozen=True, slots=True)
class Fixer:
    """`finds` says whether a node is of the form that is mended, `makes` what stands in its place;
    `is_async` whether that must stand in an `async def`."""

    finds: Callable[[cst.CSTNode, Fix], bool]
    makes: Callable[[cst.CSTNode, Fix], cst.CSTNode]
    is_async: bool = True


# -- what the text of a fix says -----------------------------------------------------------------


def _said(fix: Fix) -> cst.BaseExpression | None:
    """The expression that the text is, if it is one."""
    try:
        return cst.parse_expression(fix.text)
    except cst.ParserSyntaxError:
        return None


def _awaited(fix: Fix) -> cst.BaseExpression | None:
    """What the text awaits first."""
    said = _said(fix)
    found = m.findall(said, m.Await()) if said else []
    return found[0].expression if found and isinstance(found[0], cst.Await) else None


def _callee(fix: Fix) -> cst.BaseExpression | None:
    """What the text calls and awaits: `Site.objects.aget` in `await Site.objects.aget(pk=1)`."""
    awaited = _awaited(fix)
    return awaited.func if isinstance(awaited, cst.Call) else None


def _last(node: cst.BaseExpression | None) -> str:
    """The last name: `aget`."""
    match node:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name
    return ""


# -- pieces --------------------------------------------------------------------------------------


def awaiting(node: cst.BaseExpression) -> cst.Await:
    """`await node`."""
    return cst.Await(node, whitespace_after_await=_SPACE)


def _bare(node: cst.BaseExpression) -> cst.BaseExpression:
    """Without parentheses of its own."""
    return node.with_changes(lpar=(), rpar=())


def _method(node: cst.BaseExpression, name: str, *args: cst.BaseExpression) -> cst.Call:
    """`node.name(*args)`; what is no primary gets parentheses."""
    if not isinstance(node, cst.Name | cst.Attribute | cst.Call | cst.Subscript) and not node.lpar:
        node = node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.Call(cst.Attribute(node, cst.Name(name)), [cst.Arg(each) for each in args])


def _call(node: cst.CSTNode) -> cst.Call:
    assert isinstance(node, cst.Call), "the fixer has found one"
    return node


def _name_of_rows(fix: Fix) -> str:
    """The variable of the comprehension that the text has."""
    said = _said(fix)
    loops = m.findall(said, m.CompFor(target=m.Name())) if said else []
    target = loops[0].target if loops and isinstance(loops[0], cst.CompFor) else None
    return target.value if isinstance(target, cst.Name) else _ROW


def _rows(node: cst.BaseExpression, fix: Fix) -> cst.CompFor:
    """`async for row in node`."""
    return cst.CompFor(cst.Name(_name_of_rows(fix)), _bare(node), asynchronous=cst.Asynchronous())


def _listed(node: cst.BaseExpression, fix: Fix) -> cst.ListComp:
    """`[row async for row in node]`."""
    return cst.ListComp(cst.Name(_name_of_rows(fix)), _rows(node, fix))


# -- awaiting a twin -----------------------------------------------------------------------------


def _has_twin(node: cst.CSTNode, fix: Fix) -> bool:
    """A call of what the text's twin is of: `get` of `aget`; of a property, its reading."""
    callee = _callee(fix)
    name = _last(callee)
    if isinstance(node, cst.Call):
        return bool(name) and _is_twin(name, _last(node.func))
    if isinstance(node, cst.Attribute) and isinstance(callee, cst.Attribute):
        return _is_twin(name, node.attr.value) and node.value.deep_equals(callee.value)
    return False


def _is_twin(twin: str, name: str) -> bool:
    """Whether the one is the other behind a prefix: `aget`, `async_get`; `_aget` of `_get`."""
    bare, own = twin.lstrip("_"), name.lstrip("_")
    return bool(own) and bare != own and bare.endswith(own)


def _await_twin(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    callee = _callee(fix)
    assert callee is not None, "the fixer has found one"
    if isinstance(node, cst.Attribute):
        return awaiting(_method(node.value, _last(callee)))
    call = _call(node)
    if isinstance(call.func, cst.Attribute) and isinstance(callee, cst.Attribute):
        callee = call.func.with_changes(attr=cst.Name(_last(callee)))
    return awaiting(call.with_changes(func=callee))


def _is_item(node: cst.CSTNode, fix: Fix) -> bool:
    return m.matches(node, m.Subscript(slice=[m.SubscriptElement(slice=m.Index())]))


def _item(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`await session.aget("key")`, which gives None where `session["key"]` raises KeyError."""
    assert isinstance(node, cst.Subscript)
    index = node.slice[0].slice
    assert isinstance(index, cst.Index), "the fixer has found one"
    return awaiting(_method(node.value, "aget", index.value))


def _is_unawaited(node: cst.CSTNode, fix: Fix) -> bool:
    return isinstance(node, cst.Call)


def _await(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    return awaiting(_call(node))


# -- iterating -----------------------------------------------------------------------------------


def _is_loop(node: cst.CSTNode, fix: Fix) -> bool:
    return isinstance(node, cst.For) and node.asynchronous is None and _may_be_async(node.iter)


def _async_for(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`async for` over the same, or over what the text iterates, such as `.aiterator()`."""
    assert isinstance(node, cst.For)
    return node.with_changes(asynchronous=cst.Asynchronous(), iter=_asynchronously(node.iter))


_SYNCHRONOUS = frozenset(
    {"dict", "enumerate", "filter", "frozenset", "iter", "list", "map", "range", "reversed", "set"}
    | {"sorted", "tuple", "zip"}
)


def _may_be_async(iterable: cst.BaseExpression) -> bool:
    """Whether it is none of what Python itself makes to be iterated over synchronously."""
    match iterable:
        case cst.Call(func=cst.Name(value=name)):
            return name not in _SYNCHRONOUS
    return True


def _asynchronously(iterable: cst.BaseExpression) -> cst.BaseExpression:
    """`qs.aiterator(…)` for `qs.iterator(…)`; the other iterables of querysets are both."""
    match iterable:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="iterator")) as function):
            twin = function.with_changes(attr=cst.Name("aiterator"))
            return iterable.with_changes(func=twin)
    return iterable


def _is_comprehension(node: cst.CSTNode, fix: Fix) -> bool:
    return isinstance(node, cst.CompFor) and node.asynchronous is None and _may_be_async(node.iter)


def _async_comprehension(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    assert isinstance(node, cst.CompFor)
    return node.with_changes(asynchronous=cst.Asynchronous(), iter=_asynchronously(node.iter))


_COMPREHENSIONS: Mapping[str, type[cst.ListComp] | type[cst.SetComp]] = {
    "list": cst.ListComp,
    "set": cst.SetComp,
}


def _is_consumed(node: cst.CSTNode, fix: Fix) -> bool:
    """`list(qs)`, or another function whose first argument is iterated over."""
    match node:
        case cst.Call(func=cst.Name(), args=[cst.Arg(keyword=None, star=""), *_]):
            return not m.findall(node.args[0], m.GeneratorExp())
    return False


def _consume(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`[row async for row in qs]` for `list(qs)`, else the function over that: `sorted([…])`."""
    call = _call(node)
    first, *others = call.args
    made = _COMPREHENSIONS.get(_last(call.func))
    if made and not others:
        return made(cst.Name(_name_of_rows(fix)), _rows(first.value, fix))
    return call.with_changes(args=[first.with_changes(value=_listed(first.value, fix)), *others])


def _is_unpacked(node: cst.CSTNode, fix: Fix) -> bool:
    return isinstance(node, cst.BaseExpression)


def _unpack(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`first, *rest = [row async for row in qs]`."""
    assert isinstance(node, cst.BaseExpression)
    return _listed(node, fix)


# -- relations -----------------------------------------------------------------------------------


def _is_key(node: cst.CSTNode, fix: Fix) -> bool:
    """`crate.site.pk`."""
    return m.matches(node, m.Attribute(value=m.Attribute(), attr=m.Name("pk") | m.Name("id")))


def _key(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`crate.site_id`, or what the text reads in its place."""
    assert isinstance(node, cst.Attribute)
    assert isinstance(node.value, cst.Attribute)
    said = _said(fix)
    name = said.attr.value if isinstance(said, cst.Attribute) else f"{node.value.attr.value}_id"
    return node.value.with_changes(attr=cst.Name(name), lpar=node.lpar, rpar=node.rpar)


# -- threads and sleep ---------------------------------------------------------------------------

_BRIDGES = ("sync_to_async", "database_sync_to_async")


def _is_called_too_soon(node: cst.CSTNode, fix: Fix) -> bool:
    """`sync_to_async(f(x))`, or that called once more: `sync_to_async(f(x))()`."""
    match node:
        case cst.Call(func=inner, args=[]) if isinstance(inner, cst.Call):
            return _is_called_too_soon(inner, fix)
        case cst.Call(args=[cst.Arg(value=cst.Call(), keyword=None, star=""), *_]):
            return _last(node.func) in _BRIDGES
    return False


def _wrap_first(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`sync_to_async(f)(x)`."""
    bridge = _call(node)
    if isinstance(bridge.func, cst.Call):
        bridge = bridge.func
    first, *others = bridge.args
    called = _call(first.value)
    wrapped = bridge.with_changes(
        args=[first.with_changes(value=called.func), *others], lpar=(), rpar=()
    )
    return called.with_changes(func=wrapped)


def _is_call_in_thread(node: cst.CSTNode, fix: Fix) -> bool:
    """A call, where the text hands the same over to a thread."""
    callee = _callee(fix)
    if not isinstance(node, cst.Call):
        return False
    function = callee.args[0].value if isinstance(callee, cst.Call) and callee.args else None
    return function is not None and function.deep_equals(_bare(node.func))


def _in_thread(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`await sync_to_async(f)(x)`."""
    call, callee = _call(node), _callee(fix)
    assert isinstance(callee, cst.Call), "the fixer has found one"
    return awaiting(call.with_changes(func=callee))


def _thread_the_call(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    made = _wrap_first if _is_called_too_soon(node, fix) else _in_thread
    return made(node, fix)


def _is_to_be_threaded(node: cst.CSTNode, fix: Fix) -> bool:
    return _is_called_too_soon(node, fix) or _is_call_in_thread(node, fix)


def _is_handed_over(node: cst.CSTNode, fix: Fix) -> bool:
    """A call, where the text is `await asyncio.to_thread(f, x)`."""
    handed = _awaited(fix)
    if not (isinstance(node, cst.Call) and isinstance(handed, cst.Call) and handed.args):
        return False
    return handed.args[0].value.deep_equals(_bare(node.func))


def _to_thread(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    call, handed = _call(node), _awaited(fix)
    assert isinstance(handed, cst.Call), "the fixer has found one"
    function = cst.Arg(
        _bare(call.func), comma=_ONE_SPACE if call.args else cst.MaybeSentinel.DEFAULT
    )
    return awaiting(call.with_changes(func=handed.func, args=[function, *call.args]))


def _is_sleep(node: cst.CSTNode, fix: Fix) -> bool:
    return isinstance(node, cst.Call) and _last(node.func) == "sleep"


def _sleep(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    return awaiting(_call(node).with_changes(func=cst.parse_expression("asyncio.sleep")))


# -- what means a little else: only with --unsafe-fixes --------------------------------------------


def _is_len(node: cst.CSTNode, fix: Fix) -> bool:
    return m.matches(node, m.Call(func=m.Name("len"), args=[m.Arg()]))


def _count(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`await qs.acount()`: another query where the rows are used later."""
    return awaiting(_method(_call(node).args[0].value, "acount"))


def _is_condition(node: cst.CSTNode, fix: Fix) -> bool:
    is_bool = m.matches(node, m.Call(func=m.Name("bool"), args=[m.Arg()]))
    return is_bool or isinstance(node, cst.BaseExpression)


def _exists(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`await qs.aexists()`: another query where the rows are used later."""
    if isinstance(node, cst.UnaryOperation):
        made = _exists(node.expression, fix)
        assert isinstance(made, cst.BaseExpression)
        return node.with_changes(expression=made)
    if m.matches(node, m.Call(func=m.Name("bool"), args=[m.Arg()])):
        node = _call(node).args[0].value
    assert isinstance(node, cst.BaseExpression)
    return awaiting(_method(node, "aexists"))


def _is_membership(node: cst.CSTNode, fix: Fix) -> bool:
    match node:
        case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=operator)]):
            return isinstance(operator, cst.In | cst.NotIn)
    return False


def _contains(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    assert isinstance(node, cst.Comparison)
    (target,) = node.comparisons
    made = awaiting(_method(target.comparator, "acontains", node.left))
    if isinstance(target.operator, cst.NotIn):
        return cst.UnaryOperation(cst.Not(), made, lpar=node.lpar, rpar=node.rpar)
    return made.with_changes(lpar=node.lpar, rpar=node.rpar)


def _is_first(node: cst.CSTNode, fix: Fix) -> bool:
    zero = m.SubscriptElement(slice=m.Index(value=m.Integer("0")))
    return m.matches(node, m.Subscript(slice=[zero]))


def _first(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`await qs.afirst()`, which gives None where `qs[0]` raises IndexError."""
    assert isinstance(node, cst.Subscript)
    return awaiting(_method(node.value, "afirst"))


def _is_atomic(node: cst.CSTNode, fix: Fix) -> bool:
    match node:
        case cst.With(asynchronous=None, items=[cst.WithItem(item=cst.Call(func=function))]):
            return _last(function) == "atomic"
    return False


def _aatomic(node: cst.CSTNode, fix: Fix) -> cst.CSTNode:
    """`async with aatomic():`; what its body calls must be twins, too."""
    assert isinstance(node, cst.With)
    (item,) = node.items
    call = _call(item.item).with_changes(func=cst.Name("aatomic"))
    return node.with_changes(asynchronous=cst.Asynchronous(), items=[item.with_changes(item=call)])


FIXERS: Mapping[str, Fixer] = {
    "await-twin": Fixer(_has_twin, _await_twin),
    "django-twin": Fixer(_has_twin, _await_twin),
    "request-user": Fixer(_has_twin, _await_twin),
    "session-item": Fixer(_is_item, _item),
    "missing-await": Fixer(_is_unawaited, _await),
    "async-for": Fixer(_is_loop, _async_for),
    "async-comprehension": Fixer(_is_comprehension, _async_comprehension),
    "list": Fixer(_is_consumed, _consume),
    "unpack": Fixer(_is_unpacked, _unpack),
    "fk-id": Fixer(_is_key, _key, is_async=False),
    "thread-the-call": Fixer(_is_to_be_threaded, _thread_the_call),
    "to-thread": Fixer(_is_handed_over, _to_thread),
    "asyncio-sleep": Fixer(_is_sleep, _sleep),
    "acount": Fixer(_is_len, _count),
    "aexists": Fixer(_is_condition, _exists),
    "acontains": Fixer(_is_membership, _contains),
    "afirst": Fixer(_is_first, _first),
    "aatomic": Fixer(_is_atomic, _aatomic),
}
# Names that a fixer writes by itself.
IMPORTS: Mapping[str, tuple[str, ...]] = {
    "asyncio-sleep": ("asyncio",),
    "aatomic": ("asyncgen_runtime.transaction.aatomic",),
}
