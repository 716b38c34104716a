"""Methods that change lists, and queues, as lists bound anew.

v = xs.pop(0)               →       v = xs[0]
                                    xs = xs[1:]
xs.insert(k, v)             →       xs = xs[:k] + [v] + xs[k:]
xs[1:3] = ys                →       xs = xs[:1] + ys + xs[3:]
xs.sort()                   →       xs = sorted(xs)
q = deque(xs, maxlen=2)     →       q = list(xs)[-2:]

That is the same where the list has no other name; elsewhere the method is left, and refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import UNFILLED, Array, ListOf, is_number
from srcdiff.ir.lists import append, length, popped
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    map_expressions,
    names_in,
    rebuild,
    statements,
    subexpressions,
    target_names,
    with_blocks,
)
from srcdiff.normalize.iteration import Iterated

_METHODS = frozenset(
    (
        "pop",
        "insert",
        "remove",
        "clear",
        "reverse",
        "sort",
        "popleft",
        "appendleft",
        "extendleft",
        "rotate",
        "extend",
        "append",
    )
)


def changes_to_bindings(
    function: n.Function, names: Names, facts: Iterated, varied: frozenset[str]
) -> n.Function:
    """The function with such changes as assignments; itself where there are none.

    `varied` are the variables that carry a derivative anywhere.
    """
    if not any(map(concerns, statements(function.body))):
        return function
    body = _Changes(function, names, facts, varied).block(function.body)
    return function if body is function.body else replace(function, body=body)


def concerns(s: n.Stmt) -> bool:
    """Whether a statement may change a list otherwise than by appending and popping."""
    if isinstance(s, n.Opaque):
        return s.deleted is not None
    if isinstance(s, n.Assign) and isinstance(s.target, n.Index):
        return True
    if isinstance(s, n.Assign) and isinstance(s.value, n.Op) and s.value.op == "mul":
        return s.value.args[0] == n.List((n.Const(None),))
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.Call):
                if isinstance(x.callee, n.Field) and x.callee.name in _METHODS:
                    return True
                if isinstance(x.callee, n.Ref) and x.callee.value is deque:
                    return True
    return False


@dataclass
class _Changes:
    function: n.Function
    names: Names
    facts: Iterated
    varied: frozenset[str]
    _shared: frozenset[str] = frozenset()
    # The greatest lengths of queues.
    _queues: dict[str, n.Expr | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shared = shared_names(self.function)
        self._queues = _queues(self.function, self._shared)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new: n.Block = (s,)
            if self.facts.reached(s):
                new = self._statement(s)
            for part in new:
                out.append(with_blocks(part, tuple(self.block(b) for b in blocks(part))))
        same = len(out) == len(block) and all(a is b for a, b in zip(out, block, strict=True))
        return block if same else tuple(out)

    def _is_mine(self, s: n.Stmt, e: n.Expr) -> bool:
        """Whether an expression is a list, with one name, that may carry a derivative."""
        if not isinstance(e, n.Var) or not self._is_own(e):
            return False
        return e.name in self._queues or isinstance(self.facts.infer(s)(e), ListOf)

    def _is_own(self, e: n.Expr) -> bool:
        """Whether an expression is a variable that has what it holds for itself."""
        return isinstance(e, n.Var) and e.name in self.varied and e.name not in self._shared

    def _statement(self, s: n.Stmt) -> n.Block:
        if isinstance(s, n.Opaque):
            return self._deleted(s)
        if isinstance(s, n.Effect) and isinstance(s.value, n.Call):
            return self._changed(s, s.value)
        if isinstance(s, n.Assign) and isinstance(s.target, n.Index):
            if isinstance(s.target.key, n.Slice) and self._is_mine(s, s.target.base):
                return self._sliced(s, s.target, s.target.key)
        if isinstance(s, n.Assign) and _is_queue(s.value):
            return self._queue(s) if self._is_mine(s, s.target) else (s,)
        if isinstance(s, n.Assign) and self._is_own(s.target):
            unfilled = _unfilled(s, self.function)
            return (s if unfilled is None else replace(s, value=unfilled),)
        return self._popped(s)

    # --- reading and changing at once -----------------------------------------------------------

    def _popped(self, s: n.Stmt) -> n.Block:
        """`xs.pop(k)` and `xs.popleft()` inside of a statement."""
        every = [x for e in expressions(s) for x in subexpressions(e)]
        calls = [x for x in every if isinstance(x, n.Call) and _taken(x) is not None]
        calls = [x for x in calls if self._is_mine(s, x.callee.base)]  # type: ignore[attr-defined]
        if len(calls) != 1 or isinstance(s, n.While) or _is_conditional(s):
            return (s,)
        call = calls[0]
        key = _taken(call)
        assert key is not None
        assert isinstance(call.callee, n.Field)
        xs = call.callee.base
        assert isinstance(xs, n.Var)
        reads = sum(isinstance(x, n.Var) and x.name == xs.name for x in every)
        if reads > 1 or key == n.Const(-1):
            return (s,) if reads > 1 else self._last(s, call, xs)
        first, key = self._steady(key, s)
        rest: n.Block = ()
        if isinstance(s, n.Assign) and s.value is call and isinstance(s.target, n.Var):
            item = s.target
        else:
            item = n.Var(self.names.fresh(f"{xs.name}_item"))
            rest = (map_expressions(s, lambda e: _replaced(e, call, item)),)
        taken = n.Assign(item, n.Index(xs, key, span=call.span), span=s.span)
        removed = n.Assign(xs, _without(xs, key), span=s.span)
        return (*first, taken, removed, *rest)

    def _last(self, s: n.Stmt, call: n.Call, xs: n.Var) -> n.Block:
        """`xs.pop(-1)` is `xs.pop()`."""
        if not call.args:
            return (s,)
        plain = n.Call(call.callee, (), span=call.span)
        return (map_expressions(s, lambda e: _replaced(e, call, plain)),)

    def _steady(self, key: n.Expr, s: n.Stmt) -> tuple[n.Block, n.Expr]:
        """An index under a name, if it is no literal or variable."""
        if isinstance(key, n.Const | n.Var):
            return (), key
        name = n.Var(self.names.fresh("place"))
        return (n.Assign(name, key, span=s.span),), name

    # --- changing -------------------------------------------------------------------------------

    def _changed(self, s: n.Effect, call: n.Call) -> n.Block:
        if not isinstance(call.callee, n.Field) or call.callee.name not in _METHODS:
            return (s,)
        xs, method = call.callee.base, call.callee.name
        if not self._is_mine(s, xs):
            return (s,)
        assert isinstance(xs, n.Var)
        if method in ("pop", "popleft"):
            key = _taken(call)
            if key is None or key == n.Const(-1):
                return (s,) if key is None else self._last(s, call, xs)
            first, key = self._steady(key, s)
            return (*first, n.Assign(xs, _without(xs, key), span=s.span))
        if method == "extend":
            return self._extended(s, call, xs)
        first = ()
        if method in ("insert", "rotate") and call.args:
            first, key = self._steady(call.args[0], s)
            call = replace(call, args=(key, *call.args[1:]))
        longest = self._queues.get(xs.name)
        if method == "append":
            return (s,) if longest is None else (s, _shortened(xs, longest, s))
        value = self._new_value(xs, method, call)
        if value is None:
            return (s,)
        assigned = n.Assign(xs, value, span=s.span)
        if method == "appendleft" and longest is not None:
            short = n.Index(xs, n.Slice(None, longest), span=s.span)
            return (*first, assigned, n.Assign(xs, short, span=s.span))
        return (*first, assigned)

    def _queue(self, s: n.Assign) -> n.Block:
        """A queue, as the list that stands for it."""
        items, longest = _given(s.value)
        assert isinstance(s.target, n.Var)
        if items is None:
            return (replace(s, value=n.List((), span=s.value.span)),)
        made: n.Expr = items
        if not isinstance(items, n.List):
            made = n.Call(n.Ref("list", list, list), (items,), span=s.value.span)
        new = replace(s, value=made)
        return (new,) if longest is None else (new, _shortened(s.target, longest, s))

    def _new_value(self, xs: n.Var, method: str, call: n.Call) -> n.Expr | None:
        """What a list is after a method without a result."""
        args = call.args
        span = call.span
        if method == "sort" and not args:
            return n.Call(n.Ref("sorted", sorted, sorted), (xs,), call.keywords, span=span)
        if call.keywords:
            return None
        if method == "clear" and not args:
            return n.List((), span=span)
        if method == "reverse" and not args:
            return n.Index(xs, n.Slice(None, None, n.Const(-1)), span=span)
        if method == "insert" and len(args) == 2:
            made = n.List((args[1],), span=span)
            if args[0] == n.Const(0):
                return n.Op("add", (made, xs), span=span)
            head, tail = (n.Index(xs, key) for key in (n.Slice(None, args[0]), n.Slice(args[0])))
            return n.Op("add", (n.Op("add", (head, made)), tail), span=span)
        if method == "appendleft" and len(args) == 1:
            return n.Op("add", (n.List(args), xs), span=span)
        if method == "rotate" and len(args) <= 1 and xs.name in self._queues:
            return _rotated(xs, args[0] if args else n.Const(1))
        return None

    def _extended(self, s: n.Effect, call: n.Call, xs: n.Var) -> n.Block:
        """`xs.extend(values)` of what is no list."""
        if len(call.args) != 1 or call.keywords or self._queues.get(xs.name) is not None:
            return (s,)
        infer = self.facts.infer(s)
        more, kind = call.args[0], infer(call.args[0])
        if isinstance(kind, ListOf) and not isinstance(more, n.OpaqueExpr):
            if isinstance(more, n.Var | n.List):
                return (s,)
            name = n.Var(self.names.fresh("more"))
            assigned = n.Assign(name, more, span=s.span)
            extend = replace(s, value=replace(call, args=(name,)))
            return (assigned, extend)
        if isinstance(more, n.Tuple):
            return (replace(s, value=replace(call, args=(n.List(more.items),))),)
        inner = more.inner if isinstance(more, n.OpaqueExpr) else None
        if inner is not None and xs.name not in names_in(more):
            listed = inner.listed or more
            name = n.Var(self.names.fresh("more"))
            assigned = n.Assign(name, listed, span=s.span)
            return (assigned, replace(s, value=replace(call, args=(name,))))
        item = n.Var(self.names.fresh("item"))
        body = (replace(append(xs, item), span=s.span),)
        return (n.For(item, more, body, span=s.span),)

    def _sliced(self, s: n.Assign, target: n.Index, key: n.Slice) -> n.Block:
        """`xs[a:b] = ys`."""
        xs = target.base
        assert isinstance(xs, n.Var)
        infer = self.facts.infer(s)
        value = s.value
        if isinstance(value, n.Tuple):
            value = n.List(value.items, span=value.span)
        kind = infer(value)
        if isinstance(kind, Array) and kind.ndim == 1:
            value = n.Call(n.Ref("list", list, list), (value,), span=value.span)
        elif not isinstance(kind, ListOf):
            return (s,)
        if key.step not in (None, n.Const(1)):
            return (s,)
        if key == n.Slice():
            return (n.Assign(xs, _copy(value), span=s.span),)
        whole = _around(xs, key, value)
        return (s,) if whole is None else (n.Assign(xs, whole, span=s.span),)

    def _deleted(self, s: n.Opaque) -> n.Block:
        """`del xs[k]`."""
        target = s.deleted
        if not isinstance(target, n.Index) or not self._is_mine(s, target.base):
            return (s,)
        xs, key = target.base, target.key
        assert isinstance(xs, n.Var)
        if isinstance(key, n.Slice):
            whole = _around(xs, key, None) if key.step is None else None
            return (s,) if whole is None else (n.Assign(xs, whole, span=s.span),)
        if not is_number(self.facts.infer(s)(key)):
            return (s,)
        first, key = self._steady(key, s)
        return (*first, n.Assign(xs, _without(xs, key), span=s.span))


def _taken(e: n.Call) -> n.Expr | None:
    """The index of `xs.pop(k)` and `q.popleft()`; None for any other call, `xs.pop()` too."""
    if not isinstance(e.callee, n.Field) or e.keywords or not isinstance(e.callee.base, n.Var):
        return None
    if e.callee.name == "popleft" and not e.args:
        return n.Const(0)
    if e.callee.name == "pop" and len(e.args) == 1:
        return e.args[0]
    return None


def _is_conditional(s: n.Stmt) -> bool:
    """Whether parts of the statement may not be evaluated."""
    every = (x for e in expressions(s) for x in subexpressions(e))
    lazy = (
        isinstance(x, n.Choose) or (isinstance(x, n.Op) and x.op in ("and", "or")) for x in every
    )
    return any(lazy)


def _replaced(e: n.Expr, old: n.Expr, new: n.Expr) -> n.Expr:
    return new if e is old else rebuild(e, lambda child: _replaced(child, old, new))


def _without(xs: n.Var, key: n.Expr) -> n.Expr:
    """The list without the item at an index."""
    if isinstance(key, n.Const):
        if key.value == 0:
            return n.Index(xs, n.Slice(n.Const(1)))
        if key.value == -1:
            return n.Index(xs, n.Slice(None, n.Const(-1)))
        after = n.Index(xs, n.Slice(n.Const(key.value + 1)))
        return n.Op("add", (n.Index(xs, n.Slice(None, key)), after))
    # An index may count from the end.
    place = n.Op("mod", (key, length(xs)))
    after = n.Index(xs, n.Slice(n.Op("add", (place, n.Const(1)))))
    return n.Op("add", (n.Index(xs, n.Slice(None, place)), after))


def _around(xs: n.Var, key: n.Slice, value: n.Expr | None) -> n.Expr | None:
    """The list with a slice of it replaced."""
    bounds = [b for b in (key.lower, key.upper) if b is not None]
    if not all(isinstance(b, n.Const) and type(b.value) is int for b in bounds):
        # Bounds that cross, or count from the end, are for what knows them.
        if len(bounds) > 1 or value is not None:
            return None
    elif len(bounds) == 2:
        low, high = (b.value for b in bounds)  # type: ignore[attr-defined]
        if (low < 0) != (high < 0) or low > high:
            return None
    parts: list[n.Expr] = []
    if key.lower is not None:
        parts.append(n.Index(xs, n.Slice(None, key.lower)))
    if value is not None:
        parts.append(value)
    if key.upper is not None:
        parts.append(n.Index(xs, n.Slice(key.upper)))
    if not parts:
        return n.List(())
    out = parts[0]
    for part in parts[1:]:
        out = n.Op("add", (out, part))
    return _copy(out)


def _copy(e: n.Expr) -> n.Expr:
    if isinstance(e, n.Var):
        return n.Call(n.Ref("list", list, list), (e,), span=e.span)
    return e


def _rotated(xs: n.Var, count: n.Expr) -> n.Expr:
    if count == n.Const(1):
        cut: n.Expr = n.Const(-1)
    elif isinstance(count, n.Const) and type(count.value) is int and count.value == -1:
        cut = n.Const(1)
    else:
        cut = n.Op("mod", (n.Op("neg", (count,)), length(xs)))
    head, tail = n.Index(xs, n.Slice(cut)), n.Index(xs, n.Slice(None, cut))
    return n.Op("add", (head, tail))


# --- queues -------------------------------------------------------------------------------------


def _is_queue(e: n.Expr) -> bool:
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is deque


def _given(e: n.Expr) -> tuple[n.Expr | None, n.Expr | None]:
    """What a queue is made of, and how long it may be."""
    assert isinstance(e, n.Call)
    given = dict(zip(("iterable", "maxlen"), e.args, strict=False)) | dict(e.keywords)
    longest = given.get("maxlen")
    return given.get("iterable"), None if longest == n.Const(None) else longest


def _shortened(xs: n.Var, longest: n.Expr, s: n.Stmt) -> n.Stmt:
    """The queue without the items that it has no place for."""
    if isinstance(longest, n.Const):
        start: n.Expr = n.Const(-longest.value)
    else:
        more = n.Op("sub", (length(xs), longest))
        start = n.Call(n.Ref("max", max, max), (n.Const(0), more))
    return n.Assign(xs, n.Index(xs, n.Slice(start), span=s.span), span=s.span)


# What may be done to a queue that has a greatest length.
_OF_BOUNDED = frozenset(("append", "appendleft", "pop", "popleft", "clear", "copy"))


def _queues(function: n.Function, shared: frozenset[str]) -> dict[str, n.Expr | None]:
    """The variables that only ever stand for queues, and how long these may be."""
    out: dict[str, n.Expr | None] = {}
    bad = set(shared)
    bound = bound_names(function.body)
    for s in statements(function.body):
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and _is_queue(s.value):
            longest = _given(s.value)[1]
            steady = not isinstance(longest, n.Var) or longest.name not in bound
            fits = isinstance(longest, n.Var | None) or _is_count(longest)
            same = s.target.name not in out or out[s.target.name] == longest
            if not (steady and fits and same):
                bad.add(s.target.name)
            out[s.target.name] = longest
        elif isinstance(s, n.Assign | n.For):
            bad |= set(target_names(s.target))
        elif isinstance(s, n.Return) and isinstance(s.value, n.Var):
            bad.add(s.value.name)
        for e in expressions(s):
            for x in subexpressions(e):
                if isinstance(x, n.Field) and isinstance(x.base, n.Var):
                    if out.get(x.base.name) is not None and x.name not in _OF_BOUNDED:
                        bad.add(x.base.name)
    return {name: longest for name, longest in out.items() if name not in bad}


def _is_count(e: n.Expr | None) -> bool:
    return isinstance(e, n.Const) and type(e.value) is int and e.value > 0


def _unfilled(s: n.Assign, function: n.Function) -> n.Expr | None:
    """`[None] * n`, a list whose items come later: nothing asks whether they are None."""
    value = s.value
    if not isinstance(value, n.Op) or value.op != "mul" or not isinstance(s.target, n.Var):
        return None
    if value.args[0] != n.List((n.Const(None),)):
        return None
    name = s.target.name
    for other in statements(function.body):
        for e in expressions(other):
            for x in subexpressions(e):
                if isinstance(x, n.Compare | n.OpaqueExpr) and name in names_in(x):
                    return None
    items = n.List((n.Ref("None", UNFILLED),), span=value.args[0].span)
    return n.Op("mul", (items, value.args[1]), span=value.span)


# --- other names --------------------------------------------------------------------------------


def shared_names(function: n.Function) -> frozenset[str]:
    """The variables that may be a list with another name: parameters, what is assigned as it is,
    and what is put somewhere.
    """
    out: set[str] = set(function.param_names)
    moves = frozenset(_moves(function, function.body))
    for s in statements(function.body):
        if s in moves:
            continue
        if isinstance(s, n.Assign):
            out |= _exposed(s.value)
            if not _is_new(s.value) and popped(s) is None:
                out |= set(target_names(s.target))
        elif isinstance(s, n.For):
            out |= set(target_names(s.target))
        elif isinstance(s, n.Effect) and isinstance(s.value, n.Call):
            for arg in s.value.args:
                if not (isinstance(s.value.callee, n.Field) and s.value.callee.name == "extend"):
                    out |= _exposed(arg)
        elif isinstance(s, n.Opaque) and s.deleted is None:
            out |= {*s.reads, *s.writes}
        for e in expressions(s):
            for x in subexpressions(e):
                if isinstance(x, n.Closure):
                    out |= set(x.code.captured)
    return frozenset(out)


def _moves(function: n.Function, block: n.Block) -> Iterator[n.Stmt]:
    """The assignments of lists that were made in the same block, and are not mentioned again."""
    for at, s in enumerate(block):
        for b in blocks(s):
            yield from _moves(function, b)
        if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var):
            continue
        if not isinstance(s.value, n.Var) or s.value == s.target:
            continue
        name = s.value.name
        made = [
            k
            for k, x in enumerate(block[:at])
            if isinstance(x, n.Assign) and x.target == s.value and _is_new(x.value)
        ]
        if not made or name in names_in(block[made[0]].value):  # type: ignore[attr-defined]
            continue
        near = set(statements(block[made[0] : at + 1]))
        others = (x for x in statements(function.body) if x not in near)
        if not any(name in _names_of(x) for x in others):
            yield s


def _names_of(s: n.Stmt) -> frozenset[str]:
    found = frozenset[str]().union(*map(names_in, expressions(s)))
    return found | {*s.reads, *s.writes} if isinstance(s, n.Opaque) else found


def _exposed(e: n.Expr) -> set[str]:
    """The variables that an expression gives another name, or puts into something."""
    if isinstance(e, n.Var):
        return {e.name}
    if isinstance(e, n.Choose):
        return _exposed(e.a) | _exposed(e.b)
    if isinstance(e, n.Tuple | n.List | n.Dict):
        return set().union(*map(_exposed, e.items))
    if isinstance(e, n.Op) and e.op in ("and", "or"):
        return set().union(*map(_exposed, e.args))
    return set()


def _is_new(e: n.Expr) -> bool:
    """Whether an expression makes a list that nothing else knows."""
    if isinstance(e, n.List | n.Op | n.OpaqueExpr | n.Compare | n.Const):
        return True
    if isinstance(e, n.Index):
        return isinstance(e.key, n.Slice)
    if isinstance(e, n.Call):
        plain: tuple[Any, ...] = (list, sorted, deque)
        if isinstance(e.callee, n.Ref):
            return any(e.callee.value is made for made in plain)
        return isinstance(e.callee, n.Field) and e.callee.name == "copy"
    return False
