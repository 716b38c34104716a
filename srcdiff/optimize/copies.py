"""Copies: trivial values of adjoints are put where they are read.

    dc = np.ones_like(c)            (dc is dead)
    if branch:                      if branch:
        db = dc              →          db = np.ones_like(b)
    else:                           else:
        db = 100 * dc                   db = np.full_like(b, 100.0)

An array filled with one number is moved to the array that is assigned, where both are known to
have one shape; so that `c` need not be computed for its shape alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.analysis.alias import Aliases, aliases
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.build import instantiate, number, put_in
from srcdiff.ir.fills import fill, filled
from srcdiff.ir.kinds import Array, Kind, same_dims
from srcdiff.ir.walk import (
    base_name,
    blocks,
    children,
    expressions,
    map_expressions,
    names_in,
    rebuild,
    statements,
    stored_names,
    subexpressions,
    with_blocks,
    written_names,
    written_names_of,
)
from srcdiff.rules.registry import lookup

Values = dict[str, n.Expr]


def propagate(
    function: n.Function,
    kinds: Kinds,
    names: Callable[[str], bool],
    primal_of: Callable[[str], str | None],
    sizes: frozenset[str],
) -> n.Function:
    """The function with copies propagated.

    Args:
        function: forward and reverse sweep.
        kinds: its kinds.
        names: whether a variable is an adjoint or a seed, whose copies may be propagated.
        primal_of: the primal variable of an adjoint.
        sizes: the names of sizes that mean the same throughout (the parameters').
    """
    run = _Propagate(kinds, names, primal_of, sizes, aliases(function, kinds))
    return replace(function, body=run.block(function.body, {}))


class _Propagate:
    def __init__(
        self,
        kinds: Kinds,
        names: Callable[[str], bool],
        primal_of: Callable[[str], str | None],
        sizes: frozenset[str],
        facts: Aliases,
    ) -> None:
        self._facts = facts
        self._kinds = kinds
        self._names = names
        self._primal_of = primal_of
        self._sizes = sizes

    def block(self, block: n.Block, values: Values) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if self._kinds.reached(s):
                s = self._statement(s, values)
            out.append(s)
        return tuple(out)

    def _statement(self, s: n.Stmt, values: Values) -> n.Stmt:
        infer = self._kinds.at(s)
        if blocks(s):
            return self._compound(s, values)
        changed = self._changed(s)
        if isinstance(s, n.Assign):
            s = self._assign(s, values, infer)
        elif isinstance(s, n.Update):
            value = self._read(s.value, values, infer)
            s = replace(s, value=_broadcast(s.target, value, infer))
        elif not isinstance(s, n.Save | n.Restore):
            s = map_expressions(s, lambda e: self._read(e, values, infer))
        _forget(values, written_names((s,)))
        _forget_copies(values, changed)
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and self._names(s.target.name):
            if self._trivial(s.value, s.target.name):
                values[s.target.name] = s.value
        return s

    def _assign(self, s: n.Assign, values: Values, infer: Inference) -> n.Assign:
        value = self._read(s.value, values, infer)
        target = s.target
        if isinstance(target, n.Var):
            value = self._retarget(target, value, infer)
        elif isinstance(target, n.Index):
            value = _broadcast(target, value, infer)
        return replace(s, target=target, value=value)

    def _compound(self, s: n.Stmt, values: Values) -> n.Stmt:
        infer = self._kinds.at(s)
        inner = frozenset().union(*(written_names(b) for b in blocks(s)))
        inside = [x for b in blocks(s) for x in statements(b) if self._kinds.reached(x)]
        changed = frozenset().union(*map(self._changed, inside))
        if isinstance(s, n.For):
            inner |= written_names((n.Assign(s.target, s.iter),))
        if isinstance(s, n.If):
            s = replace(s, test=self._read(s.test, values, infer))
        else:
            _forget(values, inner)
            _forget_copies(values, changed)
        s = with_blocks(s, tuple(self.block(b, dict(values)) for b in blocks(s)))
        _forget(values, inner)
        _forget_copies(values, changed)
        return s

    def _changed(self, s: n.Stmt) -> frozenset[str]:
        """The variables whose memory a statement may write into, by whatever name."""
        if not self._kinds.reached(s):
            return frozenset()
        names = set(stored_names((s,)))
        if isinstance(s, n.Update):
            names |= {x for x in (base_name(s.target),) if x is not None}
        for e in expressions(s) if isinstance(s, n.Effect | n.Assign) else ():
            for x in subexpressions(e):
                if isinstance(x, n.Call) and isinstance(x.callee, n.Ref) and not _has_rule(x):
                    names |= names_in(x)
        return frozenset(names).union(*(self._facts.of(name, s) for name in names))

    # --- reading --------------------------------------------------------------------------------

    def _read(self, e: n.Expr, values: Values, infer: Inference) -> n.Expr:
        """The expression with known values put in, where it gets no longer by it."""
        written = frozenset().union(*(written_names_of(x) for x in subexpressions(e)))
        names = (names_in(e) & values.keys()) - written
        for name in sorted(names):
            value = values[name]
            new = self._fold(put_in(e, {name: value}), infer)
            if filled(value) is None or not _holds_fill(new):
                e = new
        return e

    def _fold(self, e: n.Expr, infer: Inference) -> n.Expr:
        """Arithmetic with filled arrays done on their numbers."""
        e = rebuild(e, lambda child: self._fold(child, infer))
        if isinstance(e, n.Op) and e.op in ("mul", "div", "neg", "add", "sub"):
            fills = [filled(arg) for arg in e.args]
            like = next((f[0] for f in fills if f is not None), None)
            if like is not None:
                args = tuple(
                    f[1] if f is not None else a for f, a in zip(fills, e.args, strict=True)
                )
                whole = instantiate(
                    n.Op(e.op, tuple(n.Var(f"<{i}>") for i in range(len(args)))),
                    {f"<{i}>": a for i, a in enumerate(args)},
                )
                if all(number(a) is not None for a in args):
                    return fill(like, whole)
                if self._same_shape(infer(like), infer(whole)):
                    return whole
        return e

    def _same_shape(self, a: Kind, b: Kind) -> bool:
        return (
            isinstance(a, Array)
            and isinstance(b, Array)
            and a.dtype == b.dtype
            and same_dims(a.dims, b.dims)
            and all(isinstance(d, int) or d.name in self._sizes for d in a.dims)
        )

    def _retarget(self, target: n.Var, value: n.Expr, infer: Inference) -> n.Expr:
        """`np.ones_like(c)` for the adjoint of `b` becomes `np.ones_like(b)`."""
        found = filled(value)
        primal = self._primal_of(target.name)
        if found is None or primal is None or found[0] == n.Var(primal):
            return value
        if self._same_shape(infer(found[0]), infer(n.Var(primal))):
            return fill(n.Var(primal), found[1])
        return value

    def _trivial(self, value: n.Expr, own: str) -> bool:
        if isinstance(value, n.Var):
            return value.name != own and self._names(value.name)
        if isinstance(value, n.Const):
            return True
        found = filled(value)
        return found is not None and isinstance(found[0], n.Var) and number(found[1]) is not None


def _broadcast(target: n.Expr, value: n.Expr, infer: Inference) -> n.Expr:
    """In a store or an update, broadcasting spreads a number as well as `full_like` does."""
    found = filled(value)
    if isinstance(target, n.Index) and not isinstance(infer(target.base), Array):
        return value
    if found is not None and isinstance(infer(target), Array):
        return found[1]
    return value


def _holds_fill(e: n.Expr) -> bool:
    """Whether a filled array is still read inside the expression (not: is all of it)."""
    return any(filled(x) is not None for c in children(e) for x in subexpressions(c))


def _has_rule(e: n.Call) -> bool:
    return isinstance(e.callee, n.Ref) and lookup(e.callee.value) is not None


def _forget_copies(values: Values, changed: frozenset[str]) -> None:
    """What is another's array is a copy of it only until either is written into."""
    for name, value in list(values.items()):
        if isinstance(value, n.Var) and {name, value.name} & changed:
            del values[name]


def _forget(values: Values, written: frozenset[str]) -> None:
    for name, value in list(values.items()):
        if name in written or names_in(value) & written:
            del values[name]
