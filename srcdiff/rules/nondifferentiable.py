"""Functions whose derivative is zero wherever they have one: only the result's kind matters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    BOOL,
    FLOAT,
    INT,
    UNKNOWN,
    Array,
    Dim,
    Dims,
    Kind,
    ListOf,
    Number,
    RangeOf,
    TupleOf,
    dims_of,
    is_complex,
)
from srcdiff.rules.operands import (
    array_kind,
    array_parts,
    dims_kind,
    normalize_axes,
    reduce_dims,
    require_values,
)
from srcdiff.rules.registry import NoRule, Rule, rule
from srcdiff.rules.sampling import elementwise_kind
from srcdiff.runtime import stop_gradient


def steps(*functions: Callable[..., Any]) -> None:
    """Registers elementwise functions of one or two operands."""
    for function in functions:
        if isinstance(function, np.ufunc) and function.nin == 2:
            _binary(function)
        else:
            _unary(function)


def _unary(function: Callable[..., Any]) -> None:
    @rule(function)
    def unary(x: Kind) -> Rule:
        return Rule(kind=elementwise_kind(function, x), elementwise=True)


def _binary(function: Callable[..., Any]) -> None:
    @rule(function)
    def binary(a: Kind, b: Kind) -> Rule:
        return Rule(kind=elementwise_kind(function, a, b), elementwise=True)


steps(np.floor, np.ceil, np.rint, np.trunc, np.signbit)
steps(np.isnan, np.isfinite, np.isinf, np.isneginf, np.isposinf)
steps(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
steps(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
steps(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert)
steps(np.left_shift, np.right_shift, np.floor_divide)


@rule(np.sign)
def sign(x: Kind) -> Rule:
    if is_complex(x):
        raise NoRule("of complex values it is no constant", "write z / abs(z)")
    return Rule(kind=elementwise_kind(np.sign, x), elementwise=True)


@rule(np.fix)
def fix(x: Kind) -> Rule:
    """`np.trunc` by its old name, which warns in NumPy 2.5."""
    return Rule(kind=elementwise_kind(np.trunc, x), elementwise=True)


@rule(np.round, np.around)
def round_(a: Kind, decimals: Any = 0) -> Rule:
    return Rule(kind=elementwise_kind(lambda x: np.round(x, decimals), a), elementwise=True)


@rule(np.isclose)
def isclose(a: Kind, b: Kind, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Rule:
    return Rule(kind=elementwise_kind(np.isclose, a, b), elementwise=True)


@rule(np.allclose, np.array_equal)
def same(a: Kind, b: Kind, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Rule:
    return Rule(kind=BOOL)


@rule(np.may_share_memory, np.shares_memory)
def shares(a: Kind, b: Kind) -> Rule:
    return Rule(kind=BOOL)


# --- math and builtins --------------------------------------------------------------------------


@rule(math.floor, math.ceil, math.trunc)
def whole(x: Kind) -> Rule:
    return Rule(kind=INT)


@rule(math.isnan, math.isinf, math.isfinite)
def classify(x: Kind) -> Rule:
    return Rule(kind=BOOL)


@rule(math.isclose)
def isclose_numbers(a: Kind, b: Kind, rel_tol: Any = 1e-09, abs_tol: Any = 0.0) -> Rule:
    return Rule(kind=BOOL)


@rule(int)
def int_(x: Kind) -> Rule:
    return Rule(kind=x if isinstance(x, Number) and x.type is int else INT)


@rule(bool, isinstance, issubclass, callable, hasattr, any, all)
def truth(a: Kind, b: Kind | None = None) -> Rule:
    return Rule(kind=BOOL)


@rule(round)
def builtin_round(number: Kind, ndigits: Any = None) -> Rule:
    return Rule(kind=elementwise_kind(lambda x: round(x, ndigits), number), elementwise=True)


@rule(range)
def range_(a: Kind, b: Kind | None = None, c: Kind | None = None) -> Rule:
    return Rule(kind=RangeOf())


# --- shapes -------------------------------------------------------------------------------------


@rule(len)
def length(x: Kind) -> Rule:
    if isinstance(x, Array) and x.dims:
        return Rule(kind=Number(int, size=x.dims[0]))
    return Rule(kind=Number(int, size=len(x.items)) if isinstance(x, TupleOf) else INT)


@rule(np.shape)
def shape(a: Kind) -> Rule:
    dims = _dims(a)
    return Rule(kind=UNKNOWN if dims is None else dims_kind(dims))


@rule(np.ndim)
def ndim(a: Kind) -> Rule:
    dims = _dims(a)
    return Rule(kind=INT if dims is None else Number(int, size=len(dims)))


@rule(np.size)
def size(a: Kind, axis: Any = None) -> Rule:
    dims = _dims(a)
    if dims is None:
        return Rule(kind=INT)
    kept = [dims[i] for i in normalize_axes(axis, len(dims))]
    unknown = [dim for dim in kept if isinstance(dim, Dim)]
    known = math.prod(dim for dim in kept if isinstance(dim, int))
    if not unknown or known == 0:
        return Rule(kind=Number(int, size=known))
    return Rule(kind=Number(int, size=unknown[0]) if known == len(unknown) == 1 else INT)


def _dims(kind: Kind) -> Dims | None:
    return None if isinstance(kind, ListOf | TupleOf) else dims_of(kind)


# --- searches and counts ------------------------------------------------------------------------


@rule(np.argmax, np.argmin)
def position(a: Kind, axis: Any = None, keepdims: Any = False) -> Rule:
    _, dims = array_parts(a)
    axes = normalize_axes(axis, len(dims))
    return Rule(kind=array_kind(np.intp, reduce_dims(dims, axes, keepdims)))


@rule(np.argsort)
def argsort(a: Kind, axis: Any = -1, kind: Any = None, stable: Any = None) -> Rule:
    _, dims = array_parts(a)
    if axis is None and len(dims) != 1:
        raise NoRule("the length of the flattened array is not known", "np.argsort(a.ravel())")
    return Rule(kind=Array(np.dtype(np.intp), dims))


@rule(np.any, np.all)
def truths(a: Kind, axis: Any = None, keepdims: Any = False) -> Rule:
    _, dims = array_parts(a)
    axes = normalize_axes(axis, len(dims))
    return Rule(kind=array_kind(np.bool_, reduce_dims(dims, axes, keepdims)))


@rule(np.count_nonzero)
def count_nonzero(a: Kind, axis: Any = None, keepdims: Any = False) -> Rule:
    require_values(a)
    if axis is None and not keepdims:
        # An int up to NumPy 2.3.
        return Rule(kind=elementwise_kind(np.count_nonzero, FLOAT))
    _, dims = array_parts(a)
    axes = normalize_axes(axis, len(dims))
    return Rule(kind=array_kind(np.intp, reduce_dims(dims, axes, keepdims)))


@rule(stop_gradient)
def stopped(x: Kind) -> Rule:
    return Rule(kind=x, shares=("x",))
