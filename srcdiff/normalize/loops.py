"""Loops in the form that can be run backwards.

- A loop variable that the body assigns gets a name of its own for the iteration.
- A range whose bounds the body changes is evaluated once, before the loop, under a name.
- A loop over an array that carries a derivative runs over its indices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.reads import value_reads
from srcdiff.ir.walk import blocks, bound_names, names_in, stored_names, target_names, with_blocks


def steady_loops(function: n.Function, names: Names) -> n.Function:
    """The function with loop variables and bounds that the bodies leave alone."""
    return replace(function, body=_map(function.body, lambda s: _steady(s, names)))


def index_loops(function: n.Function, names: Names, wanted: Callable[[n.For], bool]) -> n.Function:
    """The function with these loops over arrays as loops over indices."""

    def index(s: n.For) -> n.Block:
        return _indexed(s, names) if wanted(s) else (s,)

    return replace(function, body=_map(function.body, index))


def _map(block: n.Block, f: Callable[[n.For], n.Block]) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        # The loop itself first: facts are keyed by the statements as they were.
        if isinstance(s, n.For):
            *before, loop = f(s)
            out += before
            out.append(with_blocks(loop, tuple(_map(b, f) for b in blocks(loop))))
        else:
            out.append(with_blocks(s, tuple(_map(b, f) for b in blocks(s))))
    return tuple(out)


def _steady(s: n.For, names: Names) -> n.Block:
    before: n.Block = ()
    targets = frozenset(target_names(s.target))
    if not _only_names(s.target) or targets & bound_names(s.body):
        wish = s.target.name if isinstance(s.target, n.Var) else "item"
        item = n.Var(names.fresh(f"{wish}_item"))
        s = replace(s, target=item, body=(n.Assign(s.target, item, span=s.span), *s.body))
    # A variable that is written into is iterated over as it then is.
    rebound = names_in(s.iter) & (bound_names(s.body) | targets)
    if _changes(s.iter, s.body, targets) and (rebound or not isinstance(s.iter, n.Var)):
        name = n.Var(names.fresh(f"{target_names(s.target)[0]}_range"))
        before = (n.Assign(name, s.iter, span=s.span),)
        s = replace(s, iter=name)
    return (*before, s)


def _only_names(target: n.Expr) -> bool:
    """Whether a target is a name, or several that differ."""
    if isinstance(target, n.Tuple):
        names = target_names(target)
        return len(set(names)) == len(names) and all(map(_only_names, target.items))
    return isinstance(target, n.Var)


def _changes(e: n.Expr, body: n.Block, targets: frozenset[str]) -> bool:
    """Whether a loop body changes what an expression reads; a store into an array changes its
    values but not its length.
    """
    bound = bound_names(body) | targets
    return bool(names_in(e) & bound or value_reads(e) & stored_names(body))


def _indexed(s: n.For, names: Names) -> n.Block:
    """`for v in A: ...` as `for v_index in range(len(A)): v = A[v_index]; ...`."""
    before: n.Block = ()
    array = s.iter
    wish = s.target.name if isinstance(s.target, n.Var) else "item"
    if not isinstance(array, n.Var) or array.name in bound_names(s.body):
        array = n.Var(names.fresh(f"{wish}_array"))
        before = (n.Assign(array, s.iter, span=s.span),)
    index = n.Var(names.fresh(f"{wish}_index"))
    length = n.Call(n.Ref("len", len, len), (array,))
    trips = n.Call(n.Ref("range", range, range), (length,))
    item = n.Assign(s.target, n.Index(array, index, span=s.span), span=s.span)
    return (*before, n.For(index, trips, (item, *s.body), span=s.span))
