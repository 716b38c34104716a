"""Where an adjoint can be exactly zero: there a singular partial needs a guard.

An adjoint is zero where the value was masked out, not selected, or not used on the path taken:
downstream of `where`, of maxima and minima, of indexing, and of an `if`.
"""

from __future__ import annotations

import math

import numpy as np

from srcdiff.analysis.activity import smooth_names
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, ListOf, dtype_of, is_number
from srcdiff.ir.lists import appended
from srcdiff.ir.walk import (
    base_name,
    blocks,
    bound_names,
    expressions,
    statements,
    subexpressions,
    target_names,
    writing_call,
    written_names_of,
)

_SELECTORS: frozenset[object] = frozenset(
    (np.where, np.maximum, np.minimum, np.fmax, np.fmin, np.max, np.min, np.clip, max, min, np.abs)
)
_SELECTING_METHODS = frozenset(("max", "min", "clip"))

# Functions that are infinite themselves where their partials are. For single numbers their guard is
# left out unless a branch may skip them: it would be in the way of every division in a loop.
SINGULAR: frozenset[object] = frozenset(
    (
        *("div", np.divide, np.reciprocal, np.log, np.log2, np.log10, np.log1p, np.arctanh),
        *(np.exp, np.exp2, np.expm1, np.sinh, np.cosh, math.exp, math.log, math.log2, math.log10),
    )
)


def skipped_by_branches(
    function: n.Function, kinds: Kinds, lent: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The variables whose adjoint can be exactly zero because a branch did not use them.

    `lent`: arrays whose adjoints are the caller's, of which nothing is known.
    """
    return _spread(function, kinds, _used_conditionally(function.body, kinds) | lent)


def may_be_zero(
    function: n.Function, kinds: Kinds, lent: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The variables whose adjoint can be exactly zero although they matter to the result."""
    out = _used_conditionally(function.body, kinds) | lent
    for s in statements(function.body):
        if kinds.reached(s):
            out |= _stored(s, kinds.at(s))
            for e in expressions(s):
                out |= _selected_from(e, kinds.at(s))
    return _spread(function, kinds, out)


def _spread(function: n.Function, kinds: Kinds, out: frozenset[str]) -> frozenset[str]:
    """The variables, and what their values were made of."""
    reached = [s for s in statements(function.body) if kinds.reached(s)]
    while True:
        new = out.union(*(_flows_into(s, out, kinds.at(s)) for s in reached))
        if new == out:
            return out
        out = new


def _used_conditionally(block: n.Block, kinds: Kinds) -> frozenset[str]:
    """Variables read in a branch that did not bind them, numbers also in a loop of no trips."""
    out: frozenset[str] = frozenset()
    for s in block:
        for b in blocks(s):
            out |= _read_inside(b, kinds, isinstance(s, n.If)) | _used_conditionally(b, kinds)
    return out


def _read_inside(block: n.Block, kinds: Kinds, arrays: bool) -> frozenset[str]:
    own = bound_names(block)
    out: set[str] = set()
    for s in statements(block):
        if kinds.reached(s):
            names = {
                x.name for e in expressions(s) for x in subexpressions(e) if isinstance(x, n.Var)
            }
            out |= {v for v in names - own if arrays or is_number(kinds.at(s)(n.Var(v)))}
    return frozenset(out)


def _selected_from(e: n.Expr, infer: Inference) -> frozenset[str]:
    out: frozenset[str] = frozenset()
    for x in subexpressions(e):
        if isinstance(x, n.Index) and isinstance(infer(x.base), Array | ListOf):
            out |= smooth_names(x.base, infer)
        elif selects(x) or masks(x, infer):
            out |= smooth_names(x, infer)
    return out


def selects(e: n.Expr) -> bool:
    """Whether an operation passes the adjoint on to some of its operand's elements only."""
    if isinstance(e, n.Call):
        return _selects(e)
    return False


def masks(e: n.Expr, infer: Inference) -> bool:
    """Whether an operation multiplies by a mask."""
    if not (isinstance(e, n.Op) and e.op == "mul"):
        return False
    dtypes = (dtype_of(infer(arg)) for arg in e.args)
    return any(dtype is not None and dtype.kind == "b" for dtype in dtypes)


def _selects(e: n.Call) -> bool:
    if isinstance(e.callee, n.Ref):
        try:
            return e.callee.value in _SELECTORS
        except TypeError:
            return False
    return isinstance(e.callee, n.Field) and e.callee.name in _SELECTING_METHODS


def _flows_into(s: n.Stmt, flagged: frozenset[str], infer: Inference) -> frozenset[str]:
    """What the statement's value was made of, where its target is flagged."""
    if written_names_of(writing_call(s)) & flagged:
        return _given(s, infer)
    if isinstance(s, n.Assign) and set(target_names(s.target)) & flagged:
        return smooth_names(s.value, infer)
    if isinstance(s, n.Update) and isinstance(s.target, n.Var) and s.target.name in flagged:
        return smooth_names(s.value, infer)
    if isinstance(s, n.Assign | n.Update) and base_name(s.target) in flagged:
        return smooth_names(s.value, infer)
    added = appended(s)
    if added is not None and added[0].name in flagged:
        return smooth_names(added[1], infer)
    return frozenset()


def _given(s: n.Stmt, infer: Inference) -> frozenset[str]:
    """What a call is given that writes into arrays."""
    call = writing_call(s)
    args = () if call is None else (*call.args, *(value for _, value in call.keywords))
    return frozenset().union(*(smooth_names(arg, infer) for arg in args))


def _stored(s: n.Stmt, infer: Inference) -> frozenset[str]:
    """What is stored into elements: it takes its seed from an array that may hold zeros."""
    if writing_call(s) is not None:
        return _given(s, infer)
    if isinstance(s, n.Assign | n.Update) and isinstance(s.target, n.Index):
        into = isinstance(infer(s.target), Array) or isinstance(infer(s.target.base), ListOf)
        return smooth_names(s.value, infer) if into else frozenset()
    added = appended(s)
    if added is not None:
        return smooth_names(added[1], infer)
    return frozenset()
