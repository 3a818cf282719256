"""A way out of a finding: what to write in its place, for the fixers and for people."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import asyncgen.audit.known as known
from asyncgen import knowledge
from asyncgen.analysis.values import Bound, Cause, Instance
from asyncgen.audit.finding import Fix
from asyncgen.audit.onloop import OnLoop
from asyncgen.audit.recording import Seen
from asyncgen.audit.requests import SETS_ITEM
from asyncgen.audit.syntax import File
from asyncgen.source import Attribute, Class, Function

_BRIDGE = "asgiref.sync.sync_to_async"
# What runs through a queryset inside of what is no queryset: `list(zip(names, crates))`.
_BY_ITERATOR = frozenset({"reads an iterator"})
_RELATED = frozenset({"add", "clear", "remove", "set"})
_ITERATORS = ("all", "values", "values_list", "filter", "exclude", "order_by")


@dataclass(frozen=True)
class Ways:
    """Finds ways out for what was seen in one file."""

    evaluator: OnLoop
    file: File
    begun: frozenset[int] = frozenset()  # the lines of the statements that begin transactions

    def out(self, seen: Seen, node: ast.AST) -> Fix | None:
        """The way out for what was seen at a node; None where none is known."""
        if seen.why or not self.file.is_async(node):
            return self.advice(seen)
        fix = _BY_CAUSE[seen.effect.cause](self, seen, node)
        if fix and self.is_in_transaction(node):
            # The block is not entered on the loop: what is in it comes after its first line.
            return replace(fix, kind="", safe=False)
        return fix

    def is_in_transaction(self, node: ast.AST) -> bool:
        """Whether the node stands in a block whose `with` begins a transaction."""
        child, parent = node, self.file.parents.get(node)
        while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            match parent:
                case ast.With(lineno=line) if line in self.begun:
                    return not isinstance(child, ast.withitem)
            child, parent = parent, self.file.parents.get(parent)
        return False

    @staticmethod
    def advice(seen: Seen) -> Fix:
        """For code that is not asynchronous itself."""
        name = seen.function.name
        if seen.why:
            text = f"make {name} an async def and await the twin, or run it with sync_to_async()"
        else:
            text = "await the twin outside, and pass in what it gives"
        return Fix("", text, False)

    # -- queries -----------------------------------------------------------------------------------

    def query(self, seen: Seen, node: ast.AST) -> Fix | None:
        """Await a twin: Django's, a hand-written one; else a thread."""
        if not isinstance(node, ast.Call):
            return self.reading(seen, node)
        callee = seen.callee
        dotted = self.dotted(callee)
        if dotted in known.TWINS:
            return self.django_twin(node, known.TWINS[dotted])
        if callee and (twin := self.twin(callee)):
            return self.await_twin(node, twin, callee)
        if self.is_helper(seen):
            return self.helper(seen, node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        is_direct = len(seen.effect.evidence) == 1
        if name == "iterator":
            return self.loop(node) or self.thread(node)
        if name in _RELATED and is_direct:
            return self.await_twin(node, f"a{name}")
        return self.thread(node)

    def twin(self, callee: Bound) -> str:
        """The name of the asynchronous method or function beside one; empty where there is none."""
        name = callee.function.name
        bare = name.lstrip("_")
        twin = f"{name[: len(name) - len(bare)]}a{bare}"
        if isinstance(callee.receiver, Instance):
            member = self.evaluator.lookup(callee.receiver.cls, twin)
            is_twin = member and isinstance(member[1], Function) and member[1].is_async
            return twin if is_twin else ""
        if callee.owner is None:
            beside = callee.module.functions.get(twin)
            return twin if beside is not None and beside.is_async else ""
        return ""

    def await_twin(self, node: ast.Call, twin: str, callee: Bound | None = None) -> Fix | None:
        if isinstance(node.func, ast.Attribute):
            function = f"{self.file.text(node.func.value)}.{twin}"
            return Fix("await-twin", f"await {function}{self.arguments(node)}", True)
        imports = (f"{callee.module.name}.{twin}",) if callee else ()
        return Fix("await-twin", f"await {twin}{self.arguments(node)}", True, imports)

    def django_twin(self, node: ast.Call, dotted: str) -> Fix:
        name = dotted.rpartition(".")[2]
        return Fix("django-twin", f"await {name}{self.arguments(node)}", True, (dotted,))

    def arguments(self, node: ast.Call) -> str:
        """The parentheses of a call, with what is in them."""
        whole, function = self.file.text(node), self.file.text(node.func)
        return whole[len(function) :].strip() if whole.startswith(function) else "(…)"

    def thread(self, node: ast.AST, safe: bool = True) -> Fix | None:
        """`await sync_to_async(f)(x)`"""
        if not isinstance(node, ast.Call):
            return self.read_in_thread(node)
        if isinstance(self.file.parents.get(node), ast.withitem):
            return Fix("", "run the block in a function with sync_to_async()", False, (_BRIDGE,))
        if isinstance(node.func, ast.Attribute) and node.func.attr in known.ON_STACKS:
            text = (
                "enter an asynchronous context manager in its place, or run the block in a thread"
            )
            return Fix("", text, False)
        function = self.file.text(node.func)
        text = f"await sync_to_async({function}){self.arguments(node)}"
        is_plain = not isinstance(self.file.parents.get(node), ast.For | ast.comprehension)
        return Fix("thread-the-call", text, safe and is_plain, (_BRIDGE,))

    def bridge_around(self, node: ast.AST) -> ast.Call | None:
        """The call of a bridge to threads that a call is passed to: `sync_to_async(f(x))`."""
        match self.file.parents.get(node):
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) as bridge:
                is_bridge = any(each.endswith(f".{name}") for each in known.WRAPPERS)
                is_call = first is node and isinstance(node, ast.Call)
                return bridge if is_bridge and is_call else None
        return None

    def call_of(self, bridge: ast.Call) -> ast.Call:
        """Where what a bridge gives is called at once, that call."""
        match self.file.parents.get(bridge):
            case ast.Call(func=function, args=[], keywords=[]) as call if function is bridge:
                return call
        return bridge

    def wrapped(self, bridge: ast.Call) -> Fix:
        """`sync_to_async(f)(x)`"""
        call = bridge.args[0]
        assert isinstance(call, ast.Call)
        function = f"{self.file.text(bridge.func)}({self.file.text(call.func)})"
        return Fix("thread-the-call", f"await {function}{self.arguments(call)}", True)

    def read_in_thread(self, node: ast.AST) -> Fix:
        text = f"await sync_to_async(lambda: {self.file.text(node)})()"
        return Fix("", text, False, (_BRIDGE,))

    def reading(self, seen: Seen, node: ast.AST) -> Fix | None:
        """A property that queries."""
        if isinstance(node, ast.Attribute):
            return self.read_in_thread(node)
        return None

    # -- querysets ---------------------------------------------------------------------------------

    def evaluation(self, seen: Seen, node: ast.AST) -> Fix | None:
        """By what evaluates the queryset."""
        if len(seen.effect.evidence) > 1 and self.is_helper(seen):
            return self.helper(seen, node)
        if seen.effect.evidence[0].message in _BY_ITERATOR:
            return Fix("", f"rows = [row async for row in {self.rows(node)}]", False)
        parent = None if self.is_consumer(node) else self.file.parents.get(node)
        text = self.file.text(node)
        match parent:
            case ast.For(iter=iterable) | ast.comprehension(iter=iterable) if iterable is node:
                return self.loop(node)
            case ast.Assign(targets=[ast.Tuple() | ast.List(), *_]):
                return Fix("unpack", f"[row async for row in {text}]", True)
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[rows]):
                return Fix("acount", f"await {self.file.receiver(rows)}.acount()", False)
            case ast.Call(func=ast.Name(id="bool"), args=[rows]):
                return Fix("aexists", f"await {self.file.receiver(rows)}.aexists()", False)
            case ast.Call(func=ast.Name(id="list"), args=[rows], keywords=[]):
                return Fix("list", f"[row async for row in {self.file.text(rows)}]", True)
            case ast.Call(func=ast.Name(id="set"), args=[rows], keywords=[]):
                return Fix("list", f"{{row async for row in {self.file.text(rows)}}}", True)
            case ast.Call(func=ast.Name(id=name), args=[rows, *others]) if not isinstance(
                rows, ast.GeneratorExp
            ):
                parts = [f"[row async for row in {self.file.text(rows)}]"]
                parts += [self.file.text(each) for each in (*others, *node.keywords)]
                is_consumer = name in knowledge.CONSUMERS
                return (
                    Fix("list", f"{name}({', '.join(parts)})", is_consumer) if is_consumer else None
                )
            case ast.Compare(
                left=left, ops=[ast.In() | ast.NotIn() as operator], comparators=[rows]
            ):
                no = "not " if isinstance(operator, ast.NotIn) else ""
                made = f"{no}await {self.file.receiver(rows)}.acontains({self.file.text(left)})"
                return Fix("acontains", made, False)
            case ast.UnaryOp(op=ast.Not(), operand=rows):
                return Fix("aexists", f"not await {self.file.receiver(rows)}.aexists()", False)
            case ast.Subscript(value=rows, slice=ast.Constant(value=0)):
                return Fix("afirst", f"await {self.file.receiver(rows)}.afirst()", False)
        if self.is_condition(node):
            return Fix("aexists", f"await {self.file.receiver(node)}.aexists()", False)
        return Fix("", f"rows = [row async for row in {self.rows(node)}]", False)

    @staticmethod
    def is_consumer(node: ast.AST) -> bool:
        """Whether it is `list(…)`, `sorted(…)` and so on: what they give is iterated over at once,
        whatever they were given."""
        match node:
            case ast.Call(func=ast.Name(id=name)):
                return name in knowledge.CONSUMERS
        return False

    def rows(self, node: ast.AST) -> str:
        """The text of the queryset in a node, as far as that is one name or call."""
        match node:
            case ast.JoinedStr(values=values):
                inner = [each for each in values if isinstance(each, ast.FormattedValue)]
                return self.file.text(inner[0].value) if inner else "…"
            case ast.Call(args=arguments) if arguments:
                told = [each for each in arguments if not isinstance(each, ast.Constant)]
                return self.file.text([*arguments, *told][-1])
            case ast.Subscript(value=value):
                return self.file.text(value)
        return self.file.text(node)

    def is_condition(self, node: ast.AST) -> bool:
        match self.file.parents.get(node):
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                return test is node
            case ast.BoolOp(values=[first, *_]):
                return first is node and not isinstance(first, ast.BoolOp)
            case ast.UnaryOp(op=ast.Not()):
                return True
        return False

    def loop(self, node: ast.AST) -> Fix | None:
        """`async for`, for what is iterated over by a statement or a comprehension."""
        parent = self.file.parents.get(node)
        iterable = self.file.text(node)
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr="iterator")):
                iterable = f"{self.file.text(receiver)}.aiterator{self.arguments(node)}"
        match parent:
            case ast.For(target=target):
                text = f"async for {self.file.text(target)} in {iterable}:"
                return Fix("async-for", text, True)
            case ast.comprehension(target=target):
                whole = self.file.parents[parent]
                before = self.file.text(whole)
                piece = f"for {self.file.text(target)} in {self.file.text(node)}"
                after = before.replace(
                    piece, f"async for {self.file.text(target)} in {iterable}", 1
                )
                return Fix("async-comprehension", after, not isinstance(whole, ast.GeneratorExp))
        return None

    # -- relations ---------------------------------------------------------------------------------

    def relation(self, seen: Seen, node: ast.AST) -> Fix | None:
        if self.is_helper(seen):
            return self.helper(seen, node)
        if not isinstance(node, ast.Attribute):
            return self.thread(node, safe=False)
        parent = self.file.parents.get(node)
        match parent:
            case ast.Attribute(attr="pk" | "id" as key) if self.holds(seen.model, node.attr, key):
                return Fix("fk-id", f"{self.file.text(node)}_id", True)
        return Fix("select-related", f'.select_related("{node.attr}")', False)

    def holds(self, model: Class | None, relation: str, key: str) -> bool:
        """Whether the column of a relation holds what is read of its target."""
        member = self.evaluator.lookup(model, relation) if model else None
        match member:
            case where, Attribute() as attribute:
                return self.evaluator.relations.holds_key(attribute, where, key)
        return False

    # -- helpers -----------------------------------------------------------------------------------

    @staticmethod
    def is_helper(seen: Seen) -> bool:
        """Whether the effect is that of another function."""
        places = {
            (each.location.path, each.location.line)
            for each in seen.effect.evidence
            if each.location and not each.location.path.startswith("django/")
        }
        return len(places) > 1

    def helper(self, seen: Seen, node: ast.AST) -> Fix | None:
        if isinstance(node, ast.Call) and seen.callee and (twin := self.twin(seen.callee)):
            return self.await_twin(node, twin, seen.callee)
        match self.file.parents.get(node):
            case ast.For(iter=rows) | ast.comprehension(iter=rows) if rows is node:
                text = f"await sync_to_async(list)({self.file.text(node)})"
                return Fix("", text, False, (_BRIDGE,))
        callee = seen.callee if seen.effect.cause in known.PATIENT else None
        if isinstance(node, ast.Call) and callee and not self.evaluator.may_query(callee):
            return self.to_thread(node, safe=True)
        return self.thread(node)

    def dotted(self, callee: Bound | None) -> str:
        return f"{callee.module.name}.{callee.function.name}" if callee and not callee.owner else ""

    # -- other causes ------------------------------------------------------------------------------

    def transaction(self, seen: Seen, node: ast.AST) -> Fix | None:
        if self.is_helper(seen):
            return self.helper(seen, node)
        if isinstance(self.file.parents.get(node), ast.withitem):
            imports = ("asyncgen_runtime.transaction.aatomic",)
            return Fix("aatomic", "async with aatomic():", False, imports)
        return self.thread(node, safe=False)

    def form(self, seen: Seen, node: ast.AST) -> Fix | None:
        """A page of a paginator still asks for its rows when somebody runs through it."""
        return self.thread(node, safe="pages" not in seen.effect.evidence[0].message)

    def account(self, seen: Seen, node: ast.AST) -> Fix | None:
        """Users, sessions and permissions, which have twins."""
        if self.is_helper(seen):
            return self.helper(seen, node)
        match self.file.parents.get(node):
            case ast.Assign(targets=[ast.Subscript(value=session, slice=key)], value=value):
                if seen.effect.evidence[0].message == SETS_ITEM:
                    passed = f"{self.file.text(key)}, {self.file.text(value)}"
                    return Fix("", f"await {self.file.text(session)}.aset({passed})", False)
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                base = self.file.text(owner)
                if base.endswith("session") and name in known.SESSION_TWINS:
                    return self.await_twin_of_django(node, f"{base}.{known.SESSION_TWINS[name]}")
                if name in known.PERMISSIONS:
                    return self.await_twin_of_django(node, f"{base}.a{name}")
            case ast.Call(func=ast.Name(id=name)):
                twins = [each for sync, each in known.TWINS.items() if sync.endswith(f".{name}")]
                if twins:
                    return self.django_twin(node, twins[0])
            case ast.Attribute(value=ast.Attribute(value=request, attr="user")):
                return Fix("django-twin", f"await {self.file.text(request)}.auser()", True)
            case ast.Delete(targets=[ast.Subscript(value=session, slice=key)]):
                text = f"await {self.file.text(session)}.apop({self.file.text(key)})"
                return Fix("", text, False)
            case ast.Subscript(value=session, slice=key):
                text = f"await {self.file.text(session)}.aget({self.file.text(key)})"
                return Fix("", text, False)
            case ast.Compare(
                left=key, ops=[ast.In() | ast.NotIn() as operator], comparators=[session]
            ) if self.file.text(session).endswith("session"):
                no = "not " if isinstance(operator, ast.NotIn) else ""
                text = f"{no}await {self.file.text(session)}.ahas_key({self.file.text(key)})"
                return Fix("", text, False)
        return Fix("", "user = await request.auser()", False)

    def await_twin_of_django(self, node: ast.Call, function: str) -> Fix:
        return Fix("django-twin", f"await {function}{self.arguments(node)}", True)

    def waiting(self, seen: Seen, node: ast.AST) -> Fix | None:
        if self.is_helper(seen) or not isinstance(node, ast.Call):
            return self.helper(seen, node)
        if seen.effect.evidence[0].message.endswith("time.sleep"):
            text = f"await asyncio.sleep{self.arguments(node)}"
            return Fix("asyncio-sleep", text, True, ("asyncio",))
        return self.to_thread(node, safe=False)

    def to_thread(self, node: ast.Call, safe: bool) -> Fix:
        """A thread of its own, for what only waits: that of `sync_to_async` runs one at a time."""
        if isinstance(self.file.parents.get(node), ast.withitem):
            return Fix("", "run the block in asyncio.to_thread()", False, ("asyncio",))
        function, inner = self.file.text(node.func), self.arguments(node)[1:-1]
        text = f"await asyncio.to_thread({function}{', ' if inner else ''}{inner})"
        return Fix("to-thread", text, safe, ("asyncio",))

    def storage(self, seen: Seen, node: ast.AST) -> Fix | None:
        if self.is_helper(seen):
            return self.helper(seen, node)
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if (
                "a file field" in seen.effect.evidence[0].message and name in known.OF_OPEN_FILES
            ):
                return self.read_in_thread(node)  # to read the attribute opens the file
            case ast.Call(args=[ast.Attribute(attr=name) as read, *others]) if seen.effect.evidence[
                0
            ].message == known.OPENS.format(name):
                given = ", ".join(map(self.file.text, others))
                text = f"await sync_to_async(lambda: {self.file.text(read)}({given}))()"
                return Fix("", text, False, (_BRIDGE,))
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                is_cache = "cache" in seen.effect.evidence[0].message
                if is_cache and name in known.CACHE_METHODS:
                    return self.await_twin_of_django(node, f"{self.file.text(owner)}.a{name}")
        return self.thread(node)

    def computing(self, seen: Seen, node: ast.AST) -> Fix | None:
        return self.helper(seen, node) if self.is_helper(seen) else self.thread(node)

    def later(self, seen: Seen, node: ast.AST) -> Fix | None:
        return Fix("", f"[row async for row in {self.file.text(node)}]", False)

    def template(self, seen: Seen, node: ast.AST) -> Fix | None:
        return self.thread(node)

    def receiver(self, seen: Seen, node: ast.AST) -> Fix | None:
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                text = f"await {self.file.text(owner)}.a{name}{self.arguments(node)}"
                return Fix("await-twin", text, True)
        return None

    def never_awaited(self, seen: Seen, node: ast.AST) -> Fix | None:
        if isinstance(node, ast.Attribute):
            node = node.value
        return Fix("missing-await", f"await {self.file.text(node)}", isinstance(node, ast.Call))

    def not_async(self, seen: Seen, node: ast.AST) -> Fix | None:
        text = self.file.text(node)
        match node, self.file.parents.get(node):
            case ast.Await(value=inner), _:
                return Fix("", self.file.text(inner), False)
            case _, ast.AsyncFor(target=target):
                return Fix("", f"for {self.file.text(target)} in {text}:", False)
            case ast.Call(func=ast.Call(args=[function])), _:
                return Fix("", f"await {self.file.text(function)}{self.arguments(node)}", False)
            case ast.Call(), _:
                return self.helper(seen, node)
        return None


Way = Callable[[Ways, Seen, ast.AST], Fix | None]
_BY_CAUSE: Mapping[Cause, Way] = {
    Cause.ACCOUNT: Ways.account,
    Cause.COMPUTING: Ways.computing,
    Cause.EVALUATION: Ways.evaluation,
    Cause.FORM: Ways.form,
    Cause.LATER: Ways.later,
    Cause.NEVER_AWAITED: Ways.never_awaited,
    Cause.NOT_ASYNC: Ways.not_async,
    Cause.QUERY: Ways.query,
    Cause.RECEIVER: Ways.receiver,
    Cause.RELATION: Ways.relation,
    Cause.STORAGE: Ways.storage,
    Cause.THREADED: Ways.evaluation,
    Cause.TEMPLATE: Ways.template,
    Cause.TRANSACTION: Ways.transaction,
    Cause.WAITING: Ways.waiting,
}
