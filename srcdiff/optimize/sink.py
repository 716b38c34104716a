"""Shadows that only the reverse sweep uses are made there, where they are first used.

dA = np.zeros_like(A)       (forward sweep)
dr = dA[1]
...                                             ...
# reverse sweep                         →       # reverse sweep
dA += 2.0 * A                                   dA = 2.0 * A
d = dr[0]                                       dr = dA[1]
d = dr[0]
"""

from __future__ import annotations

import numpy as np

from srcdiff.analysis.alias import roots
from srcdiff.analysis.kinds import Kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, same_dims
from srcdiff.ir.reads import mentions
from srcdiff.ir.walk import bound_names, names_in, statements, target_names


def sink_shadows(
    forward: n.Block, reverse: n.Block, shadows: frozenset[str], kinds: Kinds
) -> tuple[n.Block, n.Block]:
    """Both sweeps, with shadows made where they are first used."""
    # What is asked of the primal's memory holds for zeros like it, not for any array of its shape.
    asked = any(isinstance(s, n.Assign) and isinstance(s.value, n.Choose) for s in forward)
    for s in reversed(forward):
        if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var):
            continue
        if s.target.name not in shadows:
            continue
        rest = forward[forward.index(s) + 1 :]
        if s.target.name in _used(rest) or names_in(s.value) & bound_names(rest):
            continue
        moved = _moved(s, s.target.name, reverse, kinds, asked)
        if moved is not None:
            forward = tuple(x for x in forward if x is not s)
            reverse = moved
    return forward, reverse


def _used(block: n.Block) -> frozenset[str]:
    out = frozenset[str]()
    for s in statements(block):
        out |= mentions(s)
        if isinstance(s, n.Assign):
            out |= frozenset(target_names(s.target))
    return out


def _moved(s: n.Assign, name: str, reverse: n.Block, kinds: Kinds, asked: bool) -> n.Block | None:
    """The reverse sweep with the shadow made before it is first used."""
    for i, x in enumerate(reverse):
        if name in _used((x,)):
            both = (s, x) if asked else _first(s, x, name, kinds)
            return (*reverse[:i], *both, *reverse[i + 1 :])
        in_place = isinstance(x, n.Update) and isinstance(x.target, n.Var)
        if names_in(s.value) & bound_names((x,)) and not (in_place and _is_view(s, kinds)):
            return None
    return None


def _first(s: n.Assign, x: n.Stmt, name: str, kinds: Kinds) -> tuple[n.Stmt, ...]:
    """The shadow and its first use, in one where that adds an array of the same shape to zeros."""
    if isinstance(x, n.Update) and x.target == n.Var(name) and x.op == "add" and kinds.reached(x):
        infer = kinds.at(x)
        old, new = infer(x.target), infer(x.value)
        if _is_zeros(s.value) and isinstance(old, Array) and isinstance(new, Array):
            alike = old.dtype == new.dtype and same_dims(old.dims, new.dims)
            if alike and name not in names_in(x.value) and not roots(x.value, infer):
                return (n.Assign(n.Var(name), x.value, span=x.span, note=x.note),)
    return s, x


def _is_view(s: n.Assign, kinds: Kinds) -> bool:
    """Whether a shadow is a view of another, whose later updates it shares."""
    return kinds.reached(s) and bool(roots(s.value, kinds.at(s)))


def _is_zeros(e: n.Expr) -> bool:
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is np.zeros_like
