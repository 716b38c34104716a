"""Lists of lists of numbers, as arrays, where all rows are as long and nothing tells the two apart.

grid = [[0.0] * m for _ in range(k)]            grid = np.zeros((k, m))
grid[i][j] = x[i] * grid[i - 1][j]      →       grid[i][j] = x[i] * grid[i - 1][j]

Rows are read and stored item by item, iterated over, measured and summed. Whatever else is done
with a list (joined, repeated, compared, made longer) means something else for an array: such lists
stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import Kind, ListOf, is_float, is_number
from srcdiff.ir.walk import (
    blocks,
    children,
    expressions,
    names_in,
    statements,
    target_names,
    with_blocks,
)
from srcdiff.normalize.changes import shared_names
from srcdiff.normalize.iteration import Infer, Iterated
from srcdiff.rules.registry import lookup


def grids_to_arrays(function: n.Function, facts: Iterated, varied: frozenset[str]) -> n.Function:
    """The function with such lists as arrays; itself where there are none.

    `varied` are the variables that carry a derivative anywhere.
    """
    found = _candidates(function, facts, varied)
    while found:
        uses = _Uses(function, facts, found)
        uses.run()
        if not uses.bad & found:
            return replace(function, body=_Arrays(facts, found).block(function.body))
        found -= uses.bad
    return function


def _depth(kind: Kind) -> int:
    """How many lists lie in each other around numbers; 0 for anything else."""
    depth = 0
    while isinstance(kind, ListOf):
        depth, kind = depth + 1, kind.item
    return depth if is_number(kind) else 0


def _candidates(function: n.Function, facts: Iterated, varied: frozenset[str]) -> frozenset[str]:
    out: set[str] = set()
    bad = set(shared_names(function)) - _rows(function)
    for s in statements(function.body):
        if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var) or not facts.reached(s):
            continue
        name = s.target.name
        if name in varied and _depth(facts.infer(s)(s.value)) > 1:
            out.add(name)
            if _shape(s.value, facts.infer(s)) is None:
                bad.add(name)
    return frozenset(out) - bad


def _rows(function: n.Function) -> set[str]:
    """The variables that are bound by loops and to items, which may be rows."""
    return {
        name
        for s in statements(function.body)
        if isinstance(s, n.For)
        for name in target_names(s.target)
    }


def _shape(e: n.Expr, infer: Infer) -> tuple[n.Expr | None, ...] | None:
    """The lengths of lists in each other that an expression makes, those of one depth being equal;
    None for lengths that are not told, and where rows may differ in length or be one.
    """
    if isinstance(e, n.List) and e.items and not any(isinstance(x, n.Starred) for x in e.items):
        if _depth(infer(e)) == 1:
            return (n.Const(len(e.items)),)
        inner = [_shape(item, infer) for item in e.items]
        first = inner[0]
        if first is None or any(x != first or None in (x or (None,)) for x in inner):
            return None
        return (n.Const(len(e.items)), *first)
    if isinstance(e, n.Op) and e.op == "mul" and isinstance(e.args[0], n.List):
        row = e.args[0]
        if len(row.items) == 1 and not isinstance(row.items[0], n.List | n.Op | n.OpaqueExpr):
            return (e.args[1],)
        return None
    if isinstance(e, n.OpaqueExpr) and e.inner is not None:
        return _of_comprehension(e.inner, infer)
    return None


def _of_comprehension(e: n.Comprehension, infer: Infer) -> tuple[n.Expr | None, ...] | None:
    if len(e.clauses) != 1 or e.clauses[0].tests:
        return None
    clause = e.clauses[0]
    length: n.Expr | None = None
    over = clause.iter
    if isinstance(over, n.Call) and isinstance(over.callee, n.Ref) and over.callee.value is range:
        length = over.args[0] if len(over.args) == 1 else None
    elements = isinstance(e.element, n.List | n.OpaqueExpr) or (
        isinstance(e.element, n.Op) and isinstance(e.element.args[0], n.List)
    )
    if not elements:
        return (length,)
    bound = frozenset(target_names(clause.target))
    if bound & _size_names(e.element):
        return None
    inner = _shape(e.element, infer)
    return None if inner is None else (length, *inner)


def _size_names(e: n.Expr) -> frozenset[str]:
    """The variables that the lengths of what an expression makes depend on."""
    if isinstance(e, n.Op) and isinstance(e.args[0], n.List):
        return names_in(e.args[1])
    if isinstance(e, n.OpaqueExpr) and e.inner is not None:
        inner = e.inner
        out = frozenset().union(*(names_in(c.iter) for c in inner.clauses))
        return out | _size_names(inner.element)
    if isinstance(e, n.List):
        return frozenset().union(*map(_size_names, e.items))
    return frozenset()


# --- what is done with them ---------------------------------------------------------------------


@dataclass
class _Uses:
    function: n.Function
    facts: Iterated
    found: frozenset[str]
    bad: set[str] = field(default_factory=set)
    # The variables that stand for rows, and whose.
    rows: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Finds the lists that are used in a way that means something else for an array."""
        while True:
            count = len(self.rows)
            for s in statements(self.function.body):
                if self.facts.reached(s):
                    self._statement(s)
            if len(self.rows) == count:
                return

    def _owner(self, e: n.Expr) -> str | None:
        """The list that an expression is, or is a row of."""
        while isinstance(e, n.Index):
            e = e.base
        if not isinstance(e, n.Var):
            return None
        return e.name if e.name in self.found else self.rows.get(e.name)

    def _is_row(self, e: n.Expr, infer: Infer) -> bool:
        return self._owner(e) is not None and _depth(infer(e)) > 0

    def _name_rows(self, target: n.Expr, owner: str) -> None:
        for name in target_names(target):
            if self.rows.setdefault(name, owner) != owner:
                self.bad |= {owner, self.rows[name]}

    def _statement(self, s: n.Stmt) -> None:
        infer = self.facts.infer(s)
        if isinstance(s, n.Opaque):
            for name in (*s.reads, *s.writes):
                self._refuse(n.Var(name))
            return
        if isinstance(s, n.Assign):
            self._assign(s, infer)
            return
        if isinstance(s, n.For):
            self._iterated(s.target, s.iter, infer)
            return
        for e in expressions(s):
            self._visit(e, infer)

    def _assign(self, s: n.Assign, infer: Infer) -> None:
        if isinstance(s.target, n.Var) and s.target.name in self.found:
            if _shape(s.value, infer) is None:
                self.bad.add(s.target.name)
            self._inside(s.value, infer)
            return
        if isinstance(s.target, n.Var) and self._is_row(s.value, infer):
            owner = self._owner(s.value)
            if owner is not None and isinstance(s.value, n.Index):
                if isinstance(s.value.key, n.Slice):
                    self.bad.add(owner)
                self._name_rows(s.target, owner)
                self._visit(s.value.key, infer)
                return
        if isinstance(s.target, n.Index) and self._is_row(s.target, infer):
            # A whole row is replaced.
            owner = self._owner(s.target)
            if _shape(s.value, infer) is None or owner in self.rows.values():
                self._refuse(s.target)
        elif isinstance(s.target, n.Var) and s.target.name in self.rows:
            if not self._is_row(s.value, infer):
                self.bad.add(self.rows[s.target.name])
        self._place(s.target, infer)
        self._visit(s.value, infer)

    def _place(self, target: n.Expr, infer: Infer) -> None:
        if isinstance(target, n.Index):
            if isinstance(target.key, n.Slice):
                self._refuse(target)
            self._visit(target.key, infer)
            self._place(target.base, infer)
        elif isinstance(target, n.Tuple):
            for item in target.items:
                self._place(item, infer)
        elif isinstance(target, n.Var) and target.name in self.found:
            pass

    def _iterated(self, target: n.Expr, over: n.Expr, infer: Infer) -> None:
        owner = self._owner(over)
        if owner is not None and _depth(infer(over)) > 0:
            if _depth(infer(over)) > 1:
                self._name_rows(target, owner)
            self._keys(over, infer)
            return
        if isinstance(over, n.Call) and isinstance(over.callee, n.Ref):
            if over.callee.value in (enumerate, zip, reversed) and not over.keywords:
                self._parts(target, over, infer)
                return
        self._visit(over, infer)

    def _parts(self, target: n.Expr, over: n.Call, infer: Infer) -> None:
        assert isinstance(over.callee, n.Ref)
        targets: tuple[n.Expr, ...] = (target,)
        if over.callee.value is not reversed:
            count = 2 if over.callee.value is enumerate else len(over.args)
            whole = isinstance(target, n.Tuple) and len(target.items) == count
            if not whole:
                self._visit_all(over.args, infer)
                return
            assert isinstance(target, n.Tuple)
            targets = target.items[1:] if over.callee.value is enumerate else target.items
        for t, arg in zip(targets, over.args, strict=False):
            self._iterated(t, arg, infer)

    def _visit_all(self, es: tuple[n.Expr, ...], infer: Infer) -> None:
        for e in es:
            self._visit(e, infer)

    def _keys(self, e: n.Expr, infer: Infer) -> None:
        while isinstance(e, n.Index):
            if isinstance(e.key, n.Slice):
                self._refuse(e)
            self._visit(e.key, infer)
            e = e.base

    def _visit(self, e: n.Expr, infer: Infer) -> None:
        """Looks at what an expression does with lists; as a whole they are used by few."""
        if self._is_row(e, infer):
            self._refuse(e)
            return
        if isinstance(e, n.Index) and self._owner(e) is not None:
            self._keys(e, infer)
            return
        if isinstance(e, n.OpaqueExpr):
            self._inside(e, infer)
            return
        if isinstance(e, n.Closure):
            for name in e.code.captured:
                self._refuse(n.Var(name))
            return
        reads = isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and _only_reads(e.callee)
        for child in children(e):
            if reads and self._is_row(child, infer):
                self._keys(child, infer)
            else:
                self._visit(child, infer)

    def _inside(self, e: n.Expr, infer: Infer) -> None:
        """A comprehension, in which a list may be iterated over and read item by item."""
        if not isinstance(e, n.OpaqueExpr):
            self._visit_all(children(e), infer)
            return
        inner = e.inner
        if inner is None:
            for name in e.reads:
                self._refuse(n.Var(name))
            return
        # Only places that are complete can be told from others without the kinds in it.
        for name in e.reads:
            if name in self.found or name in self.rows:
                owner = self._owner(n.Var(name))
                assert owner is not None
                kind = infer(n.Var(name))
                if not _all_complete(inner, name, _depth(kind)):
                    self.bad.add(owner)

    def _refuse(self, e: n.Expr) -> None:
        owner = self._owner(e)
        if owner is not None:
            self.bad.add(owner)


