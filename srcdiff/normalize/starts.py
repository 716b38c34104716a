"""Sums that start from a number and become arrays start as arrays.

s = 0                                   s = np.zeros_like(x)
for k in range(n):           →          for k in range(n):
s += k * np.sin(x)                      s += k * np.sin(x)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import UNKNOWN, Array, Dim, Kind
from srcdiff.ir.walk import blocks, bound_names, statements, with_blocks

KindAt = Callable[[n.Stmt, n.Expr], Kind | None]


def array_starts(function: n.Function, params: Mapping[str, Kind], kind_at: KindAt) -> n.Function:
    """The function with such starts, where an argument has the shape.

    Args:
        function: the function.
        params: the kinds of its parameters.
        kind_at: the kind of an expression before a statement; None where that is not reached.
    """
    wanted: dict[str, Kind] = {}
    for s in statements(function.body):
        if isinstance(s, n.For | n.While):
            for inner in statements(s.body):
                name, kind = _grown(inner, kind_at)
                if name is not None and kind is not None:
                    wanted.setdefault(name, kind)
    starts = [
        s.target.name
        for s in statements(function.body)
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and isinstance(s.value, n.Const)
    ]
    wanted = {name: kind for name, kind in wanted.items() if starts.count(name) == 1}
    likes = {name: _like(kind, params, function) for name, kind in wanted.items()}
    found = {name: like for name, like in likes.items() if like is not None}
    if not found:
        return function
    return replace(function, body=_started(function.body, found))


def _grown(s: n.Stmt, kind_at: KindAt) -> tuple[str | None, Kind | None]:
    """The variable that a statement adds an array to, of which only its start tells nothing."""
    if isinstance(s, n.Update) and isinstance(s.target, n.Var) and s.op in ("add", "sub"):
        target, value = s.target, s.value
    elif (
        isinstance(s, n.Assign)
        and isinstance(s.target, n.Var)
        and isinstance(s.value, n.Op)
        and s.value.op in ("add", "sub")
        and s.value.args[0] == s.target
    ):
        target, value = s.target, s.value.args[1]
    else:
        return None, None
    if kind_at(s, target) != UNKNOWN:
        return None, None
    kind = kind_at(s, value)
    return (target.name, kind) if isinstance(kind, Array) and kind.ndim else (None, None)


def _like(kind: Kind, params: Mapping[str, Kind], function: n.Function) -> n.Expr | None:
    """An array of zeros of this kind, made like a parameter that is never bound anew."""
    assert isinstance(kind, Array)
    if kind.dtype.kind not in "fc":
        return None
    bound = bound_names(function.body)
    for name, known in params.items():
        if isinstance(known, Array) and name not in bound and known.dims == kind.dims:
            if known.dtype == kind.dtype:
                return n.Call(n.Ref("np.zeros_like", np.zeros_like, np), (n.Var(name),))
    sizes = [_size(d, params, bound) for d in kind.dims]
    known_sizes = tuple(x for x in sizes if x is not None)
    if len(known_sizes) < len(sizes):
        return None
    shape = known_sizes[0] if len(sizes) == 1 else n.Tuple(known_sizes)
    dtype = n.Ref(f"np.{kind.dtype.name}", kind.dtype.type, np)
    keywords = () if kind.dtype == np.float64 else (("dtype", dtype),)
    return n.Call(n.Ref("np.zeros", np.zeros, np), (shape,), keywords)


def _size(d: int | Dim, params: Mapping[str, Kind], bound: frozenset[str]) -> n.Expr | None:
    if isinstance(d, int):
        return n.Const(d)
    if d.minus or d.terms:
        return None
    for name, known in params.items():
        if isinstance(known, Array) and name not in bound:
            for axis, other in enumerate(known.dims):
                if isinstance(other, Dim) and other.name == d.name and not other.minus:
                    return n.Index(n.Field(n.Var(name), "shape"), n.Const(axis))
    return None


def _started(block: n.Block, found: Mapping[str, n.Expr]) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and s.target.name in found:
            zero = isinstance(s.value, n.Const) and type(s.value.value) in (int, float)
            if zero and s.value.value == 0:  # type: ignore[attr-defined]
                s = replace(s, value=found[s.target.name])
        out.append(with_blocks(s, tuple(_started(b, found) for b in blocks(s))))
    return tuple(out)
