"""Products that sum over axes of their own choice: outer, inner and tensor products."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dims, Kind, is_number, same_dims
from srcdiff.rules.elementwise import elementwise_rule
from srcdiff.rules.linalg import BOTH, product_dtype
from srcdiff.rules.operands import array_kind, array_parts, normalize_axes
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.shaping import flat_dims
from srcdiff.rules.spelled import spelled


@rule(np.outer)
def outer(a: Kind, b: Kind) -> Rule:
    """Operands of other than one dimension are flattened."""
    (a_dtype, m), (b_dtype, n) = array_parts(a), array_parts(b)
    dims = flat_dims(m) + flat_dims(n)
    kind = Array(product_dtype(a_dtype, b_dtype), dims)
    pulls = {
        "a": Pull(spelled(f"lambda a, b, d: {_shaped('d @ ' + _flat('b', n), 'a', m)}")),
        "b": Pull(spelled(f"lambda a, b, d: {_shaped(_flat('a', m) + ' @ d', 'b', n)}")),
    }
    return Rule(kind=kind, pulls=pulls, linear=BOTH)


def _flat(name: str, dims: Dims) -> str:
    return name if len(dims) == 1 else f"np.ravel({name})"


def _shaped(value: str, name: str, dims: Dims) -> str:
    """A vector in the shape of the operand that it belongs to."""
    if len(dims) == 1:
        return value
    return f"({value}).reshape({name}.shape)" if dims else f"np.sum({value})"


@rule(np.vdot)
def vdot(a: Kind, b: Kind) -> Rule:
    """Of real numbers: the sum of the products of all entries, in order."""
    (a_dtype, m), (b_dtype, n) = array_parts(a), array_parts(b)
    if is_number(a) or is_number(b):
        raise NoRule("np.vdot is differentiated for arrays", "write a * b")
    kind = array_kind(product_dtype(a_dtype, b_dtype), ())
    if same_dims(m, n) or len(m) == len(n) == 1:
        pulls = {"a": Pull(lambda b, d: d * b), "b": Pull(lambda a, d: a * d)}
        return Rule(kind=kind, pulls=pulls, linear=BOTH, equal=tuple(zip(m, n, strict=True)))
    pulls = {
        "a": Pull(lambda a, b, d: np.reshape(d * b, a.shape)),
        "b": Pull(lambda a, b, d: np.reshape(a * d, b.shape)),
    }
    return Rule(kind=kind, pulls=pulls, linear=BOTH)


@rule(np.inner)
def inner(a: Kind, b: Kind) -> Rule:
    """It sums over the last axis of each."""
    (a_dtype, m), (b_dtype, n) = array_parts(a), array_parts(b)
    if not m or not n:
        operands = {"a": a, "b": b}
        return elementwise_rule(np.inner, operands, [lambda b, d: d * b, lambda a, d: a * d])
    kind = array_kind(product_dtype(a_dtype, b_dtype), m[:-1] + n[:-1])
    return Rule(
        kind=kind,
        pulls=_inner_pulls(len(m) - 1, len(n) - 1),
        linear=BOTH,
        equal=((m[-1], n[-1]),),
    )


def _inner_pulls(m: int, n: int) -> dict[str, Pull]:
    """By the numbers of axes that each has besides the last."""
    front = tuple(range(m))
    if (m, n) == (0, 0):
        return {"a": Pull(lambda b, d: d * b), "b": Pull(lambda a, d: a * d)}
    if (m, n) == (1, 1):
        return {"a": Pull(lambda b, d: d @ b), "b": Pull(lambda a, d: d.T @ a)}
    return {
        "a": Pull((lambda b, d: np.tensordot(d, b, n)) if n else lambda b, d: d[..., None] * b),
        "b": Pull(
            (lambda a, d: np.tensordot(d, a, (front, front)))
            if m
            else lambda a, d: d[..., None] * a
        ),
    }


@rule(np.tensordot)
def tensordot(a: Kind, b: Kind, axes: Any = 2) -> Rule:
    (a_dtype, m), (b_dtype, n) = array_parts(a), array_parts(b)
    first, second = _summed(axes, len(m), len(n))
    m_left = tuple(i for i in range(len(m)) if i not in first)
    n_left = tuple(i for i in range(len(n)) if i not in second)
    dims = tuple(m[i] for i in m_left) + tuple(n[i] for i in n_left)
    return Rule(
        kind=Array(product_dtype(a_dtype, b_dtype), dims),
        pulls={
            "a": Pull(spelled(f"lambda b, d: {_tensordot_a(first, second, m_left, n_left)}")),
            "b": Pull(spelled(f"lambda a, d: {_tensordot_b(first, second, m_left, n_left)}")),
        },
        linear=BOTH,
        equal=tuple((m[i], n[j]) for i, j in zip(first, second, strict=True)),
    )


Axes = tuple[int, ...]


def _summed(axes: Any, m: int, n: int) -> tuple[Axes, Axes]:
    """The axes of each operand that are summed over, in pairs."""
    if isinstance(axes, int):
        return tuple(range(m - axes, m)), tuple(range(axes))
    pair = [axis if isinstance(axis, tuple | list) else (axis,) for axis in axes]
    if len(pair) != 2 or len(pair[0]) != len(pair[1]):
        raise NoRule(f"axes {axes!r}")
    for one, ndim in zip(pair, (m, n), strict=True):
        normalize_axes(one, ndim)
    first, second = (
        tuple(int(i) % ndim for i in one) for one, ndim in zip(pair, (m, n), strict=True)
    )
    return first, second


def _tensordot_a(first: Axes, second: Axes, m_left: Axes, n_left: Axes) -> str:
    """The result's last axes are those left of `b`: summed over, those left of `a` come first."""
    if not n_left:
        value = "d * b" if not m_left else "np.tensordot(d, b, 0)"
    elif n_left == tuple(range(len(n_left))):
        value = f"np.tensordot(d, b, {len(n_left)})"
    else:
        behind = tuple(range(len(m_left), len(m_left) + len(n_left)))
        value = f"np.tensordot(d, b, {(behind, n_left)})"
    # Behind them the summed axes, in the order in which `b` has them.
    partner = dict(zip(second, first, strict=True))
    return _in_order(value, (*m_left, *(partner[j] for j in sorted(second))))


def _tensordot_b(first: Axes, second: Axes, m_left: Axes, n_left: Axes) -> str:
    """The result's first axes are those left of `a`."""
    if not m_left:
        value = "a * d" if not n_left else "np.tensordot(a, d, 0)"
    else:
        front = tuple(range(len(m_left)))
        value = f"np.tensordot(a, d, {(m_left, front)})"
    partner = dict(zip(first, second, strict=True))
    return _in_order(value, (*(partner[i] for i in sorted(first)), *n_left))


def _in_order(value: str, axes: Axes) -> str:
    """A value whose axes are these axes of an operand, with the operand's order of axes."""
    if axes == tuple(sorted(axes)):
        return value
    if axes == (1, 0):
        return f"({value}).T"
    return f"np.transpose({value}, {tuple(axes.index(i) for i in range(len(axes)))})"