def _only_reads(callee: n.Ref) -> bool:
    """Whether a function takes lists and arrays for the same."""
    if callee.value in (len, sum):
        return True
    try:
        return callee.root is np and lookup(callee.value) is not None
    except TypeError:
        return False


def _all_complete(e: n.Comprehension, name: str, depth: int) -> bool:
    """Whether a comprehension reads a list item by item, iterates over it, or measures it."""
    for clause in e.clauses:
        over = clause.iter
        while isinstance(over, n.Index):
            over = over.base
        if not (isinstance(over, n.Var) and over.name == name) and not _complete(
            clause.iter, name, depth
        ):
            return False
        rows = set(target_names(clause.target))
        if isinstance(clause.iter, n.Var) and clause.iter.name == name and depth > 1:
            parts = (e.element, *clause.tests)
            if not all(_complete(p, row, depth - 1) for p in parts for row in rows):
                return False
        if not all(_complete(test, name, depth) for test in clause.tests):
            return False
    return _complete(e.element, name, depth)


def _complete(e: n.Expr, name: str, depth: int) -> bool:
    """Whether an expression reads a list item by item, or measures or sums it."""
    if isinstance(e, n.Var):
        return e.name != name
    if isinstance(e, n.OpaqueExpr):
        if name not in e.reads:
            return True
        return e.inner is not None and _all_complete(e.inner, name, depth)
    if isinstance(e, n.Index):
        keys: list[n.Expr] = []
        base: n.Expr = e
        while isinstance(base, n.Index):
            keys.append(base.key)
            base = base.base
        if isinstance(base, n.Var) and base.name == name:
            plain = not any(isinstance(key, n.Slice) for key in keys)
            return plain and len(keys) == depth and all(_complete(k, name, depth) for k in keys)
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and _only_reads(e.callee):
        return all(_is_place(arg, name) or _complete(arg, name, depth) for arg in e.args)
    return all(_complete(child, name, depth) for child in children(e))


