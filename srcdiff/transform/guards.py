"""Guards: a partial that is not finite contributes nothing where it is multiplied by zero.

    dx = d * 0.5 / y        →       dx = d * 0.5 / np.where(d == 0.0, 1.0, y)

The factor is the adjoint in reverse, the tangent in forward mode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from srcdiff.analysis.bind import Bound
from srcdiff.analysis.kinds import Inference
from srcdiff.ir import nodes as n
from srcdiff.ir.build import ZERO, number
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import dtype_of, is_complex, is_number
from srcdiff.transform.zeros import SINGULAR

_POWERS: frozenset[Any] = frozenset(("pow", np.power, np.float_power, math.pow, pow))
_ROOTS: frozenset[Any] = frozenset((np.sqrt, math.sqrt, np.cbrt, math.cbrt))
_QUOTIENTS: frozenset[Any] = frozenset(("div", np.divide))
# Zero or more wherever they are defined, for real operands.
_NON_NEGATIVE: frozenset[Any] = frozenset(
    (np.exp, math.exp, np.cosh, math.cosh, np.abs, abs, math.fabs, np.square, np.hypot, math.hypot)
)
_SUMS: frozenset[Any] = frozenset((np.sum, np.mean, sum, np.max, np.min))


def guards(
    e: n.Expr, bound: Bound, factor: n.Expr, values: Mapping[str, n.Expr], infer: Inference
) -> dict[str, n.Expr]:
    """The operands of a rule's templates, replaced by a safe value where the factor is zero.

    Args:
        e: the operation.
        bound: its rule and operands.
        factor: what its partials are multiplied by; it may be written several times.
        values: what the templates' parameters stand for.
        infer: kinds.
    """
    out: dict[str, n.Expr] = {}
    if _is_apart(e, bound, infer):
        return out
    for name, safe in bound.rule.safe.items():
        kind = bound.kind if name == "y" else infer(values[name])
        shapeless = is_number(infer(factor)) and is_number(kind)
        zero = n.Compare(("eq",), (factor, ZERO))
        value, other = values[name], n.Const(safe)
        if number(value) is None:
            out[name] = (
                n.Choose(n.Compare(("ne",), (factor, ZERO)), value, other)
                if shapeless
                else np_call("where", zero, other, value)
            )
    return out


def callee(e: n.Expr) -> Any:
    """The function or the operator's name of an operation."""
    if isinstance(e, n.Call):
        return e.callee.value if isinstance(e.callee, n.Ref) else None
    return e.op if isinstance(e, n.Op) else None


def may_be_singular(e: n.Expr, bound: Bound, infer: Inference) -> bool:
    """Whether the value may be finite where its partials are not, as `sqrt` is at zero.

    Where it is infinite as well, nothing finite can be made of it in forward mode but by leaving
    it out, and that leaves its tangent out too.
    """
    if not bound.rule.safe or callee(e) in SINGULAR or _is_apart(e, bound, infer):
        return False
    if callee(e) in _POWERS:
        exponent = bound.operands.get("b")
        value = None if exponent is None else number(exponent)
        if value is not None:
            return 0.0 < value < 1.0
        dtype = None if exponent is None else dtype_of(infer(exponent))
        return dtype is None or dtype.kind not in "biu"
    return True


def _is_apart(e: n.Expr, bound: Bound, infer: Inference) -> bool:
    """Whether the operation is nowhere near its singular point, by how it is written."""
    what = callee(e)
    if what in _QUOTIENTS:
        return _is_positive(bound.operands["b"], infer)
    if what in _POWERS:
        return _is_positive(bound.operands["a"], infer)
    return what in _ROOTS and _is_positive(next(iter(bound.operands.values())), infer)


def _is_positive(e: n.Expr, infer: Inference) -> bool:
    """Whether the value is greater than zero (or NaN) by the form of the expression."""
    value = number(e)
    if value is not None:
        return value > 0
    if isinstance(e, n.Op) and e.op == "add":
        a, b = e.args
        if _is_positive(a, infer):
            return _is_not_negative(b, infer)
        return _is_positive(b, infer) and _is_not_negative(a, infer)
    if isinstance(e, n.Call) and callee(e) in _ROOTS and len(e.args) == 1:
        return _is_positive(e.args[0], infer)
    return False


def _is_not_negative(e: n.Expr, infer: Inference) -> bool:
    value = number(e)
    if value is not None:
        return value >= 0
    if is_complex(infer(e)):
        return False
    if isinstance(e, n.Op) and e.op in ("add", "mul", "div"):
        if e.op == "mul" and e.args[0] == e.args[1] and isinstance(e.args[0], n.Var):
            return True
        return all(_is_not_negative(arg, infer) for arg in e.args)
    if isinstance(e, n.Op) and e.op == "pow":
        exponent = number(e.args[1])
        even = type(exponent) is int and exponent % 2 == 0
        return even or _is_not_negative(e.args[0], infer)
    if isinstance(e, n.Call):
        if callee(e) in _NON_NEGATIVE or callee(e) in (np.sqrt, math.sqrt):
            return True
        return callee(e) in _SUMS and len(e.args) == 1 and _is_not_negative(e.args[0], infer)
    return False
