"""Products of vectors, matrices and stacks of them, and norms. `products` has the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Dims, Kind, broadcast_dims, same_dims
from srcdiff.rules.elementwise import elementwise_rule
from srcdiff.rules.operands import array_kind, array_parts, normalize_axes, reduce_dims
from srcdiff.rules.reductions import reduced_along, restored, spread
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.rules.spelled import spelled
from srcdiff.runtime.broadcast import unbroadcast

# A product is linear in each of its operands.
BOTH = ("a", "b")


@rule(np.dot)
def dot(a: Kind, b: Kind) -> Rule:
    (a_dtype, m), (b_dtype, n) = array_parts(a), array_parts(b)
    if not m or not n:
        operands = {"a": a, "b": b}
        return elementwise_rule(np.dot, operands, [lambda b, d: d * b, lambda a, d: a * d])
    met = ((m[-1], n[-2] if len(n) > 1 else n[-1]),)
    kind = array_kind(product_dtype(a_dtype, b_dtype), m[:-1] + n[:-2] + n[-1:] * (len(n) > 1))
    if len(m) <= 2 and len(n) <= 2:
        return Rule(kind=kind, pulls=_small_pulls(len(m), len(n)), linear=BOTH, equal=met)
    return Rule(kind=kind, pulls=_stacked_dot_pulls(len(m), len(n)), linear=BOTH, equal=met)


@rule(np.matmul, "matmul")
def matmul(a: Kind, b: Kind) -> Rule:
    (a_dtype, m), (b_dtype, n) = array_parts(a), array_parts(b)
    if not m or not n:
        raise NoRule("@ does not take numbers", "write a * b")
    met = ((m[-1], n[-2] if len(n) > 1 else n[-1]),)
    dims = broadcast_dims(m[:-2], n[:-2]) + m[-2:-1] + n[-1:] * (len(n) > 1)
    kind = array_kind(product_dtype(a_dtype, b_dtype), dims)
    if len(m) <= 2 and len(n) <= 2:
        return Rule(kind=kind, pulls=_small_pulls(len(m), len(n)), linear=BOTH, equal=met)
    if len(m) == 1 or len(n) == 1:
        return Rule(kind=kind, pulls=_stacked_dot_pulls(len(m), len(n)), linear=BOTH, equal=met)
    return Rule(kind=kind, pulls=_stack_pulls(m, n, dims), linear=BOTH, equal=met)


def product_dtype(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of sums of products; NumPy is asked."""
    product: np.dtype[Any] = np.asarray(np.dot(np.ones(1, a), np.ones(1, b))).dtype
    return product


def _small_pulls(m: int, n: int) -> dict[str, Pull]:
    """Vectors and matrices. A number `d` needs no other form, but for outer products."""
    if (m, n) == (1, 1):
        return {"a": Pull(lambda b, d: d * b), "b": Pull(lambda a, d: a * d)}
    if (m, n) == (2, 1):
        return {"a": Pull(lambda b, d: np.outer(d, b)), "b": Pull(lambda a, d: a.T @ d)}
    if (m, n) == (1, 2):
        return {"a": Pull(lambda b, d: b @ d), "b": Pull(lambda a, d: np.outer(a, d))}
    return {"a": Pull(lambda b, d: d @ b.T), "b": Pull(lambda a, d: a.T @ d)}


def _stacked_dot_pulls(m: int, n: int) -> dict[str, Pull]:
    """`dot` where one operand has more than two dimensions.

    It contracts the last axis of `a` with the one before the last of `b`, and puts the remaining
    axes of `b` behind those of `a`.
    """
    if n == 1:
        count = m - 1
        return {
            "a": Pull(lambda b, d: d[..., None] * b),
            "b": Pull(lambda a, d: np.tensordot(d, a, count)),
        }
    kept = (*range(n - 2), n - 1)
    behind = tuple(range(m - 1, m + n - 2))
    if m == 1:
        return {
            "a": Pull(lambda b, d: np.tensordot(b, d, (kept, behind))),
            "b": Pull(lambda a, d: a[:, None] * d[..., None, :]),
        }
    front = tuple(range(m - 1))
    return {
        "a": Pull(lambda b, d: np.tensordot(d, b, (behind, kept))),
        "b": Pull(lambda a, d: np.moveaxis(np.tensordot(a, d, (front, front)), 0, -2)),
    }


