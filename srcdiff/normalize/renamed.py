"""Lists that change their name, under one name from the beginning.

out = []                        ys = []
out.append(x)           →       ys.append(x)
ys = out
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import ListOf
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    map_block,
    names_in,
    statements,
    subexpressions,
    substitute,
    with_blocks,
)
from srcdiff.normalize.iteration import Iterated


def lists_renamed(function: n.Function, facts: Iterated, varied: frozenset[str]) -> n.Function:
    """The function with one such list renamed; itself where there is none.

    `varied` are the variables that carry a derivative anywhere.
    """
    every = list(statements(function.body))
    for at, s in enumerate(every):
        if not isinstance(s, n.Assign) or not facts.reached(s):
            continue
        if not isinstance(s.target, n.Var) or not isinstance(s.value, n.Var):
            continue
        old, new = s.value.name, s.target.name
        if old not in varied or old == new or {old, new} & set(function.param_names):
            continue
        if not isinstance(facts.infer(s)(s.value), ListOf):
            continue
        if any(new in _mentioned(x) for x in every[:at]):
            continue
        if any(old in _mentioned(x) for x in every[at + 1 :]):
            continue
        if new in bound_names(tuple(_bare(x) for x in every[at + 1 :])):
            continue
        if any(old in _kept(x) for x in every[:at]):
            continue
        renames = {old: s.target}
        rest = _without(function.body, s)
        return replace(function, body=map_block(rest, partial(_renamed, renames)))
    return function


def _renamed(names: Mapping[str, n.Expr], e: n.Expr) -> n.Expr:
    return substitute(e, names)


def _bare(s: n.Stmt) -> n.Stmt:
    return with_blocks(s, tuple(() for _ in blocks(s)))


def _mentioned(s: n.Stmt) -> frozenset[str]:
    found = frozenset().union(*map(names_in, expressions(s)))
    if isinstance(s, n.Opaque):
        found |= {*s.reads, *s.writes}
    return found


def _kept(s: n.Stmt) -> frozenset[str]:
    """The names in what is kept verbatim, which cannot be renamed."""
    out: set[str] = {*s.reads, *s.writes} if isinstance(s, n.Opaque) else set()
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.OpaqueExpr):
                out |= set(x.reads)
            elif isinstance(x, n.Closure):
                out |= set(x.code.captured)
    return frozenset(out)


def _without(block: n.Block, dropped: n.Stmt) -> n.Block:
    return tuple(
        with_blocks(s, tuple(_without(b, dropped) for b in blocks(s)))
        for s in block
        if s is not dropped
    )
