"""Diagonals and traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dim, Dims, Kind, added, same_dim
from srcdiff.rules.operands import array_kind, array_parts, fresh_dims
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.rules.spelled import spelled


@rule(np.diag)
def diag(v: Kind, k: Any = 0, at: str = "") -> Rule:
    dtype, dims = array_parts(v)
    if len(dims) == 1:
        side = added(dims[0], abs(k))
        template: Template = (lambda d: np.diag(d, k)) if k else lambda d: np.diag(d)
        kind = Array(dtype, (side, side))
        return Rule(kind=kind, pulls={"v": Pull(template)}, linear=("v",))
    if len(dims) != 2:
        raise NoRule("it takes a vector or a matrix")
    size = _diagonal_dim(dims[0], dims[1], k, at)
    if k == 0 and same_dim(*dims):
        template = lambda d: np.diag(d)  # noqa: E731
    else:
        template = _onto_diagonal("v", k, 0, 1)
    kind = Array(dtype, (size,))
    return Rule(kind=kind, pulls={"v": Pull(template)}, shares=("v",), linear=("v",))


@rule(np.diagonal)
def diagonal(a: Kind, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, at: str = "") -> Rule:
    dtype, dims = array_parts(a)
    i, j, others = _axes(dims, axis1, axis2)
    kind = Array(dtype, (*others, _diagonal_dim(dims[i], dims[j], offset, at)))
    if len(dims) == 2 and offset == 0 and same_dim(*dims):
        pull = Pull(lambda d: np.diag(d))
    else:
        pull = Pull(_onto_diagonal("a", offset, i, j))
    return Rule(kind=kind, pulls={"a": pull}, shares=("a",), linear=("a",))


@rule(np.trace)
def trace(a: Kind, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Rule:
    """Each entry of the diagonal gets the adjoint: that times an identity matrix."""
    dtype, dims = array_parts(a)
    i, j, others = _axes(dims, axis1, axis2)
    kind = array_kind(np.trace(np.ones((1, 1), dtype)).dtype, others)
    eye = identity("a", dims, i, j, offset, kind_dtype=dtype)
    if others:
        rest = tuple(k for k in range(len(dims)) if k not in (i, j))
        ij = tuple(sorted((i, j)))
        rest_text = rest[0] if len(rest) == 1 else rest
        text = f"np.expand_dims(d, {ij}) * np.expand_dims({eye}, {rest_text})"
    else:
        text = f"d * {eye}"
    template = spelled(f"lambda a, d: {text}")
    return Rule(kind=kind, pulls={"a": Pull(template, scalar=None)}, linear=("a",))


def identity(name: str, dims: Dims, i: int, j: int, offset: int, kind_dtype: np.dtype[Any]) -> str:
    """The text of ones on the diagonal along two axes of an operand, in the order of its axes."""
    if i > j:
        i, j, offset = j, i, -offset
    rows = dims[i] if isinstance(dims[i], int) else f"{name}.shape[{i}]"
    columns = dims[j] if isinstance(dims[j], int) else f"{name}.shape[{j}]"
    if same_dim(dims[i], dims[j]):
        sizes = f"len({name})" if i == 0 and isinstance(dims[0], Dim) else f"{rows}"
    else:
        sizes = f"{rows}, {columns}"
    shift = f", k={offset}" if offset else ""
    dtype = "" if kind_dtype == np.float64 else f", dtype={name}.dtype"
    return f"np.eye({sizes}{shift}{dtype})"


def _onto_diagonal(name: str, offset: int, i: int, j: int) -> Template:
    given = "" if (offset, i, j) == (0, 0, 1) else f", {offset}"
    axes = "" if (i, j) == (0, 1) else f", {i}, {j}"
    return spelled(f"lambda {name}, d: diagonal_array(d, {name}.shape{given}{axes})")


def _axes(dims: Dims, axis1: Any, axis2: Any) -> tuple[int, int, Dims]:
    """The two axes, and the dimensions along the others."""
    if len(dims) < 2:
        raise NoRule("it takes arrays of at least 2 dimensions")
    i, j = int(axis1) % len(dims), int(axis2) % len(dims)
    return i, j, tuple(dim for k, dim in enumerate(dims) if k not in (i, j))


def _diagonal_dim(rows: int | Dim, columns: int | Dim, k: int, at: str) -> int | Dim:
    """How many entries a diagonal has."""
    if isinstance(rows, int) and isinstance(columns, int):
        return len(np.diagonal(np.broadcast_to(0, (rows, columns)), k))
    if k == 0 and same_dim(rows, columns):
        return rows
    return fresh_dims(1, at)[0]
