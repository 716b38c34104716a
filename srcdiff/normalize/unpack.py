"""Unpacking into places, and nested unpacking, as single assignments.

    A[i], A[j] = A[j], A[i]     →      first = A[j]
                                       second = A[i]
                                       A[i] = first
                                       A[j] = second

An assignment of several names at once stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import blocks, with_blocks

_WISHES = ("first", "second", "third")


def unpack(function: n.Function, names: Names) -> n.Function:
    """The function with unpacking into names only."""
    return replace(function, body=_Unpack(names).block(function.body))


class _Unpack:
    def __init__(self, names: Names) -> None:
        self._names = names

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            s = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
            if isinstance(s, n.Assign) and _is_unpacked(s.target):
                assert isinstance(s.target, n.Tuple)
                out += self._assign(s, s.target)
            else:
                out.append(s)
        return tuple(out)

    def _assign(self, s: n.Assign, target: n.Tuple) -> n.Block:
        if any(isinstance(t, n.Tuple) for t in target.items):
            flat = _flattened(target, s.value)
            if flat is not None:
                return self._assign(replace(s, target=flat[0], value=flat[1]), flat[0])
        names = [t.name for t in target.items if isinstance(t, n.Var)]
        if len(names) == len(target.items) == len(set(names)):
            return (s,)
        fresh = tuple(
            n.Var(self._names.fresh(_WISHES[i] if i < len(_WISHES) else "item"))
            for i in range(len(target.items))
        )
        begin: tuple[n.Stmt, ...]
        if isinstance(s.value, n.Tuple) and len(s.value.items) == len(fresh):
            pairs = zip(fresh, s.value.items, strict=True)
            begin = tuple(n.Assign(t, v, span=s.span) for t, v in pairs)
        else:
            begin = (replace(s, target=n.Tuple(fresh)),)
        ends = []
        for t, v in zip(target.items, fresh, strict=True):
            assert isinstance(t, n.Var | n.Index | n.Field | n.Tuple)
            ends.append(n.Assign(t, v, span=s.span))
        return self.block((*begin, *ends))


def _is_unpacked(target: n.Expr) -> bool:
    """Whether a target is for so many values: a star that is left takes what there is."""
    return isinstance(target, n.Tuple) and not any(
        isinstance(item, n.Starred) for item in target.items
    )


def _flattened(target: n.Tuple, value: n.Expr) -> tuple[n.Tuple, n.Tuple] | None:
    """`(a, b), c = (x, y), z` as `a, b, c = x, y, z`, where the displays match."""
    if not isinstance(value, n.Tuple) or len(value.items) != len(target.items):
        return None
    targets: list[n.Expr] = []
    values: list[n.Expr] = []
    for t, v in zip(target.items, value.items, strict=True):
        if isinstance(t, n.Tuple):
            inner = _flattened(t, v)
            if inner is None:
                return None
            targets += inner[0].items
            values += inner[1].items
        else:
            targets.append(t)
            values.append(v)
    return n.Tuple(tuple(targets), span=target.span), n.Tuple(tuple(values), span=value.span)
