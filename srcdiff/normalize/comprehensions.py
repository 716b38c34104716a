"""Comprehensions over values that are differentiated, as loops.

y = sum(w * v * v for v in x)           y = 0
                                  →     for v in x:
                                            y += w * v * v

z = np.array([v**2 for v in x])         z = np.zeros(len(x))
                                  →     for i in range(len(x)):
                                            v = x[i]
                                            z[i] = v**2

All others build a list.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.build import sub
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind, ListOf, Number, Scalar, is_float, is_number
from srcdiff.ir.lists import append, appended
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_block,
    map_expressions,
    names_in,
    rebuild,
    statements,
    subexpressions,
    substitute,
    target_names,
    with_blocks,
)
from srcdiff.normalize.iteration import MAX_TRIPS
from srcdiff.normalize.sources import Finder, least
from srcdiff.rules.registry import lookup


@dataclass(frozen=True)
class Comprehended:
    """What is known of a function's statements.

    Attributes:
        reached: whether control reaches a statement.
        infer: the kinds before a statement.
        active: whether an expression that a statement reads carries a derivative.
        only_reads: whether evaluating the expressions of a statement changes nothing.
        element: the kind of a comprehension's elements, where a statement reads it.
        mentioned: the names that the function mentions outside of comprehensions.
        rewritten: code that is kept, with other names in it.
    """

    reached: Callable[[n.Stmt], bool]
    infer: Callable[[n.Stmt], Callable[[n.Expr], Kind]]
    active: Callable[[n.Stmt, n.Expr], bool]
    only_reads: Callable[[n.Stmt], bool]
    element: Callable[[n.Stmt, n.Comprehension], Kind]
    mentioned: frozenset[str]
    rewritten: Callable[[n.OpaqueExpr, Mapping[str, n.Expr]], n.OpaqueExpr]


def comprehensions_to_loops(function: n.Function, names: Names, facts: Comprehended) -> n.Function:
    """The function with such comprehensions as loops; itself where there are none."""
    body = _Loops(names, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


def inner(e: n.Expr) -> n.Comprehension | None:
    """What a comprehension consists of; None for any other expression."""
    return e.inner if isinstance(e, n.OpaqueExpr) else None


def concerns(s: n.Stmt) -> bool:
    """Whether a statement has a comprehension."""
    return any(inner(x) is not None for e in expressions(s) for x in subexpressions(e))


_STATEMENTS = n.Assign | n.Update | n.Return | n.Effect | n.If | n.For | n.Assert


@dataclass(frozen=True)
class _Axis:
    """The loop that fills an array along one axis.

    Attributes:
        clause: of the comprehension.
        loop: what begins its body assigns the clause's target.
        index: where its trip stores.
        size: how many trips there are.
        before: what is evaluated once.
    """

    clause: n.Clause
    loop: n.For
    index: n.Expr
    size: n.Expr
    before: n.Block = ()


@dataclass
class _Loops:
    names: Names
    facts: Comprehended
    before: list[n.Stmt] = field(default_factory=list)
    changed: bool = False
    # The variables made for the statement at hand.
    made: set[n.Var] = field(default_factory=set)
    _fresh: dict[int, dict[str, n.Var]] = field(default_factory=dict)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = s
            self.before, self.changed, self.made = [], False, set()
            if self.facts.reached(s) and isinstance(s, _STATEMENTS) and self._may_move(s):
                wish = next(iter(target_names(s.target)), "") if isinstance(s, n.Assign) else ""
                found = map_expressions(s, functools.partial(self._expr, s, wish))
                new = found if self.before or self.changed else s
            if isinstance(new, n.Assign) and new.value in self.made and self._names_it(new):
                # What is made has the name that it is to be assigned to.
                renames = {new.value.name: new.target}
                out += map_block(tuple(self.before), functools.partial(_renamed, renames))
                continue
            if isinstance(new, n.Assign) and isinstance(new.value, n.List):
                new = _unpacked(new, new.value)
            out += self.before
            out.append(with_blocks(new, tuple(self.block(b) for b in blocks(new))))
        return block if tuple(out) == block else tuple(out)

    def _may_move(self, s: n.Stmt) -> bool:
        """Whether a statement has comprehensions, and what it does leaves these as they are when
        they are evaluated first.
        """
        return concerns(s) and (appended(s) is not None or self.facts.only_reads(s))

    def _names_it(self, s: n.Assign) -> bool:
        """Whether the variable that is assigned is free to be used before."""
        if not isinstance(s.target, n.Var):
            return False
        names = {
            name
            for x in statements(tuple(self.before))
            for e in expressions(x)
            for name in names_in(e)
        }
        return s.target.name not in names

    def _expr(self, s: n.Stmt, wish: str, e: n.Expr) -> n.Expr:
        made = self._made(e, s, wish)
        if made is not None:
            return made
        if isinstance(e, n.Choose):
            return n.Choose(self._expr(s, wish, e.test), e.a, e.b, span=e.span)
        if isinstance(e, n.Op) and e.op in ("and", "or"):
            return replace(e, args=(self._expr(s, wish, e.args[0]), *e.args[1:]))
        return rebuild(e, lambda child: self._expr(s, wish, child))

    def _made(self, e: n.Expr, s: n.Stmt, wish: str) -> n.Expr | None:
        """What stands for a comprehension, or for a sum or an array of one."""
        whole = inner(e)
        if whole is not None and _is_list(e) and self._is_wanted(e, s, whole):
            return self._listed(whole, s, wish)
        if not isinstance(e, n.Call) or not isinstance(e.callee, n.Ref) or not e.args:
            return None
        whole = inner(e.args[0])
        if whole is None or not self._is_wanted(e.args[0], s, whole):
            return None
        if e.callee.value is sum and len(e.args) <= 2 and not e.keywords:
            start = e.args[1] if len(e.args) > 1 else n.Const(0)
            total = self._sum(whole, start, s, wish)
            if total is not None or len(e.args) > 1:
                return total
            # As a list, whose sum is left to Python.
            return replace(e, args=(self._listed(whole, s, wish),))
        if _is(e.callee, max, min) and len(e.args) == 1 and not e.keywords:
            items = self._items(whole, s)
            return None if items is None or len(items) < 2 else n.Call(e.callee, items, span=e.span)
        if not _is_list(e.args[0]) or lookup(e.callee.value) is None or e.callee.root is not np:
            return None
        # NumPy makes an array of a list by itself.
        values = self._array(whole, s, wish)
        if values is None or (_is(e.callee, np.array, np.asarray) and len(e.args) == 1):
            return values
        return replace(e, args=(values, *(self._expr(s, wish, arg) for arg in e.args[1:])))

    def _is_wanted(self, e: n.Expr, s: n.Stmt, whole: n.Comprehension) -> bool:
        """Whether it carries a derivative, and its names are free to be names of loops."""
        if not self.facts.active(s, e):
            return False
        bound = {name for clause in whole.clauses for name in target_names(clause.target)}
        if not bound & self.facts.mentioned:
            return True
        parts = (whole.element, *(p for c in whole.clauses for p in (c.iter, *c.tests)))
        made = (x for part in parts for x in subexpressions(part) if isinstance(x, n.Closure))
        return not any(bound & set(x.code.captured) for x in made)

    # --- consumers ------------------------------------------------------------------------------

    def _items(self, whole: n.Comprehension, s: n.Stmt) -> tuple[n.Expr, ...] | None:
        """The elements one by one, where they are few: those of a tuple written out."""
        clause = whole.clauses[0]
        if len(whole.clauses) > 1 or clause.tests or inner(whole.element) is not None:
            return None
        over = clause.iter
        if not isinstance(over, n.Tuple | n.List) or len(over.items) > MAX_TRIPS:
            return None
        out = []
        for item in over.items:
            values = _matched(clause.target, item)
            if values is None or not all(isinstance(v, n.Var | n.Const) for v in values.values()):
                return None
            out.append(substitute(whole.element, values))
        self.changed = True
        return tuple(out)

    def _listed(self, whole: n.Comprehension, s: n.Stmt, wish: str) -> n.Expr:
        items = self._items(whole, s)
        return self._list(whole, wish) if items is None else n.List(items, span=whole.element.span)

    def _sum(self, whole: n.Comprehension, start: n.Expr, s: n.Stmt, wish: str) -> n.Expr | None:
        kind, items = self.facts.element(s, whole), self._items(whole, s)
        if items is not None and (start != n.Const(0) or not _is_compensated(kind)):
            for item in items:
                start = n.Op("add", (start, item), span=item.span)
            return start
        if not is_number(kind) or (start == n.Const(0) and _is_compensated(kind)):
            return None
        total = n.Var(self.names.fresh(f"{wish}_sum" if wish else "total"))
        add = n.Update(total, "add", whole.element, span=whole.element.span)
        self.before += [n.Assign(total, start), *self._clauses(whole, (add,))]
        self.made.add(total)
        return total

    def _list(self, whole: n.Comprehension, wish: str) -> n.Expr:
        values = n.Var(self.names.fresh(f"{wish}_values" if wish else "values"))
        add = replace(append(values, whole.element), span=whole.element.span)
        self.before += [n.Assign(values, n.List(())), *self._clauses(whole, (add,))]
        self.made.add(values)
        return values

    def _array(self, whole: n.Comprehension, s: n.Stmt, wish: str) -> n.Expr | None:
        """An array of numbers, of which it is known before how many there are."""
        kind = self.facts.element(s, whole)
        axes = [self._axis(whole, s, frozenset())]
        element = self._renamed(whole).element
        nested = inner(element)
        if nested is not None and isinstance(kind, ListOf) and axes[0] is not None:
            outer = frozenset(target_names(axes[0].clause.target))
            axes.append(self._axis(nested, s, outer))
            kind, element = kind.item, self._renamed(nested).element
        known = [axis for axis in axes if axis is not None]
        if len(known) < len(axes) or not is_number(kind) or not is_float(kind):
            return None
        values = n.Var(self.names.fresh(f"{wish}_values" if wish else "values"))
        sizes, indices = (tuple(getattr(x, what) for x in known) for what in ("size", "index"))
        fill = np_call("zeros", sizes[0] if len(sizes) == 1 else n.Tuple(sizes))
        if isinstance(kind, Scalar) and kind.dtype != np.float64:
            dtype = n.Ref(f"np.{kind.dtype.name}", kind.dtype.type, np)
            fill = replace(fill, keywords=(("dtype", dtype),))
        key = indices[0] if len(indices) == 1 else n.Tuple(indices)
        body: n.Block = (n.Assign(n.Index(values, key), element, span=element.span),)
        for axis in reversed(known):
            body = (replace(axis.loop, body=(*axis.loop.body, *body)),)
        before = [start for axis in known for start in axis.before]
        self.before += [*before, n.Assign(values, fill), *body]
        self.made.add(values)
        return values

    def _axis(self, whole: n.Comprehension, s: n.Stmt, outer: frozenset[str]) -> _Axis | None:
        """The loop over one axis; None where it is not known before how long that is."""
        if len(whole.clauses) > 1 or whole.clauses[0].tests or names_in_clause(whole) & outer:
            return None
        clause = self._renamed(whole).clauses[0]
        call, span = clause.iter, clause.iter.span
        ranged = isinstance(call, n.Call) and _is(call.callee, range)
        if isinstance(clause.target, n.Var) and isinstance(call, n.Call) and ranged:
            if len(call.args) > 2 or not all(isinstance(a, n.Var | n.Const) for a in call.args):
                return None
            start = call.args[0] if len(call.args) == 2 else n.Const(0)
            loop = n.For(clause.target, call, (), span=span)
            size: n.Expr = _call(len, call)
            if len(call.args) == 1 and isinstance(call.args[0], n.Const):
                size = n.Const(max(call.args[0].value, 0))
            return _Axis(clause, loop, sub(clause.target, start), size)
        bound = frozenset(target_names(clause.target))
        active = functools.partial(self.facts.active, s)
        finder = Finder(self.facts.infer(s), self.names, bound, frozenset(), active)
        source = finder.find(clause.iter, clause.target)
        if source is None or source.literal:
            return None
        length = least(source.lengths)
        size = length
        if not (isinstance(length, n.Call) and _is(length.callee, len)):
            size = _call(len, _call(range, length))
        index = self._index()
        first = n.Assign(clause.target, source.item(index), span=span)
        loop = n.For(index, _call(range, length), (first,), span=span)
        return _Axis(clause, loop, index, size, tuple(finder.before))

    def _index(self) -> n.Var:
        for wish in ("i", "j", "k"):
            name = self.names.fresh(wish)
            if name == wish:
                break
        return n.Var(name)

    # --- loops ----------------------------------------------------------------------------------

    def _clauses(self, whole: n.Comprehension, body: n.Block) -> n.Block:
        whole, renames = self._renamed(whole), self._renames(whole)
        body = tuple(map_expressions(s, lambda e: self._named(e, renames)) for s in body)
        for clause in reversed(whole.clauses):
            for test in reversed(clause.tests):
                body = (n.If(test, body, span=test.span),)
            body = (n.For(clause.target, clause.iter, body, span=clause.iter.span),)
        return body

    def _renames(self, whole: n.Comprehension) -> dict[str, n.Expr]:
        """New names for those that mean something else in the function."""
        bound = {name for clause in whole.clauses for name in target_names(clause.target)}
        clash = sorted(bound & self.facts.mentioned)
        self.names.reserve(bound)
        known = self._fresh.setdefault(id(whole), {})
        return {name: known.setdefault(name, n.Var(self.names.fresh(name))) for name in clash}

    def _renamed(self, whole: n.Comprehension) -> n.Comprehension:
        renames = self._renames(whole)
        if not renames:
            return whole
        clauses = []
        for i, c in enumerate(whole.clauses):
            # The first iterable is evaluated outside, where the names mean what they did.
            over = c.iter if i == 0 else self._named(c.iter, renames)
            target: Any = substitute(c.target, renames)
            tests = tuple(self._named(test, renames) for test in c.tests)
            clauses.append(n.Clause(target, over, tests))
        return n.Comprehension(self._named(whole.element, renames), tuple(clauses))

    def _named(self, e: n.Expr, names: Mapping[str, n.Expr]) -> n.Expr:
        """An expression with other names, also in what is kept verbatim in it."""
        if isinstance(e, n.Var):
            return names.get(e.name, e)
        if not isinstance(e, n.OpaqueExpr):
            return rebuild(e, lambda child: self._named(child, names))
        if not names.keys() & set(e.reads):
            return e
        new = self.facts.rewritten(e, names)
        if e.inner is None:
            return new
        inner = self._named_inside(e.inner, names)
        if e.inner.listed is not None:
            listed = self.facts.rewritten(e.inner.listed, names)
            inner = replace(inner, listed=replace(listed, inner=inner))
        return replace(new, inner=inner)

    def _named_inside(self, e: n.Comprehension, names: Mapping[str, n.Expr]) -> n.Comprehension:
        """The same in a comprehension, whose own names are renamed with the others."""
        clauses = []
        for c in e.clauses:
            target: Any = substitute(c.target, names)
            tests = tuple(self._named(test, names) for test in c.tests)
            clauses.append(n.Clause(target, self._named(c.iter, names), tests))
        return n.Comprehension(self._named(e.element, names), tuple(clauses))


def _unpacked(s: n.Assign, value: n.List) -> n.Assign:
    """`a, b = [x, y]` as `a, b = x, y`."""
    if not isinstance(s.target, n.Tuple) or len(s.target.items) != len(value.items):
        return s
    return replace(s, value=n.Tuple(value.items, span=value.span))


def _renamed(names: Mapping[str, n.Expr], e: n.Expr) -> n.Expr:
    return substitute(e, names)


def names_in_clause(whole: n.Comprehension) -> frozenset[str]:
    """The names that a comprehension iterates over."""
    return frozenset().union(*(names_in(clause.iter) for clause in whole.clauses))


def _is_compensated(kind: Kind) -> bool:
    """Whether Python sums numbers of this kind by more than adding one to the other."""
    return isinstance(kind, Number) and kind.type is float


def _matched(target: n.Expr, value: n.Expr) -> dict[str, n.Expr] | None:
    """The values of a target's names; None where it is not told which they are."""
    if isinstance(target, n.Var):
        return {target.name: value}
    if not isinstance(target, n.Tuple) or not isinstance(value, n.Tuple | n.List):
        return None
    if len(target.items) != len(value.items):
        return None
    out: dict[str, n.Expr] = {}
    for t, v in zip(target.items, value.items, strict=True):
        found = _matched(t, v)
        if found is None:
            return None
        out |= found
    return out


def _is_list(e: n.Expr) -> bool:
    """Whether a comprehension makes a list; a generator is used up by the first who reads it."""
    return isinstance(e, n.OpaqueExpr) and type(e.node).__name__ == "ListComp"


def _is(callee: n.Expr, *values: Any) -> bool:
    return isinstance(callee, n.Ref) and any(callee.value is value for value in values)


def _call(function: Any, *args: n.Expr) -> n.Call:
    return n.Call(n.Ref(function.__name__, function, function), args)
