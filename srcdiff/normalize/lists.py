"""Lists in the form that the analyses know: appended to, popped from in a statement of its own.

y = 2.0 * xs.pop()          →   xs_last = xs.pop()
                                y = 2.0 * xs_last
xs += [a, b]                →   xs.append(a)
                                xs.append(b)
np.sum(xs)                  →   np.sum(np.array(xs))
xs, ys = [], []             →   xs = []; ys = []
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import UNKNOWN, Array, Kind, ListOf, is_number
from srcdiff.ir.lists import append, length, popped, popped_from
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_expressions,
    mutated_names,
    names_in,
    rebuild,
    statements,
    subexpressions,
    target_names,
    with_blocks,
)
from srcdiff.rules.registry import lookup

# The kind of an expression that a statement reads; None where the statement is not reached.
KindAt = Callable[[n.Stmt, n.Expr], "Kind | None"]


def plain_lists(function: n.Function, names: Names, kind_at: KindAt) -> n.Function:
    """The function with its lists changed by appends, pops and stores alone, where it can be."""
    if not any(mutated_names(s) or _has_display(s) for s in statements(function.body)):
        return function
    return replace(function, body=_Lists(function, names, kind_at).block(function.body))


def _has_display(s: n.Stmt) -> bool:
    return any(isinstance(x, n.List) for e in expressions(s) for x in subexpressions(e))


class _Lists:
    def __init__(self, function: n.Function, names: Names, kind_at: KindAt) -> None:
        self._names = names
        self._kind_at = kind_at
        self._shared = _shared(function)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
            for part in self._statement(new, s):
                out += self._with_pops(self._arrays(part, s), s)
        return tuple(out)

    def _is_list(self, s: n.Stmt, e: n.Expr) -> bool:
        return isinstance(self._kind_at(s, e), ListOf)

    # --- growing --------------------------------------------------------------------------------

    def _statement(self, s: n.Stmt, at: n.Stmt) -> n.Block:
        if isinstance(s, n.Assign) and isinstance(s.target, n.Tuple):
            return self._apart(s, s.target)
        found = self._extended(s, at)
        if found is None:
            return (s,)
        xs, more = found
        if isinstance(more, n.List):
            values = more.items
            if any(xs.name in names_in(value) for value in values[1:]):
                return (s,)
            return tuple(replace(append(xs, value), span=s.span) for value in values)
        if not isinstance(more, n.Var) or more == xs:
            return (s,)
        index = n.Var(self._names.fresh("k"))
        trips = n.Call(n.Ref("range", range, range), (length(more),))
        item = n.Index(more, index, span=s.span)
        return (n.For(index, trips, (replace(append(xs, item), span=s.span),), span=s.span),)

    def _extended(self, s: n.Stmt, at: n.Stmt) -> tuple[n.Var, n.Expr] | None:
        """The list that a statement makes longer, and by which list."""
        found: tuple[n.Expr, n.Expr] | None = None
        if isinstance(s, n.Update) and s.op == "add":
            found = s.target, s.value
        elif isinstance(s, n.Assign) and isinstance(s.value, n.Op) and s.value.op == "add":
            # `xs = xs + [a]` makes a new list, which makes no difference where it has one name.
            if s.target == s.value.args[0] and s.target not in self._shared:
                found = s.value.args[0], s.value.args[1]
        elif isinstance(s, n.Effect) and isinstance(s.value, n.Call):
            callee = s.value.callee
            if isinstance(callee, n.Field) and callee.name == "extend" and len(s.value.args) == 1:
                found = callee.base, s.value.args[0]
        if found is None or not isinstance(found[0], n.Var):
            return None
        return (found[0], found[1]) if all(self._is_list(at, e) for e in found) else None

    def _apart(self, s: n.Assign, target: n.Tuple) -> n.Block:
        """Several names bound to lists at once, where no value reads one of them."""
        value = s.value
        if not isinstance(value, n.Tuple) or len(value.items) != len(target.items):
            return (s,)
        if not any(isinstance(item, n.List) for item in value.items):
            return (s,)
        if names_in(value) & frozenset(target_names(target)):
            return (s,)
        pairs = zip(target.items, value.items, strict=True)
        return tuple(n.Assign(t, v, span=s.span) for t, v in pairs if isinstance(t, n.Var))

    # --- shrinking ------------------------------------------------------------------------------

    def _with_pops(self, s: n.Stmt, at: n.Stmt) -> n.Block:
        """The statement with what it pops popped before it."""
        if isinstance(s, n.While | n.For | n.Opaque) or popped(s) is not None:
            if not (isinstance(s, n.Assign) and not isinstance(s.target, n.Var)):
                return (s,)
        if isinstance(s, n.Effect):
            alone = popped_from(s.value)
            if alone is not None:
                last = n.Assign(self._last(alone), s.value, span=s.span)
                return (last,) if self._is_list(at, alone) else (s,)
        pops = [
            x
            for e in expressions(s)
            for x in subexpressions(e)
            if (found := popped_from(x)) is not None and self._is_list(at, found)
        ]
        if not pops or not self._only_popped(s, pops):
            return (s,)
        before: list[n.Stmt] = []

        def named(e: n.Expr) -> n.Expr:
            if any(e is x for x in pops):
                xs = popped_from(e)
                assert xs is not None
                before.append(n.Assign(self._last(xs), e, span=e.span or s.span))
                return before[-1].target  # type: ignore[attr-defined,no-any-return]
            return rebuild(e, named)

        s = map_expressions(s, named)
        return (*before, s)

    def _only_popped(self, s: n.Stmt, pops: list[n.Expr]) -> bool:
        """Whether the statement pops these in any case, and reads the lists in no other way."""
        lists = [xs.name for x in pops if (xs := popped_from(x)) is not None]
        every = [x for e in expressions(s) for x in subexpressions(e)]
        if any(isinstance(x, n.Choose | n.OpaqueExpr) for x in every):
            return False
        if any(isinstance(x, n.Op) and x.op in ("and", "or") for x in every):
            return False
        reads = [x.name for x in every if isinstance(x, n.Var) and x.name in lists]
        return len(reads) == len(pops)

    def _last(self, xs: n.Var) -> n.Var:
        return n.Var(self._names.fresh(f"{xs.name}_last"))

    # --- arrays of lists ------------------------------------------------------------------------

    def _arrays(self, s: n.Stmt, at: n.Stmt) -> n.Stmt:
        """Lists that NumPy makes arrays of, made arrays."""

        def visit(e: n.Expr) -> n.Expr:
            e = rebuild(e, visit)
            if not isinstance(e, n.Call) or not isinstance(e.callee, n.Ref) or not e.args:
                return e
            return self._array(e, e.callee.value, at)

        return map_expressions(s, visit) if self._kind_at(at, n.Const(0)) is not None else s

    def _array(self, e: n.Call, callee: object, at: n.Stmt) -> n.Expr:
        if callee in (np.array, np.asarray) or not isinstance(e.args[0], n.Var):
            return e
        if not self._is_list(at, e.args[0]):
            return e
        array = replace(np_call("array", e.args[0]), span=e.span)
        kind = self._kind_at(at, e.args[0])
        item = kind.item if isinstance(kind, ListOf) else UNKNOWN
        stacked = _stacked(e, array, item)
        if stacked is not None:
            return stacked
        if not _is_numpy(callee):
            return e
        new = n.Call(e.callee, (array, *e.args[1:]), e.keywords, span=e.span)
        known = self._kind_at(at, e) == UNKNOWN and self._kind_at(at, new) != UNKNOWN
        return new if known else e


def _stacked(e: n.Call, array: n.Expr, item: Kind) -> n.Expr | None:
    """`np.stack(xs, axis)` and its like as an array of the list."""
    assert isinstance(e.callee, n.Ref)
    callee = e.callee.value
    given = dict(zip(("arrays", "axis"), e.args, strict=False)) | dict(e.keywords)
    flat = is_number(item) or (isinstance(item, Array) and item.ndim <= 1)
    if callee is np.stack and given.keys() <= {"arrays", "axis"}:
        axis = given.get("axis", n.Const(0))
        if axis == n.Const(0):
            return array
        if axis in (n.Const(1), n.Const(-1)) and isinstance(item, Array) and item.ndim == 1:
            return n.Field(array, "T", span=e.span)
        if isinstance(axis, n.Const):
            moved = np_call("moveaxis", array, n.Const(0), axis)
            return replace(moved, span=e.span)
    if len(e.args) != 1 or e.keywords or not flat or not isinstance(item, Array):
        return None
    if callee is np.vstack:
        return array
    return n.Field(array, "T", span=e.span) if callee is np.column_stack else None


def _is_numpy(callee: object) -> bool:
    module = getattr(callee, "__module__", None) or ""
    is_ufunc = isinstance(callee, np.ufunc)
    return lookup(callee) is not None and (is_ufunc or module.startswith("numpy"))


def _shared(function: n.Function) -> frozenset[n.Expr]:
    """The variables that may be a list with another name: assigned as they are, put somewhere."""
    out: set[n.Expr] = {n.Var(name) for name in function.param_names}
    for s in statements(function.body):
        if not isinstance(s, n.Assign):
            continue
        if isinstance(s.value, n.Var | n.Choose | n.Tuple | n.List):
            out |= {n.Var(name) for name in names_in(s.value)}
        if not isinstance(s.value, n.List | n.Op):
            out |= {n.Var(name) for name in target_names(s.target)}
    return frozenset(out)
