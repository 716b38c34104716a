"""Ownership: an array that is written into or returned must not share memory with another.

dx = y              →   dx = y.copy()       (dx is returned; y is the caller's)
dA = dB                 dA = dB.copy()      (dA[i] += ... follows)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from srcdiff.analysis.alias import (
    OUTSIDE,
    Aliases,
    aliases,
    contents,
    in_place_names,
    partners,
    roots,
)
from srcdiff.analysis.kinds import Kinds
from srcdiff.analysis.liveness import liveness
from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import Array, Kind, Unknown, dtype_of, is_number
from srcdiff.ir.lists import append, appended, popped
from srcdiff.ir.walk import base_name, blocks, statements, with_blocks


def own(
    function: n.Function,
    kinds: Kinds,
    adjoints: frozenset[str],
    returned: frozenset[str],
    values: frozenset[str] = frozenset(),
) -> n.Function:
    """The function with copies where an adjoint must own its memory, and as floats.

    Args:
        function: both sweeps.
        kinds: its kinds.
        adjoints: the variables to look at.
        returned: those of them that are returned.
        values: those of them that are no adjoints, and keep their type.
    """
    facts = aliases(function, kinds)
    written = in_place_names(function, kinds) | _restored(function)
    run = _Own(function, kinds, facts, adjoints, returned, written)
    run._floats = adjoints - values
    return replace(function, body=run.block(function.body))


def _restored(function: n.Function) -> frozenset[str]:
    """Variables whose contents an undo writes."""
    out: set[str] = set()
    for s in statements(function.body):
        if isinstance(s, n.Restore) and not isinstance(s.slot.place, n.Var):
            name = base_name(s.slot.place)
            if name is not None:
                out.add(name)
    return frozenset(out)


class _Own:
    def __init__(
        self,
        function: n.Function,
        kinds: Kinds,
        facts: Aliases,
        adjoints: frozenset[str],
        returned: frozenset[str],
        written: frozenset[str],
    ) -> None:
        self._kinds = kinds
        self._pairs = facts.ever()
        self._adjoints = adjoints
        self._returned = returned
        self._written = written | {OUTSIDE}
        self._floats: frozenset[str] = frozenset()
        self._facts = facts
        self._live = liveness(function)

    def block(self, block: n.Block) -> n.Block:
        return tuple(self._statement(s) for s in block)

    def _statement(self, s: n.Stmt) -> n.Stmt:
        if isinstance(s, n.Effect) and self._kinds.reached(s):
            return self._given(s)
        s = self._inner(s)
        if not (isinstance(s, n.Assign) and self._kinds.reached(s)):
            return s
        if isinstance(s.target, n.Tuple) and isinstance(s.value, n.Tuple):
            return s
        if not isinstance(s.target, n.Var) or s.target.name not in self._adjoints:
            return s
        infer = self._kinds.at(s)
        if _is_integral(infer(s.value)) and s.target.name in self._floats:
            return replace(s, value=_as_float(s.value, infer(s.value)))
        source = popped(s)
        if source is not None and source.name in self._adjoints:
            return s  # what a list of adjoints holds is its own
        found = roots(s.value, infer)
        if not found or is_number(infer(s.value)):
            return s
        near = found.union(*(partners(name, self._pairs) for name in found)) | {s.target.name}
        near |= {name.removesuffix("[]") for name in found}
        if not near & self._written and s.target.name not in self._returned:
            return s
        return replace(s, value=_copied(s.value, infer(s.value)))

    def _given(self, s: n.Effect) -> n.Stmt:
        """What is put into a list of adjoints becomes its own: copied where another has it."""
        added = appended(s)
        if added is None or added[0].name not in self._adjoints:
            return s
        infer = self._kinds.at(s)
        if is_number(infer(added[1])) or not roots(added[1], infer):
            return s
        if isinstance(added[1], n.Var):
            name = added[1].name
            owners = ({name} | self._facts.of(name, s)) - {added[0].name}
            held = contents(added[0].name) in self._facts.held(name, s)
            if name in self._adjoints and not held and not owners & self._live.after[s]:
                if not owners & (self._returned | {OUTSIDE}) and owners <= self._adjoints:
                    return s
        return append(added[0], _copied(added[1], infer(added[1])))

    def _inner(self, s: n.Stmt) -> n.Stmt:
        if not blocks(s):
            return s
        return with_blocks(s, tuple(self.block(b) for b in blocks(s)))


def _is_integral(kind: Kind) -> bool:
    dtype = dtype_of(kind)
    return dtype is not None and dtype.kind in "iub"


def _as_float(e: n.Expr, kind: Kind) -> n.Expr:
    """The value as a float: an adjoint of one, which others are added to."""
    if isinstance(e, n.Const):
        return n.Const(float(e.value))
    if isinstance(kind, Array):
        return n.Call(n.Field(e, "astype"), (n.Ref("np.float64", np.float64, np),))
    return n.Call(n.Ref("float", float, float), (e,))


def _copied(e: n.Expr, kind: object) -> n.Expr:
    if isinstance(kind, Array):
        return n.Call(n.Field(e, "copy"))
    if not isinstance(kind, Unknown):
        return e
    return np_call("array", e)
