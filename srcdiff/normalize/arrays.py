"""Arrays unpacked or indexed twice, as single indexing.

a, b = x            →   a = x[0]; b = x[1]          (x must have two items)
a, b = A[i]         →   a = A[i, 0]; b = A[i, 1]
A[i][j] = v         →   A[i, j] = v
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, Kind, Known, ListOf, dtype_of, is_number
from srcdiff.ir.walk import blocks, with_blocks

# The kind of an expression that a statement reads; None where the statement is not reached.
KindAt = Callable[[n.Stmt, n.Expr], "Kind | None"]


def single_indexing(function: n.Function, names: Names, kind_at: KindAt) -> n.Function:
    """The function with arrays unpacked by index, and stores through one index."""
    return replace(function, body=_Arrays(names, kind_at).block(function.body))


class _Arrays:
    def __init__(self, names: Names, kind_at: KindAt) -> None:
        self._names = names
        self._kind_at = kind_at

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Assign) and isinstance(s.target, n.Tuple):
                out += self._unpacked(s, s.target)
            elif isinstance(s, n.Assign | n.Update) and isinstance(s.target, n.Index):
                target = self._joined(s, s.target)
                out.append(s if target is s.target else replace(s, target=target))
            else:
                out.append(with_blocks(s, tuple(self.block(b) for b in blocks(s))))
        return tuple(out)

    def _unpacked(self, s: n.Assign, target: n.Tuple) -> n.Block:
        if any(isinstance(item, n.Starred) for item in target.items):
            return (s,)
        kind = None if isinstance(s.value, n.Tuple) else self._kind_at(s, s.value)
        if not (isinstance(kind, Array) and kind.ndim) and not isinstance(kind, ListOf):
            return (s,)
        out: list[n.Stmt] = []
        array, value = s.value, s.value
        key: tuple[n.Expr, ...] = ()
        of_array = isinstance(value, n.Index) and isinstance(self._kind_at(s, value.base), Array)
        if isinstance(value, n.Index) and of_array and _is_row(value, target):
            array, key = value.base, (value.key,)
        elif not isinstance(array, n.Var) or array in target.items:
            array = n.Var(self._names.fresh("items"))
            out.append(n.Assign(array, value, span=s.span))
        count = len(target.items)
        if isinstance(kind, ListOf) or kind.dims[0] != count:
            out.append(_check(array, len(key), count, s))
        for i, item in enumerate(target.items):
            assert isinstance(item, n.Var | n.Index | n.Field | n.Tuple)
            at = n.Tuple((*key, n.Const(i))) if key else n.Const(i)
            out.append(n.Assign(item, n.Index(array, at, span=s.span), span=s.span))
        return tuple(out)

    def _joined(self, s: n.Stmt, target: n.Index) -> n.Index:
        """`A[i][j]` as `A[i, j]` where i is an integer."""
        inner = target.base
        if not isinstance(inner, n.Index):
            return target
        inner = self._joined(s, inner)
        array = self._kind_at(s, inner.base)
        keys = inner.key.items if isinstance(inner.key, n.Tuple) else (inner.key,)
        kinds = [self._kind_at(s, key) for key in keys]
        if not isinstance(array, Array) or not all(k is not None and _is_integer(k) for k in kinds):
            return target
        last = target.key.items if isinstance(target.key, n.Tuple) else (target.key,)
        if not all(_is_basic(key, self._kind_at(s, key)) for key in last):
            return target
        return n.Index(inner.base, n.Tuple((*keys, *last)), span=target.span)


def _is_integer(kind: Kind) -> bool:
    dtype = dtype_of(kind)
    return is_number(kind) and dtype is not None and dtype.kind in "iu"


def _is_basic(key: n.Expr, kind: Kind | None) -> bool:
    """Whether an entry of a key is none of those that are moved by integers in front of them."""
    return (
        isinstance(key, n.Slice)
        or isinstance(kind, Known)
        or (kind is not None and _is_integer(kind))
    )


def _is_row(e: n.Index, target: n.Tuple) -> bool:
    """Whether an expression is `A[i]`, of which `A[i, 0]` is an item."""
    names = isinstance(e.base, n.Var) and isinstance(e.key, n.Var)
    return names and not {e.base, e.key} & set(target.items)


def _check(array: n.Expr, axis: int, count: int, s: n.Stmt) -> n.Stmt:
    """What unpacking checks."""
    length: n.Expr = n.Call(n.Ref("len", len, len), (array,))
    if axis:
        length = n.Index(n.Field(array, "shape"), n.Const(axis))
    error = n.Ref("ValueError", ValueError, ValueError)
    message = n.Const(f"expected {count} values to unpack")
    test = n.Compare(("ne",), (length, n.Const(count)))
    return n.If(test, (n.Raise(n.Call(error, (message,)), span=s.span),), span=s.span)