def _is_place(e: n.Expr, name: str) -> bool:
    while isinstance(e, n.Index) and not isinstance(e.key, n.Slice):
        e = e.base
    return isinstance(e, n.Var) and e.name == name


# --- as arrays ----------------------------------------------------------------------------------


@dataclass
class _Arrays:
    facts: Iterated
    found: frozenset[str]

    def block(self, block: n.Block) -> n.Block:
        return tuple(self._statement(s) for s in block)

    def _statement(self, s: n.Stmt) -> n.Stmt:
        s_new = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
        if not isinstance(s, n.Assign) or not self.facts.reached(s):
            return s_new
        infer = self.facts.infer(s)
        if isinstance(s.target, n.Var) and s.target.name in self.found:
            return replace(s, value=_array(s.value, infer))
        base: n.Expr = s.target
        while isinstance(base, n.Index):
            base = base.base
        if isinstance(base, n.Var) and base.name in self.found and _depth(infer(s.value)) > 0:
            return replace(s, value=_array(s.value, infer))
        return s_new


def _array(e: n.Expr, infer: Infer) -> n.Expr:
    """The array of what an expression makes as lists."""
    shape, leaf = _shape(e, infer), _leaf(e)
    assert shape is not None
    if isinstance(leaf, n.Const) and type(leaf.value) in (int, float) and None not in shape:
        sizes = tuple(x for x in shape if x is not None)
        dims = sizes[0] if len(sizes) == 1 else n.Tuple(sizes)
        if leaf.value == 0:
            return replace(np_call("zeros", dims), span=e.span)
        return replace(np_call("full", dims, n.Const(float(leaf.value))), span=e.span)
    kind = infer(e)
    while isinstance(kind, ListOf):
        kind = kind.item
    keywords = {} if is_float(kind) else {"dtype": n.Ref("float", float, float)}
    return replace(np_call("array", e, **keywords), span=e.span)


def _leaf(e: n.Expr) -> n.Expr | None:
    """The number that all items are, where they are made of one."""
    if isinstance(e, n.Op) and isinstance(e.args[0], n.List):
        return e.args[0].items[0]
    if isinstance(e, n.OpaqueExpr) and e.inner is not None:
        element = e.inner.element
        return _leaf(element) if not isinstance(element, n.Const) else element
    return None
