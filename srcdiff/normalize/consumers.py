"""Functions that consume an iterable of differentiated values, as loops and lists.

y = max(xs, key=f)              →       y_keys = [f(item) for item in xs]
                                        y = xs[np.argmax(y_keys)]
y = functools.reduce(f, xs, a)  →       y = a
                                        for item in xs:
                                            y = f(y, item)
ys = list(zip(a, b))            →       ys = []
                                        for item in zip(a, b):
                                            ys.append(item)
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.functional import is_functional
from srcdiff.ir.kinds import (
    Array,
    FunctionOf,
    IteratorOf,
    ListOf,
    TupleOf,
    is_number,
)
from srcdiff.ir.lists import append
from srcdiff.ir.walk import expressions, names_in, statements, subexpressions
from srcdiff.normalize.hoisting import Hoisting
from srcdiff.normalize.iteration import Infer, Iterated

_OPERATORS: dict[Any, str] = {
    operator.add: "add",
    operator.sub: "sub",
    operator.mul: "mul",
    operator.truediv: "div",
    operator.matmul: "matmul",
    operator.pow: "pow",
    np.add: "add",
    np.multiply: "mul",
    np.matmul: "matmul",
}


def consumers_to_loops(function: n.Function, names: Names, facts: Iterated) -> n.Function:
    """The function with such calls as loops; itself where there are none."""
    if not any(map(concerns, statements(function.body))):
        return function
    body = _Consumers(names, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


def concerns(s: n.Stmt) -> bool:
    """Whether a statement calls one of these functions."""
    if isinstance(s, n.Assign) and isinstance(s.target, n.Tuple):
        if isinstance(s.value, n.OpaqueExpr) and s.value.inner is not None:
            return True
    parts = [s.value] if isinstance(s, n.Assign) else expressions(s)
    return any(_handler(x) is not None or _has_stars(x) for e in parts for x in subexpressions(e))


def _has_stars(e: n.Expr) -> bool:
    """Whether an expression is a display with stars."""
    return isinstance(e, n.List | n.Tuple) and any(isinstance(x, n.Starred) for x in e.items)


def _handler(e: n.Expr) -> Callable[[_Consumers, n.Call, Infer], n.Expr | None] | None:
    if not isinstance(e, n.Call) or any(isinstance(a, n.Starred) for a in e.args):
        return None
    if isinstance(e.callee, n.Ref):
        try:
            return _HANDLERS.get(e.callee.value)
        except TypeError:
            return None
    if isinstance(e.callee, n.Field) and e.callee.name == "tolist" and not e.args:
        return _Consumers.listed
    return None


@dataclass
class _Consumers(Hoisting):
    def made(self, e: n.Expr, s: n.Stmt, infer: Infer) -> n.Expr | None:
        if _has_stars(e):
            assert isinstance(e, n.List | n.Tuple)
            return self._spread(e, infer) if self._is_active(s, e, infer) else None
        if isinstance(s, n.Assign) and e is s.value and isinstance(s.target, n.Tuple):
            if isinstance(e, n.OpaqueExpr) and e.inner is not None and self._is_active(s, e, infer):
                return e.inner.listed
        handler = _handler(e)
        if handler is None or not isinstance(e, n.Call) or not self._is_active(s, e, infer):
            return None
        count = len(self.before)
        new = handler(self, e, infer)
        if new is None:
            del self.before[count:]
        return new

    def _is_active(self, s: n.Stmt, e: n.Expr, infer: Infer) -> bool:
        """Whether a call carries a derivative, by what its functions capture too."""
        if self.facts.active(s, e):
            return True
        captured: set[str] = set()
        for name in names_in(e):
            kind = infer(n.Var(name))
            if isinstance(kind, FunctionOf):
                captured |= set(kind.code.captured)
            captured.add(name)
        return any(self.facts.active(s, n.Var(name)) for name in sorted(captured))

    def _spread(self, e: n.List | n.Tuple, infer: Infer) -> n.Expr | None:
        """`[a, *xs, b]` as `[a] + xs + [b]`."""
        parts: list[n.Expr] = []
        for item in e.items:
            if not isinstance(item, n.Starred):
                if parts and isinstance(parts[-1], n.List):
                    parts[-1] = replace(parts[-1], items=(*parts[-1].items, item))
                else:
                    parts.append(n.List((item,), span=e.span))
                continue
            over = item.value
            if isinstance(over, n.OpaqueExpr) and over.inner is not None:
                listed = over.inner.listed or over
                parts.append(listed if len(e.items) == 1 else self.assigned("values", listed))
            elif isinstance(infer(over), ListOf):
                parts.append(self.named(over, "values"))
            elif isinstance(infer(over), Array | IteratorOf):
                parts.append(self._collected(over, "values"))
            else:
                return None
        out = parts[0]
        for part in parts[1:]:
            out = n.Op("add", (out, part), span=e.span)
        if isinstance(out, n.Var):
            out = n.Call(n.Ref("list", list, list), (out,), span=e.span)
        return out

    # --- sequences ------------------------------------------------------------------------------

    def _sequence(self, e: n.Expr, infer: Infer, wish: str = "values") -> n.Var | None:
        """A name for a list, or a vector, of what an iterable gives."""
        kind = infer(e)
        if isinstance(kind, ListOf) or (isinstance(kind, Array) and kind.ndim == 1):
            return self.named(e, wish)
        if isinstance(e, n.OpaqueExpr) and e.inner is not None and e.inner.listed is not None:
            return self.assigned(wish, e.inner.listed)
        if isinstance(kind, IteratorOf):
            return self._collected(e, wish)
        if isinstance(kind, TupleOf):
            items = e.items if isinstance(e, n.Tuple) else _items(e, kind)
            return self.assigned(wish, n.List(items, span=e.span))
        return None

    def _collected(self, e: n.Expr, wish: str) -> n.Var:
        out = self.assigned(wish, n.List((), span=e.span))
        item = n.Var(self.names.fresh("item"))
        add = replace(append(out, item), span=e.span)
        self.before.append(n.For(item, e, (add,), span=e.span))
        return out

    def listed(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`list(...)`, and `x.tolist()`."""
        if isinstance(e.callee, n.Field):
            arg = e.callee.base
            kind = infer(arg)
            if not isinstance(kind, Array) or kind.ndim != 1:
                return None
        elif len(e.args) != 1:
            return None
        else:
            arg = e.args[0]
            kind = infer(arg)
        if isinstance(arg, n.OpaqueExpr) and arg.inner is not None:
            return arg.inner.listed
        if isinstance(kind, TupleOf):
            items = arg.items if isinstance(arg, n.Tuple) else _items(arg, kind)
            return n.List(items, span=e.span)
        if isinstance(kind, IteratorOf | Array):
            return self._collected(arg, "values")
        return None

    def as_tuple(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`tuple(...)`: of how many items it is, is known only at run time; as a list."""
        if len(e.args) != 1:
            return None
        kind = infer(e.args[0])
        if isinstance(kind, TupleOf):
            return e.args[0]
        if isinstance(kind, ListOf):
            return n.Call(n.Ref("list", list, list), e.args, span=e.span)
        return self.listed(e, infer)

    # --- extrema and order ----------------------------------------------------------------------

    def extremum(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`max(xs, key=f, default=d)`: the item at the place of the first extremum."""
        keywords = dict(e.keywords)
        key = keywords.pop("key", None)
        default = keywords.pop("default", None)
        if keywords or (len(e.args) > 1 and key is None):
            return None
        if key == n.Const(None):
            key = None
        over: n.Expr = e.args[0] if len(e.args) == 1 else n.List(e.args, span=e.span)
        if isinstance(infer(over), TupleOf) and key is None and default is None:
            return None
        xs = self._sequence(over, infer)
        if xs is None:
            return None
        keys = xs if key is None else self._keys(xs, key)
        assert isinstance(e.callee, n.Ref)
        where = "argmax" if e.callee.value is max else "argmin"
        best: n.Expr = n.Index(xs, np_call(where, keys), span=e.span)
        if default is None:
            return best
        out = self.assigned("best", default)
        self.before.append(n.If(_filled(xs), (n.Assign(out, best, span=e.span),), span=e.span))
        return out

    def _keys(self, xs: n.Var, key: n.Expr) -> n.Var:
        """The list of the keys by which items are ordered."""
        function = self.named(key, "key") if not isinstance(key, n.Ref) else key
        out = self.assigned("keys", n.List(()))
        item = n.Var(self.names.fresh("item"))
        add = append(out, n.Call(function, (item,), span=key.span))
        self.before.append(n.For(item, xs, (replace(add, span=key.span),), span=key.span))
        return out

    def in_order(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`sorted(xs, key=f)`: the items in the order of their keys, equal ones as they were."""
        keywords = dict(e.keywords)
        key = keywords.pop("key", None)
        reverse = keywords.pop("reverse", n.Const(False))
        if keywords or len(e.args) != 1 or not isinstance(reverse, n.Const):
            return None
        kind = infer(e.args[0])
        plain = key is None or key == n.Const(None)
        if plain and not isinstance(e.args[0], n.OpaqueExpr) and not isinstance(kind, IteratorOf):
            return None
        xs = self._sequence(e.args[0], infer)
        if xs is None:
            return None
        if plain:
            return replace(e, args=(xs,))
        assert key is not None
        keys: n.Expr = np_call("array", self._keys(xs, key))
        if reverse.value:
            keys = n.Op("neg", (keys,))
        order = self.assigned("order", np_call("argsort", keys, kind=n.Const("stable")))
        out = self.assigned("in_order", n.List((), span=e.span))
        place = n.Var(self.names.fresh("place"))
        add = replace(append(out, n.Index(xs, place)), span=e.span)
        self.before.append(n.For(place, order, (add,), span=e.span))
        return out

    # --- sums and products ----------------------------------------------------------------------

    def summed(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`sum(xs, start)`, and sums of what only can be iterated."""
        keywords = dict(e.keywords)
        start = e.args[1] if len(e.args) == 2 else keywords.get("start")
        kind = infer(e.args[0]) if e.args else None
        if isinstance(kind, TupleOf):
            return None
        if start is None and isinstance(kind, ListOf):
            placed = isinstance(e.args[0], n.Var | n.List | n.OpaqueExpr)
            return None if placed else replace(e, args=(self.named(e.args[0], "values"),))
        if start is None:
            wants = isinstance(kind, IteratorOf) and not isinstance(e.args[0], n.OpaqueExpr)
            xs = self._sequence(e.args[0], infer) if wants else None
            return None if xs is None else replace(e, args=(xs,))
        if isinstance(e.args[0], n.OpaqueExpr) and isinstance(kind, IteratorOf):
            if is_number(kind.item):
                return None
        xs = self._sequence(e.args[0], infer)
        if xs is None:
            return None
        return self._folded("total", start, xs, lambda a, b: n.Op("add", (a, b)))

    def multiplied(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`math.prod(xs, start=1)`."""
        start = dict(e.keywords).get("start", n.Const(1))
        kind = infer(e.args[0])
        over = e.args[0]
        if isinstance(kind, TupleOf):
            over = n.List(over.items if isinstance(over, n.Tuple) else _items(over, kind))
        xs = self._sequence(over, infer)
        if xs is None:
            return None
        if start == n.Const(1):
            start = n.Const(1.0)
        return self._folded("product", start, xs, lambda a, b: n.Op("mul", (a, b)))

    def exactly_summed(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`math.fsum` of a list."""
        kind = infer(e.args[0])
        if isinstance(kind, ListOf) and isinstance(e.args[0], n.Var):
            return None
        if isinstance(kind, Array):
            xs: n.Var | None = self._collected(e.args[0], "values")
        else:
            xs = self._sequence(e.args[0], infer)
        return None if xs is None else replace(e, args=(xs,))

    def reduced(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`functools.reduce(f, xs, start)`."""
        if e.keywords or len(e.args) not in (2, 3):
            return None
        step = self._step(e.args[0], infer)
        xs = self._sequence(e.args[1], infer)
        if step is None or xs is None:
            return None
        if len(e.args) == 3:
            return self._folded("result", e.args[2], xs, step)
        rest = n.Index(xs, n.Slice(n.Const(1)))
        return self._folded("result", n.Index(xs, n.Const(0)), rest, step)

    def accumulated(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`itertools.accumulate(xs, f, initial=a)`: a list of what it gives."""
        given = dict(zip(("iterable", "func"), e.args, strict=False)) | dict(e.keywords)
        function = given.get("func", n.Ref("operator.add", operator.add, operator))
        if function == n.Const(None):
            function = n.Ref("operator.add", operator.add, operator)
        step = self._step(function, infer)
        xs = self._sequence(given["iterable"], infer)
        if step is None or xs is None or len(e.args) > 2:
            return None
        initial = given.get("initial", n.Const(None))
        first: n.Expr = initial
        over: n.Expr = xs
        if initial == n.Const(None):
            first, over = n.Index(xs, n.Const(0)), n.Index(xs, n.Slice(n.Const(1)))
        out = n.Var(self.names.fresh("values"))
        self._folded("result", first, over, step, out)
        return out

    def chained(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`itertools.chain(a, b)`: a list of the items of all."""
        if e.keywords:
            return None
        out = self.assigned("values", n.List((), span=e.span))
        for arg in e.args:
            item = n.Var(self.names.fresh("item"))
            add = replace(append(out, item), span=e.span)
            self.before.append(n.For(item, arg, (add,), span=e.span))
        return out

    def from_iterator(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`np.fromiter(values, float)`."""
        given = dict(zip(("iter", "dtype", "count"), e.args, strict=False)) | dict(e.keywords)
        if not given.keys() <= {"iter", "dtype", "count"}:
            return None
        dtype = given.get("dtype")
        if not isinstance(dtype, n.Ref) or dtype.value not in (float, np.float64):
            return None
        over = given["iter"]
        if isinstance(over, n.OpaqueExpr) and over.inner is not None:
            if over.inner.listed is not None and "count" not in given:
                return n.Call(np_call("array").callee, (over.inner.listed,), span=e.span)
        xs = self._sequence(over, infer)
        if xs is None:
            return None
        array: n.Expr = n.Call(np_call("array").callee, (xs,), span=e.span)
        if "count" in given and given["count"] != n.Const(-1):
            array = n.Index(array, n.Slice(None, given["count"]))
        return array

    def joined(self, e: n.Call, infer: Infer) -> n.Expr | None:
        """`np.concatenate(xs)` of a list of arrays, whose sizes may differ."""
        kind = infer(e.args[0]) if e.args else None
        axis = dict(e.keywords).get("axis", n.Const(0)) if len(e.args) == 1 else e.args[1]
        if isinstance(e.args[0], n.List | n.Tuple) or not isinstance(kind, ListOf):
            if not (isinstance(e.args[0], n.OpaqueExpr) and isinstance(kind, ListOf)):
                return None
        item = kind.item
        if not isinstance(item, Array) or not 1 <= item.ndim <= 2 or axis != n.Const(0):
            return None
        assert isinstance(e.callee, n.Ref)
        if e.callee.value is np.hstack and item.ndim != 1:
            return None
        if e.callee.value is np.vstack and item.ndim != 2:
            return None
        xs = self.named(e.args[0], "parts")
        count = self.assigned("size", n.Const(0))
        part = n.Var(self.names.fresh("part"))
        size = n.Call(n.Ref("len", len, len), (part,))
        self.before.append(n.For(part, xs, (n.Update(count, "add", size),), span=e.span))
        shape: n.Expr = count
        if item.ndim == 2:
            width = n.Index(n.Field(n.Index(xs, n.Const(0)), "shape"), n.Const(1))
            shape = n.Tuple((count, width))
        keywords = {}
        if item.dtype != np.float64:
            keywords["dtype"] = n.Ref(f"np.{item.dtype.name}", item.dtype.type, np)
        out = self.assigned("joined", np_call("zeros", shape, **keywords))
        start = self.assigned("start", n.Const(0))
        stop = n.Op("add", (start, size))
        store = n.Assign(n.Index(out, n.Slice(start, stop)), part, span=e.span)
        move = n.Update(start, "add", size)
        self.before.append(n.For(part, xs, (store, move), span=e.span))
        return out

    def _step(self, function: n.Expr, infer: Infer) -> Callable[[n.Expr, n.Expr], n.Expr] | None:
        """What a function of two values makes of them."""
        if isinstance(function, n.Ref):
            try:
                op = _OPERATORS.get(function.value)
            except TypeError:
                op = None
            if op is not None:
                return lambda a, b: n.Op(op, (a, b), span=function.span)
            return lambda a, b: n.Call(function, (a, b), span=function.span)
        if not is_functional(infer(function)):
            return None
        named = self.named(function, "step")
        return lambda a, b: n.Call(named, (a, b), span=function.span)

    def _folded(
        self,
        wish: str,
        start: n.Expr,
        over: n.Expr,
        step: Callable[[n.Expr, n.Expr], n.Expr],
        values: n.Var | None = None,
    ) -> n.Var:
        """A loop that takes one value after the other; `values` collects what it has each time."""
        out = self.assigned(wish, start)
        item = n.Var(self.names.fresh("item"))
        body: n.Block = (n.Assign(out, step(out, item), span=over.span),)
        if values is not None:
            self.before.append(n.Assign(values, n.List((out,)), span=over.span))
            body = (*body, append(values, out))
        self.before.append(n.For(item, over, body, span=over.span))
        return out


def _items(e: n.Expr, kind: TupleOf) -> tuple[n.Expr, ...]:
    return tuple(n.Index(e, n.Const(i), span=e.span) for i in range(len(kind.items)))


def _filled(xs: n.Expr) -> n.Expr:
    return n.Compare(("gt",), (n.Call(n.Ref("len", len, len), (xs,)), n.Const(0)))


_HANDLERS: dict[Any, Callable[[_Consumers, n.Call, Infer], n.Expr | None]] = {
    list: _Consumers.listed,
    tuple: _Consumers.as_tuple,
    max: _Consumers.extremum,
    min: _Consumers.extremum,
    sorted: _Consumers.in_order,
    sum: _Consumers.summed,
    math.prod: _Consumers.multiplied,
    math.fsum: _Consumers.exactly_summed,
    functools.reduce: _Consumers.reduced,
    itertools.accumulate: _Consumers.accumulated,
    itertools.chain: _Consumers.chained,
    np.fromiter: _Consumers.from_iterator,
    np.concatenate: _Consumers.joined,
    np.hstack: _Consumers.joined,
    np.vstack: _Consumers.joined,
}
