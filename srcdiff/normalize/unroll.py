"""Loops over tuples of functions, written out: which function is called is then known.

for act in (np.tanh, scaled):       →       x = np.tanh(x)
x = act(x)                              x = scaled(x)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.functional import is_functional
from srcdiff.ir.kinds import TupleOf
from srcdiff.ir.walk import blocks, bound_names, statements, with_blocks

# Longer loops are left alone: their text would be.
_MAX_TRIPS = 50


class Facts(Protocol):
    """Kinds before each statement."""

    def reached(self, s: n.Stmt) -> bool: ...

    def at(self, s: n.Stmt) -> Any: ...


def unrolled(function: n.Function, facts: Facts, names: Names) -> n.Function | None:
    """The function with its outermost loops over functions written out; None if it has none."""
    if not any(_count(s, facts) is not None for s in statements(function.body)):
        return None
    return replace(function, body=_block(function.body, facts, names))


def _block(block: n.Block, facts: Facts, names: Names) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        count = _count(s, facts)
        if count is None:
            out.append(with_blocks(s, tuple(_block(b, facts, names) for b in blocks(s))))
        else:
            assert isinstance(s, n.For)
            out += _trips(s, count, names)
    return tuple(out)


def _count(s: n.Stmt, facts: Facts) -> int | None:
    """The number of trips of a loop over functions."""
    if not isinstance(s, n.For) or not facts.reached(s) or _jumps(s.body):
        return None
    infer = facts.at(s)
    if isinstance(s.iter, n.List):
        items = tuple(map(infer, s.iter.items))
    else:
        kind = infer(s.iter)
        items = kind.items if isinstance(kind, TupleOf) else ()
    return len(items) if any(map(is_functional, items)) and len(items) <= _MAX_TRIPS else None


def _jumps(block: n.Block) -> bool:
    """Whether a loop's body has jumps of this loop."""
    return any(
        isinstance(s, n.Break | n.Continue)
        or (not isinstance(s, n.For | n.While) and any(map(_jumps, blocks(s))))
        for s in block
    )


def _trips(s: n.For, count: int, names: Names) -> list[n.Stmt]:
    out: list[n.Stmt] = []
    whole = s.iter
    if isinstance(whole, n.List):
        whole = n.Tuple(whole.items, span=whole.span)
    if not isinstance(whole, n.Var | n.Global) or whole.name in bound_names((s,)):
        name = n.Var(names.fresh("functions"), span=whole.span)
        out.append(n.Assign(name, whole, span=s.span))
        whole = name
    for i in range(count):
        item = n.Index(whole, n.Const(i), span=s.iter.span)
        out += [n.Assign(s.target, item, span=s.span), *_copied(s.body)]
    return out


def _copied(block: n.Block) -> n.Block:
    """The block in statements of its own, as facts are kept by statement."""
    return tuple(replace(with_blocks(s, tuple(map(_copied, blocks(s))))) for s in block)
