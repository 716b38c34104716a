"""Linear systems, inverses, determinants and factors, of matrices and of stacks of them.

The formulas are those of M. B. Giles, "An extended collection of matrix derivative results for
forward and reverse mode algorithmic differentiation" (Oxford, 2008).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dims, Kind, TupleOf, broadcast_dims, same_dims
from srcdiff.rules.operands import array_kind, array_parts
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.runtime.broadcast import unbroadcast
from srcdiff.runtime.determinants import cofactors, cofactors_along


def _matrices(a: Kind) -> tuple[np.dtype[Any], Dims]:
    """The dtype of what LAPACK gives for matrices of this kind, and their dimensions."""
    dtype, dims = array_parts(a)
    if len(dims) < 2:
        raise NoRule("the operand is no matrix")
    return np.linalg.inv(np.ones((1, 1), dtype)).dtype, dims


# --- systems ------------------------------------------------------------------------------------


@rule(np.linalg.solve)
def solve(a: Kind, b: Kind) -> Rule:
    """`b` is a vector where it has one dimension, and columns otherwise.

    With `x` the solution: a.T @ db = dx, and da = -db @ x.T.
    """
    dtype, m = _matrices(a)
    b_dtype, n = array_parts(b)
    if not n:
        raise NoRule("the right side is a number", "divide by the matrix's one entry")
    dtype = np.linalg.solve(np.ones((1, 1), dtype), np.ones(1, b_dtype)).dtype
    if len(n) == 1:
        if len(m) > 2:
            raise NoRule(
                "a stack of matrices with one right side has no rule",
                "write the right side b[:, None]",
            )
        return Rule(
            kind=Array(dtype, n),
            seed=lambda a, d: np.linalg.solve(a.T, d),
            pulls={"a": Pull(lambda y, d: -np.outer(d, y)), "b": Pull(lambda d: d)},
            linear=("b",),
            pushes={"a": lambda a, y, t: -np.linalg.solve(a, t @ y)},
        )
    dims = broadcast_dims(m[:-2], n[:-2])
    return Rule(
        kind=Array(dtype, (*dims, *n[-2:])),
        seed=_transposed_system(len(m)),
        pulls=_system_pulls(m, n, dims),
        linear=("b",),
        pushes={"a": lambda a, y, t: -np.linalg.solve(a, t @ y)},
    )


def _transposed_system(ndim: int) -> Template:
    if ndim == 2:
        return lambda a, d: np.linalg.solve(a.T, d)
    return lambda a, d: np.linalg.solve(np.swapaxes(a, -1, -2), d)


def _system_pulls(m: Dims, n: Dims, dims: Dims) -> dict[str, Pull]:
    if not dims:
        return {"a": Pull(lambda y, d: -d @ y.T), "b": Pull(lambda d: d)}
    if same_dims(m[:-2], dims):
        a: Template = lambda y, d: -d @ np.swapaxes(y, -1, -2)  # noqa: E731
    else:
        a = lambda a, y, d: unbroadcast(-d @ np.swapaxes(y, -1, -2), a.shape)  # noqa: E731
    if same_dims(n[:-2], dims):
        return {"a": Pull(a), "b": Pull(lambda d: d)}
    return {"a": Pull(a), "b": Pull(lambda b, d: unbroadcast(d, b.shape))}


@rule(np.linalg.inv)
def inv(a: Kind) -> Rule:
    dtype, dims = _matrices(a)
    if len(dims) == 2:
        pull = Pull(lambda y, d: -y.T @ d @ y.T)
    else:
        pull = Pull(lambda y, d: -np.swapaxes(y, -1, -2) @ d @ np.swapaxes(y, -1, -2))
    return Rule(kind=Array(dtype, dims), pulls={"a": pull}, pushes={"a": lambda y, t: -y @ t @ y})


# --- determinants -------------------------------------------------------------------------------


@rule(np.linalg.det)
def det(a: Kind) -> Rule:
    """The gradient is the matrix of cofactors, which exists for singular matrices too."""
    dtype, dims = _matrices(a)
    kind = array_kind(dtype, dims[:-2])
    if len(dims) == 2:
        return Rule(
            kind=kind,
            pulls={"a": Pull(lambda a, d: d * cofactors(a))},
            pushes={"a": lambda a, t: np.sum(cofactors(a) * t)},
        )
    return Rule(
        kind=kind,
        pulls={"a": Pull(lambda a, d: d[..., None, None] * cofactors(a))},
        pushes={"a": lambda a, t: np.sum(cofactors(a) * t, axis=(-2, -1))},
    )


@rule(cofactors)
def cofactors_(a: Kind) -> Rule:
    """A determinant's second derivative is symmetric."""
    dtype, dims = _matrices(a)
    return Rule(
        kind=Array(dtype, dims),
        pulls={"a": Pull(lambda a, d: cofactors_along(a, d))},
        pushes={"a": lambda a, t: cofactors_along(a, t)},
    )


@rule(np.linalg.slogdet)
def slogdet(a: Kind) -> Rule:
    dtype, dims = _matrices(a)
    kind = array_kind(dtype, dims[:-2])
    if len(dims) == 2:
        logarithm = Rule(
            kind=kind,
            pulls={"a": Pull(lambda a, d: d * np.linalg.inv(a).T)},
            pushes={"a": lambda a, t: np.sum(np.linalg.inv(a).T * t)},
        )
    else:
        logarithm = Rule(
            kind=kind,
            pulls={
                "a": Pull(lambda a, d: d[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2))
            },
            pushes={
                "a": lambda a, t: np.sum(np.swapaxes(np.linalg.inv(a), -1, -2) * t, axis=(-2, -1))
            },
        )
    return Rule(kind=TupleOf((kind, kind)), items=(Rule(kind=kind), logarithm))


# --- factors ------------------------------------------------------------------------------------


@rule(np.linalg.cholesky)
def cholesky(a: Kind) -> Rule:
    """The lower factor, of which NumPy reads only the lower triangle of `a`.

    The matrix is taken to vary as a symmetric one: its adjoint is symmetric, and its tangent is
    made so. With P(X) the lower triangle of X, its diagonal halved:

        dL = L P(inv(L) da inv(L).T)        da = inv(L).T (P(L.T dL) + P(L.T dL).T) inv(L) / 2

    I. Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527 (2016), equations
    8 and 10.
    """
    dtype, dims = _matrices(a)
    if len(dims) == 2:
        return Rule(
            kind=Array(dtype, dims),
            seed=lambda y, d: y.T @ d,
            pulls={
                "a": Pull(
                    lambda y, d: (
                        0.5
                        * np.linalg.solve(
                            y.T, np.linalg.solve(y.T, np.tril(d) + np.tril(d, -1).T).T
                        )
                    )
                )
            },
            pushes={
                "a": lambda y, t: (
                    y
                    @ (
                        np.linalg.solve(y, np.linalg.solve(y, 0.5 * (t + t.T)).T)
                        * (np.tri(len(y)) - 0.5 * np.eye(len(y)))
                    )
                )
            },
        )
    raise NoRule("stacks of matrices have no rule", "factor them one by one, in a loop")