def _stack_pulls(m: Dims, n: Dims, dims: Dims) -> dict[str, Pull]:
    """`matmul` of stacks of matrices, which are broadcast against each other."""
    if len(n) == 2:
        a = Pull(lambda b, d: d @ b.T)
    elif same_dims(m[:-2], dims[:-2]):
        a = Pull(lambda b, d: d @ np.swapaxes(b, -1, -2))
    else:
        a = Pull(lambda a, b, d: unbroadcast(d @ np.swapaxes(b, -1, -2), a.shape))
    if same_dims(n[:-2], dims[:-2]):
        b = Pull(lambda a, d: np.swapaxes(a, -1, -2) @ d)
    else:
        b = Pull(lambda a, b, d: unbroadcast(np.swapaxes(a, -1, -2) @ d, b.shape))
    return {"a": a, "b": b}


# --- norms: at zero, zero -----------------------------------------------------------------------


@rule(np.linalg.norm)
def norm(x: Kind, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Rule:  # noqa: A002
    dtype, dims = array_parts(x)
    axes = normalize_axes(axis, len(dims))
    if len(axes) == 2 and ord == "fro":
        ord = None  # noqa: A001
    if ord is not None and (len(axes) != 1 or isinstance(ord, str)):
        raise NoRule(
            f"the matrix norm of order {ord!r} has no rule",
            "np.linalg.norm(A) is the Frobenius norm",
        )
    kind = array_kind(np.linalg.norm(np.ones(1, dtype)).dtype, reduce_dims(dims, axes, keepdims))
    if not dims:
        pull = Pull(lambda x, d: d * np.sign(x))
        return Rule(kind=kind, pulls={"x": pull}, pushes={"x": lambda x, t: t * np.sign(x)})
    if ord == 0:
        return Rule(kind=kind)
    template = _norm(len(dims), ord, axes, spread(len(dims), axes, keepdims))
    pull = Pull(template, scalar=_norm_scalar(template, ord))
    push = _norm_push(ord, None if axes == tuple(range(len(dims))) else axes, keepdims)
    return Rule(kind=kind, pulls={"x": pull}, pushes={"x": push})


def _norm_scalar(template: Template, order: Any) -> Template | None:
    """What divides `d` in a 2-norm is of its shape, so `d` may be a number; in the 1-norm too."""
    if order == 1:
        return lambda x, d: d * np.sign(x)
    return template if order is None or order == 2 else None


def _norm(ndim: int, order: Any, axes: tuple[int, ...], how: str | tuple[int, ...]) -> Template:
    axis = axes[0] if len(axes) == 1 else axes
    if order is None or order == 2:
        if how == "as is":
            return lambda x, y, d: d / (y + (y == 0.0)) * x
        if how == "column":
            return lambda x, y, d: (d / (y + (y == 0.0)))[:, None] * x
        return lambda x, y, d: np.expand_dims(d / (y + (y == 0.0)), axis) * x
    if order == 1:
        if how == "as is":
            return lambda x, d: d * np.sign(x)
        return lambda x, d: np.expand_dims(d, axis) * np.sign(x)
    if abs(order) == np.inf:  # ties share evenly
        if ndim == 1:
            return lambda x, y, d: d * np.sign(x) * (np.abs(x) == y) / np.sum(np.abs(x) == y)
        if how == "as is":
            return lambda x, y, d: (
                d
                / np.sum(np.abs(x) == y, axis=axis, keepdims=True)
                * (np.sign(x) * (np.abs(x) == y))
            )
        return lambda x, y, d: (
            np.expand_dims(d / np.sum(np.abs(x) == np.expand_dims(y, axis), axis=axis), axis)
            * (np.sign(x) * (np.abs(x) == np.expand_dims(y, axis)))
        )
    p = float(order) - 1.0
    if how == "as is":
        return lambda x, y, d: d * np.sign(x) * (np.abs(x) / (y + (y == 0.0))) ** p
    return lambda x, y, d: (
        np.expand_dims(d, axis)
        * np.sign(x)
        * (np.abs(x) / np.expand_dims(y + (y == 0.0), axis)) ** p
    )


def _norm_push(order: Any, axes: tuple[int, ...] | None, keepdims: bool) -> Template:
    along = reduced_along(axes, keepdims)
    if order is None or order == 2:
        return spelled(f"lambda x, y, t: np.sum(x * t{along}) / (y + (y == 0.0))")
    if order == 1:
        return spelled(f"lambda x, t: np.sum(np.sign(x) * t{along})")
    if abs(order) == np.inf:
        largest = f"(np.abs(x) == {restored('y', axes, keepdims)})"
        return spelled(
            f"lambda x, y, t: np.sum(np.sign(x) * t * {largest}{along}) / np.sum({largest}{along})"
        )
    y = restored("y + (y == 0.0)", axes, keepdims)
    p = float(order) - 1.0
    return spelled(f"lambda x, y, t: np.sum(np.sign(x) * t * (np.abs(x) / ({y})) ** {p!r}{along})")
