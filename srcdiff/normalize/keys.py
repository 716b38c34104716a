"""Keys that read the array that is stored into, as names: the store changes what they read.

A[A < 0.0] = 0.0        →       A_key = A < 0.0
                                A[A_key] = 0.0
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.reads import value_reads
from srcdiff.ir.walk import base_name, blocks, rebuild, with_blocks


def steady_keys(function: n.Function, names: Names) -> n.Function:
    """The function with keys that its stores leave alone."""
    return replace(function, body=_block(function.body, names))


def _block(block: n.Block, names: Names) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, n.Assign | n.Update) and isinstance(s.target, n.Index):
            before: list[n.Stmt] = []
            target = _target(s.target, base_name(s.target), names, before)
            if before:
                named = {a.value: a.target for a in before if isinstance(a, n.Assign)}
                s = replace(s, target=target, value=_replaced(s.value, named))
            out += [*before, s]
        else:
            out.append(with_blocks(s, tuple(_block(b, names) for b in blocks(s))))
    return tuple(out)


def _replaced(e: n.Expr, named: dict[n.Expr, n.Target]) -> n.Expr:
    """The expression with what got a name by it."""
    return named[e] if e in named else rebuild(e, lambda child: _replaced(child, named))


def _target(e: n.Expr, name: str | None, names: Names, before: list[n.Stmt]) -> n.Index:
    """The place with such entries of its keys as names; `before` gets their assignments."""
    assert isinstance(e, n.Index)

    def entry(key: n.Expr) -> n.Expr:
        if name is None or name not in value_reads(key):
            return key
        if isinstance(key, n.Slice | n.Tuple):
            return rebuild(key, entry)
        fresh = n.Var(names.fresh(f"{name}_key"), span=key.span)
        before.append(n.Assign(fresh, key, span=key.span))
        return fresh

    base = _target(e.base, name, names, before) if isinstance(e.base, n.Index) else e.base
    return n.Index(base, entry(e.key), span=e.span)
