"""Stores into all of an array whose value reads that array: what is read is what is overwritten.

x[...] = x * y      reads as        x[...] = x[...] * y

so that the adjoint of what was read replaces that of what was stored.
"""

from __future__ import annotations

from srcdiff.analysis.kinds import Inference
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array
from srcdiff.ir.walk import rebuild


def variable(target: n.Expr, infer: Inference) -> n.Expr:
    """The variable `r` for `r[...]` and `r[()]` where that is an array without dimensions: its
    adjoint is a number.
    """
    if isinstance(target, n.Index) and isinstance(target.base, n.Var):
        kind = infer(target.base)
        whole = target.key in (n.Const(...), n.Tuple(()))
        if whole and isinstance(kind, Array) and not kind.ndim:
            return target.base
    return target


def own_reads(target: n.Index, value: n.Expr) -> n.Expr:
    """The value of a store, with reads of the array as reads of the target."""
    if not isinstance(target.base, n.Var) or target.key not in (n.Const(...), n.Slice()):
        return value

    def read(e: n.Expr) -> n.Expr:
        if e == target.base:
            return target
        if isinstance(e, n.Index | n.Field) and isinstance(e.base, n.Var):
            # A part, or a shape.
            return e if isinstance(e, n.Field) else rebuild_key(e)
        return rebuild(e, read)

    def rebuild_key(e: n.Index) -> n.Expr:
        key = read(e.key)
        return e if key is e.key else n.Index(e.base, key, span=e.span)

    return read(value)
