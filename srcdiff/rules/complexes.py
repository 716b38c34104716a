"""Complex numbers, and which of the other rules hold for them.

An adjoint `d` pairs with a tangent `t` as Re(sum(d * t)), nothing conjugated. So the adjoint of an
analytic function is `d` times its derivative, as for real ones, and the gradient of a real function
with respect to a complex argument z = a + ib is df/da - i df/db. What reaches a real operand is
the real part; the engine takes it.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.kinds import COMPLEX, FLOAT, Kind, is_complex
from srcdiff.rules.operands import require_values
from srcdiff.rules.registry import Pull, Rule, Template, for_complex, rule
from srcdiff.rules.sampling import elementwise_kind
from srcdiff.runtime.broadcast import unbroadcast
from srcdiff.runtime.constants import stop_gradient
from srcdiff.runtime.placing import diagonal_array, scatter, undo_diff
from srcdiff.runtime.products import product_of_others

# --- parts --------------------------------------------------------------------------------------


@rule(np.real)
def real(val: Kind) -> Rule:
    return _part(np.real, val, lambda d: d)


@rule(np.imag)
def imag(val: Kind) -> Rule:
    kind = elementwise_kind(np.imag, val)
    if not is_complex(val):
        require_values(val)
        return Rule(kind=kind)
    return _part(np.imag, val, lambda d: -1j * d)


@rule(np.conjugate)
def conjugate(x: Kind) -> Rule:
    require_values(x)
    template: Template = (lambda d: np.conj(d)) if is_complex(x) else lambda d: d
    pull = Pull(template, scalar=template)
    kind = elementwise_kind(np.conjugate, x)
    # The method gives a real array itself.
    return Rule(kind=kind, pulls={"x": pull}, linear=("x",), shares=("x",))


@rule(complex.conjugate)
def conjugate_number(x: Kind) -> Rule:
    """The method of Python's numbers, which gives a Python number."""
    template: Template = (lambda d: np.conj(d)) if is_complex(x) else lambda d: d
    return Rule(kind=x, pulls={"x": Pull(template)}, linear=("x",))


def _part(function: Callable[..., Any], val: Kind, template: Template) -> Rule:
    """A part is a view; it is linear in real numbers, and its tangent that part of the tangent."""
    require_values(val)
    pull = Pull(template, scalar=template)
    kind = elementwise_kind(function, val)
    return Rule(kind=kind, pulls={"val": pull}, linear=("val",), shares=("val",))


@rule(np.angle)
def angle(z: Kind, deg: Any = False) -> Rule:
    """Of real numbers it is a step: 0 or pi."""
    require_values(z)
    kind = elementwise_kind(lambda x: np.angle(x, deg), z)
    if not is_complex(z):
        return Rule(kind=kind, elementwise=True)
    factor = 180.0 / math.pi
    template: Template = (lambda z: -1j * factor / z) if deg else lambda z: -1j / z
    return Rule(kind=kind, pulls={"z": Pull(template)}, elementwise=True, safe={"z": 1.0})


@rule(complex)
def complex_(real: Kind, imag: Kind | None = None) -> Rule:
    pulls = {"real": Pull(lambda d: d)}
    if imag is not None:
        pulls["imag"] = Pull(lambda d: 1j * d)
    return Rule(kind=COMPLEX, pulls=pulls, elementwise=True)


# --- cmath --------------------------------------------------------------------------------------


def of_complex(function: Callable[..., Any], partial: Template) -> None:
    """Registers an analytic function of `cmath`."""

    @rule(function)
    def unary(x: Kind) -> Rule:
        require_values(x)
        return Rule(kind=COMPLEX, pulls={"x": Pull(partial)}, elementwise=True)

    for_complex(function)


of_complex(cmath.exp, lambda y: y)
of_complex(cmath.log, lambda x: 1.0 / x)
of_complex(cmath.sqrt, lambda y: 0.5 / y)
of_complex(cmath.sin, lambda x: cmath.cos(x))
of_complex(cmath.cos, lambda x: -cmath.sin(x))
of_complex(cmath.tan, lambda y: 1.0 + y * y)
of_complex(cmath.sinh, lambda x: cmath.cosh(x))
of_complex(cmath.cosh, lambda x: cmath.sinh(x))
of_complex(cmath.tanh, lambda y: 1.0 - y * y)


@rule(cmath.phase)
def phase(x: Kind) -> Rule:
    require_values(x)
    if not is_complex(x):
        return Rule(kind=FLOAT, elementwise=True)
    return Rule(kind=FLOAT, pulls={"x": Pull(lambda x: -1j / x)}, elementwise=True)


# --- rules that hold as they are ----------------------------------------------------------------

# Linear, or analytic. Not arccosh: its partial is on another branch of the square root.
ANALYTIC: tuple[Any, ...] = (
    *("add", "sub", "mul", "div", "pow", "neg", "pos", "matmul", pow, sum, abs),
    *(np.add, np.subtract, np.multiply, np.divide, np.power, np.negative, np.positive),
    *(np.square, np.reciprocal, np.sqrt, np.exp, np.exp2, np.expm1, np.absolute),
    *(np.log, np.log2, np.log10, np.log1p),
    *(np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan),
    *(np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh),
    *(np.sum, np.mean, np.prod, np.cumsum, np.diff, np.where, np.full, np.full_like),
    *(np.zeros_like, np.ones_like, np.empty_like),
    *(np.dot, np.matmul, np.inner, np.outer, np.tensordot, np.einsum),
    *(np.linalg.solve, np.linalg.inv, np.tril, np.triu, np.diag, np.diagonal, np.trace),
    *(np.reshape, np.ndarray.reshape, np.generic.reshape, np.ravel, np.ndarray.flatten),
    *(np.expand_dims, np.squeeze, np.transpose, np.ndarray.transpose, np.generic.transpose),
    *(np.swapaxes, np.moveaxis, np.broadcast_to, np.copy, np.ndarray.copy, np.generic.copy),
    *(np.array, np.asarray, np.ascontiguousarray, np.ndarray.astype, np.generic.astype),
    *(np.ndarray.item, np.generic.item, np.complex128, np.complex64, complex),
    *(np.concatenate, np.append, np.stack, np.hstack, np.vstack, np.dstack, np.column_stack),
    *(np.roll, np.flip, np.flipud, np.fliplr, np.rot90, np.repeat, np.tile, np.take),
    *(np.real, np.imag, np.conjugate, np.angle, complex.conjugate, cmath.phase, stop_gradient),
    *(unbroadcast, product_of_others, scatter, diagonal_array, undo_diff),
)
for_complex(*ANALYTIC)
