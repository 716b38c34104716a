"""Accumulation: `+=` becomes `=` where an adjoint is still zero, and zeros are written only where
some path needs them.

    (dx, dy are zero)               if c:
    if c:                               dx = 2.0 * d
        dx += 2.0 * d        →          dy = 0.0
    else:                           else:
        dy += d                         dx = 0.0
                                        dy = d

What is written here and never read is left to the dead-code pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import (
    base_name,
    blocks,
    expressions,
    names_in,
    target_names,
)

# For each adjoint, what a block makes of it: (state if it was zero, state if it was not); True
# means "zero". Adjoints that the block does not touch are left out.
Effect = tuple[bool, bool]
Effects = dict[str, Effect]
_SAME: Effect = (True, False)

# A zero for an adjoint, as an expression.
Zero = Callable[[str], n.Expr]


@dataclass
class _Accumulate:
    adjoints: frozenset[str]
    zero: Zero
    is_zero: Callable[[n.Expr], bool]

    def __post_init__(self) -> None:
        self._effects: dict[int, tuple[n.Block, Effects]] = {}
        # Adjoints that are given a zero because only the other branch gave them a value.
        self.merged: set[str] = set()

    # --- what a block does, independent of where it starts --------------------------------------

    def effects(self, block: n.Block) -> Effects:
        known = self._effects.get(id(block))
        if known is None:
            out: Effects = {}
            for s in block:
                for name, (z, o) in self._effect(s).items():
                    before = out.get(name, _SAME)
                    out[name] = (z if before[0] else o, z if before[1] else o)
            known = self._effects[id(block)] = (block, out)
        return known[1]

    def _effect(self, s: n.Stmt) -> Effects:
        match s:
            case n.If():
                a, b = self.effects(s.body), self.effects(s.orelse)
                out = {}
                for name in a.keys() | b.keys():
                    x, y = a.get(name, _SAME), b.get(name, _SAME)
                    out[name] = (x[0] and y[0], x[1] and y[1])
                return out
            case n.For() | n.While():
                # Zero at the head only if it was before the loop and each trip leaves it so.
                return {name: (e[0], False) for name, e in self.effects(s.body).items()}
        out = dict.fromkeys(self._read(s), (False, False))
        for name, zero in self._assigned(s).items():
            out[name] = (zero, zero)
        return out

    def _assigned(self, s: n.Stmt) -> dict[str, bool]:
        """The adjoints that a statement assigns or adds to, and whether it makes them zero."""
        if isinstance(s, n.Assign):
            if isinstance(s.target, n.Var):
                return (
                    {s.target.name: self.is_zero(s.value)} if s.target.name in self.adjoints else {}
                )
            return {name: False for name in target_names(s.target) if name in self.adjoints}
        if isinstance(s, n.Update):
            name = base_name(s.target)
            return {name: False} if name in self.adjoints else {}
        return {}

    def _read(self, s: n.Stmt) -> frozenset[str]:
        """The adjoints that must hold a value before the statement: zero is written for them."""
        out: frozenset[str] = frozenset()
        for e in expressions(s):
            out |= names_in(e)
        if isinstance(s, n.Assign):
            out = names_in(s.value)
            if not isinstance(s.target, n.Var | n.Tuple):
                out |= names_in(s.target)
        if isinstance(s, n.Update) and isinstance(s.target, n.Var):
            out = names_in(s.value)
        return out & self.adjoints

    # --- writing ----------------------------------------------------------------------------

    def block(self, block: n.Block, zero: set[str]) -> n.Block:
        """The block, for adjoints that are zero at its start; `zero` is brought up to its end."""
        out: list[n.Stmt] = []
        for s in block:
            out += self._statement(s, zero)
        return tuple(out)

    def _statement(self, s: n.Stmt, zero: set[str]) -> list[n.Stmt]:
        match s:
            case n.If():
                return [self._if(s, zero)]
            case n.For() | n.While():
                return self._loop(s, zero)
        before = self._zeros(self._read(s) & zero, zero)
        if isinstance(s, n.Update) and isinstance(s.target, n.Var) and s.target.name in zero:
            assert s.op == "add"
            s = n.Assign(s.target, s.value, span=s.span, note=s.note)
        made_zero = False
        for name, is_zero in self._assigned(s).items():
            zero.discard(name)
            if is_zero:
                zero.add(name)
                made_zero = True
        return before if made_zero else [*before, s]

    def _zeros(self, names: frozenset[str] | set[str], zero: set[str]) -> list[n.Stmt]:
        """Writes the zeros of these adjoints."""
        zero -= names
        return [n.Assign(n.Var(name), self.zero(name)) for name in sorted(names)]

    def _if(self, s: n.If, zero: set[str]) -> n.Stmt:
        ends: list[set[str]] = []
        new: list[list[n.Stmt]] = []
        for b in blocks(s):
            end = set(zero)
            new.append(list(self.block(b, end)))
            ends.append(end)
        both = ends[0] & ends[1]
        for end, statements in zip(ends, new, strict=True):
            self.merged |= end - both
            statements += self._zeros(end - both, end)
        zero.clear()
        zero |= both
        return replace(s, body=tuple(new[0]), orelse=tuple(new[1]))

    def _loop(self, s: n.For | n.While, zero: set[str]) -> list[n.Stmt]:
        effects = self.effects(s.body)
        used = {name for name, e in effects.items() if not e[0]}
        before = self._zeros(used & zero, zero)
        inside = set(zero)
        body = list(self.block(s.body, inside))
        body += self._zeros(inside - zero, inside)
        return [*before, replace(s, body=tuple(body))]


def accumulate(
    block: n.Block,
    adjoints: Mapping[str, str],
    zero: Zero,
    is_zero: Callable[[n.Expr], bool],
    wanted: tuple[str, ...],
    given: frozenset[str] = frozenset(),
) -> tuple[n.Block, frozenset[str]]:
    """The reverse sweep with adjoints written first by `=`.

    Args:
        block: the reverse sweep; every adjoint is zero at its start but those `given`.
        adjoints: adjoint variable -> primal variable.
        zero: the zero of an adjoint.
        is_zero: whether an expression is the zero that ends an adjoint.
        wanted: the adjoints that must have a value at the end.
        given: the adjoints that have a value at the start.

    Returns:
        The sweep, and the adjoints that got a zero on one side of a branch.
    """
    run = _Accumulate(frozenset(adjoints), zero, is_zero)
    state = set(adjoints) - given
    out = list(run.block(block, state))
    out += run._zeros(set(wanted) & state, state)
    return tuple(out), frozenset(run.merged)
