"""A row for each registered rule, and for each form of call that has a template of its own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from srcdiff.runtime import extent, product_of_others, product_of_others_along, unbroadcast
from tests.rules import rows_joining, rows_products, rows_shaping
from tests.rules.harness import Row, row, spellings
from tests.rules.values import values

ROWS: list[Row] = []

# --- elementwise --------------------------------------------------------------------------------

ANY = [-1.7, 0.4, 2.3]
OTHER = [0.9, -2.1, 1.3]
POSITIVE = [0.3, 1.4, 2.6]
UNIT = [-0.6, 0.2, 0.7]
ABOVE_ONE = [1.2, 2.3, 3.1]

for function, points in [
    (np.exp, ANY), (np.exp2, ANY), (np.expm1, ANY),
    (np.log, POSITIVE), (np.log2, POSITIVE), (np.log10, POSITIVE), (np.log1p, UNIT),
    (np.sin, ANY), (np.cos, ANY), (np.tan, UNIT), (np.arcsin, UNIT), (np.arccos, UNIT),
    (np.arctan, ANY), (np.sinh, ANY), (np.cosh, ANY), (np.tanh, ANY), (np.arcsinh, ANY),
    (np.arccosh, ABOVE_ONE), (np.arctanh, UNIT),
    (np.deg2rad, ANY), (np.radians, ANY), (np.rad2deg, ANY), (np.degrees, ANY),
    (np.sqrt, POSITIVE), (np.cbrt, ANY), (np.square, ANY), (np.reciprocal, ANY),
    (np.absolute, ANY), (np.fabs, ANY), (abs, ANY), (np.negative, ANY), (np.positive, ANY),
    ("neg", ANY), ("pos", ANY),
]:  # fmt: skip
    ROWS += spellings(function, points)

for function, first, second in [
    (np.logaddexp, ANY, OTHER), (np.arctan2, ANY, OTHER), (np.hypot, ANY, OTHER),
    (np.copysign, ANY, OTHER), (np.power, POSITIVE, OTHER),
    (np.add, ANY, OTHER), (np.subtract, ANY, OTHER), (np.multiply, ANY, OTHER),
    (np.divide, ANY, OTHER), (np.remainder, ANY, OTHER), (np.fmod, ANY, OTHER),
    (np.maximum, ANY, OTHER), (np.minimum, ANY, OTHER), (np.fmax, ANY, OTHER),
    (np.fmin, ANY, OTHER),
    ("add", ANY, OTHER), ("sub", ANY, OTHER), ("mul", ANY, OTHER), ("div", ANY, OTHER),
    ("mod", ANY, OTHER), ("pow", POSITIVE, OTHER), ("floordiv", ANY, OTHER),
]:  # fmt: skip
    ROWS += spellings(function, first, second)
ROWS += [replace(r, single=False) for r in spellings(np.float_power, POSITIVE, OTHER)]

# Powers with a literal exponent, of arrays and numbers, and a literal base.
for exponent in (0, 1, 2, 3, -1, -2, 0.5, 1.5, 1.1, -0.5, 2.0, 0.25, 1.0, 0.0):
    for base in (np.array(POSITIVE), 1.7, np.float64(1.7), np.array(1.7)):
        for name in ("pow", np.power):
            ROWS.append(Row(name, (base, exponent), literals=(1,)))
    ROWS.append(Row(math.pow, (1.7, exponent), literals=(1,)))
for exponent in (2, 3, -1, -2):
    ROWS.append(Row("pow", (np.array(ANY), exponent), literals=(1,)))
    ROWS.append(Row("pow", (-1.7, exponent), literals=(1,)))
    ROWS.append(Row("pow", (-1.7, exponent)))
    ROWS.append(Row("pow", (np.array(ANY), np.array([3, 2, -1]))))
ROWS += [
    Row("pow", (2.0, np.array(ANY)), literals=(0,)),
    Row("pow", (2, 0.7), literals=(0,)),
    Row("pow", (2, 3), literals=(0, 1)),
    Row("pow", (2, -3), literals=(0, 1)),
    Row("pow", (2, 3), literals=(0,)),
]

for condition in (np.array([True, False, True]), True, np.True_, np.array([[True], [False]])):
    ROWS.append(row(np.where, condition, np.array(ANY), np.array(OTHER)))
    ROWS.append(replace(row(np.where, condition, 1.5, np.array(OTHER)), single=False))
    ROWS.append(row(np.where, condition, 1.5, 2.5))
ROWS.append(row(np.where, np.array([True, False])))
ROWS.append(row(np.where, np.array([[True, False]])))

# --- math ---------------------------------------------------------------------------------------

for function, points in [
    (math.exp, ANY), (math.expm1, ANY), (math.exp2, ANY), (math.log, POSITIVE),
    (math.log2, POSITIVE), (math.log10, POSITIVE), (math.log1p, UNIT), (math.sin, ANY),
    (math.cos, ANY), (math.tan, UNIT), (math.asin, UNIT), (math.acos, UNIT), (math.atan, ANY),
    (math.sinh, ANY), (math.cosh, ANY), (math.tanh, ANY), (math.asinh, ANY),
    (math.acosh, ABOVE_ONE), (math.atanh, UNIT), (math.degrees, ANY), (math.radians, ANY),
    (math.sqrt, POSITIVE), (math.cbrt, ANY), (math.fabs, ANY), (math.erf, ANY), (math.erfc, ANY),
    (math.floor, ANY), (math.ceil, ANY), (math.trunc, ANY), (math.isnan, ANY), (math.isinf, ANY),
    (math.isfinite, ANY), (int, ANY), (bool, ANY), (float, ANY), (round, ANY), (callable, ANY),
]:  # fmt: skip
    for point in points:
        ROWS.append(row(function, point))
        r = row(function, np.float64(point))
        ROWS.append(replace(r, single=function is not math.trunc))  # which float32 lacks

for function in (math.atan2, math.hypot, math.copysign, math.fmod, math.isclose, max, min):
    for first, second in zip(ANY, OTHER, strict=True):
        ROWS.append(row(function, first, second))
        ROWS.append(row(function, second, first))
        ROWS.append(row(function, np.float64(first), np.float64(second)))
ROWS += [
    row(math.pow, 1.7, -0.4), row(math.pow, -1.7, 3), row(math.log, 1.7, 2.3),
    row(math.log, 3.0, 2),
    row(math.log, np.float64(1.7), 2.3),
    row(float, np.array(1.5)), row(float, 3), row(float, np.float64(2)),
    row(float, "1.5"), row(int, 3), row(int, True), row(int, "3"), row(round, 2.345, ndigits=1),
    row(round, np.float64(2.345), ndigits=1), row(round, np.float64(2.345)), row(round, 3),
    row(range, 4), row(range, 1, 4), row(range, 1, 4, 2),
    row(isinstance, 1.0, float), row(issubclass, float, object), row(hasattr, 1.0, "real"),
    row(any, [0.0, 1.0]), row(all, [0.0, 1.0]),
    row(sum, values(4)), row(sum, values(3, 2)), row(sum, values(4), 1.5),
    row(sum, values(3, 2), 1.5), row(sum, np.array([True, False])),
]  # fmt: skip

# --- zero derivative ----------------------------------------------------------------------------

for function in (
    np.floor, np.ceil, np.rint, np.trunc, np.fix, np.sign, np.signbit, np.round, np.isnan,
    np.isfinite, np.isinf, np.isneginf, np.isposinf, np.logical_not,
):  # fmt: skip
    ROWS += spellings(function, ANY)
for function in (
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and,
    np.logical_or, np.logical_xor, np.floor_divide, np.isclose, "eq", "ne", "lt", "le", "gt", "ge",
):  # fmt: skip
    ROWS += spellings(function, ANY, OTHER)
ints = np.array([3, 1, 2])
for function in (
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift,
    "bitand", "bitor", "bitxor", "lshift", "rshift",
):  # fmt: skip
    ROWS += [row(function, ints, ints), row(function, 3, 1), row(function, np.int32(3), 1)]
ROWS += [
    row(np.invert, ints), row("invert", ints), row("invert", 3), row("not", 0.0), row("not", 3),
    row("is", 1.0, None), row("is_not", 1.0, None), row("in", 1, (1, 2)), row("not_in", 1, (1, 2)),
    row("eq", "a", "b"), row("eq", (1, 2), (1, 2)), row("lt", 1, 2), row("eq", True, 1.0),
    row(np.round, values(3), decimals=1), row(np.round, 1.234, decimals=2),
    row(np.allclose, values(3), values(3)), row(np.array_equal, values(3), values(3)),
    row(np.may_share_memory, values(3), values(3)),
    row(np.shares_memory, values(3), values(3)),
    row(len, values(3)), row(len, values(3, 2)), row(len, (1.0, 2.0)),
    row(np.shape, values(3, 2)), row(np.shape, 1.0), row(np.ndim, values(3, 2)), row(np.ndim, 1.0),
    row(np.size, values(3, 2)), row(np.size, values(3)), row(np.size, values(3, 1)),
    row(np.size, values(3, 2), axis=1), row(np.size, 1.5), row(np.size, [1.0, 2.0]),
    row(np.argsort, values(4)), row(np.argsort, values(3, 2), axis=0),
]  # fmt: skip
for function in (np.argmax, np.argmin, np.any, np.all, np.count_nonzero):
    ROWS += [
        row(function, values(4)), row(function, values(3, 2)), row(function, values(3, 2), axis=0),
        row(function, values(3, 2), axis=-1), row(function, values(3, 2), axis=1, keepdims=True),
        row(function, 1.5), row(function, values(3, 2), keepdims=True),
    ]  # fmt: skip

# Ints, whose value is known where their operands' are, and shapes.
for name in ("add", "sub", "mul", "floordiv", "mod", "div"):
    ROWS += [
        row(name, 7, 2), Row(name, (7, 2), literals=(1,)), Row(name, (7, 2), literals=(0,)),
        Row(name, (7, 2), literals=(0, 1)), row(name, ints, 2), row(name, True, 2),
        row(name, 7, np.int32(2)), row(name, np.float32(7), 2.5), row(name, values(3), ints),
    ]  # fmt: skip
ROWS += [
    row("add", (3, 4), (2,)), Row("neg", (7,), literals=(0,)), row("neg", 7), row("pos", 7),
    row("neg", True), row("sub", np.array([True]), np.array([1])),
]  # fmt: skip

# --- reductions ---------------------------------------------------------------------------------

for function in (np.sum, np.mean, np.max, np.min, np.prod):
    ROWS += [
        row(function, values(4)), row(function, values(3, 2)), row(function, values(2, 3, 4)),
        row(function, 1.5), row(function, np.float64(1.5)), row(function, np.array(1.5)),
        row(function, np.array([3, 1, 2])), row(function, 3),
        row(function, np.array([True, False])),
        row(function, values(4), keepdims=True), row(function, values(3, 2), keepdims=True),
    ]  # fmt: skip
    for axis in (0, -1, (0,)):
        ROWS.append(row(function, values(4), axis=axis))
        ROWS.append(row(function, values(4), axis=axis, keepdims=True))
    for axis in (0, 1, -1, -2, (0, 1), (1, 0), ()):
        ROWS.append(row(function, values(3, 2), axis=axis))
        ROWS.append(row(function, values(3, 2), axis=axis, keepdims=True))
    for axis in (0, 1, 2, -1, (0, 1), (0, 2), (1, 2), (-1, 0), (0, 1, 2)):
        ROWS.append(row(function, values(2, 3, 4), axis=axis))
        ROWS.append(row(function, values(2, 3, 4), axis=axis, keepdims=True))

for function in (np.var, np.std):
    for keep in (False, True):
        ROWS += [
            row(function, values(4), keepdims=keep), row(function, values(3, 2), keepdims=keep),
            row(function, values(4), keepdims=keep, ddof=1), row(function, np.array([3, 1])),
            row(function, values(4), axis=0, keepdims=keep),
        ]  # fmt: skip
        for axis in (0, 1, -1, (0, 1)):
            ROWS.append(row(function, values(3, 2), axis=axis, keepdims=keep))
            ROWS.append(row(function, values(3, 4), axis=axis, keepdims=keep, ddof=1))
        for axis in (1, (0, 2), (0, 1, 2)):
            ROWS.append(row(function, values(2, 3, 4), axis=axis, keepdims=keep))
for bounds in ((-1.0, 1.0), (np.array([-1.0, 0.5, 2.5]), 3.0), (None, 1.0), (-1.0, None)):
    for point in (np.array(ANY), 0.4, np.float64(2.3), np.array([ANY, OTHER])):
        ROWS.append(row(np.clip, point, *bounds))

for axis in (None, 0, 1, (0, 2), -1):
    a, t, s = values(2, 3, 4), values(2, 3, 4), values(2, 3, 4)
    ROWS.append(row(product_of_others, a, axis=axis))
    ROWS.append(row(product_of_others_along, a, t, axis=axis))
    ROWS.append(row(product_of_others_along, a, t, s, axis=axis))
ROWS += [
    row(unbroadcast, values(2, 3), (3,)), row(unbroadcast, values(2, 3), (2, 1)),
    row(unbroadcast, values(2, 3), (2, 3)), row(unbroadcast, 1.5, (1,)), row(unbroadcast, 1.5, ()),
    row(extent, values(2, 3, 4), axis=(0, 2)), row(extent, values(2, 3), axis=1),
]  # fmt: skip

# --- linear algebra -----------------------------------------------------------------------------

SHAPES = ((), (3,), (2, 3), (3, 2), (3, 4), (2, 3, 4), (2, 4, 3), (5, 3, 4), (5, 2, 3, 4))
for function in (np.dot, np.matmul, "matmul"):
    for first in SHAPES:
        for second in (*SHAPES, (4,), (1, 4, 2), (5, 1, 4, 2)):
            a = values(*first) if first else 1.7
            b = values(*second) if second else 1.3
            try:
                Row(function, (a, b)).run(a, b)
            except (ValueError, TypeError):
                continue
            ROWS.append(row(function, a, b))
ROWS += [
    row(np.matmul, values(1, 3, 4), values(2, 4, 3)), row(np.dot, np.array(1.5), np.array(2.5)),
    row(np.matmul, values(2, 3, 4), ints[:, None].repeat(4, 0)[:4]),
    row(np.dot, ints, ints), row("matmul", ints, values(3)), row(np.dot, 1.5, values(3)),
]  # fmt: skip

for order in (None, 1, 2, 3, 2.5, np.inf, -np.inf, 0):
    ROWS.append(row(np.linalg.norm, values(4), ord=order))
    for axis in (0, 1, -1):
        for keep in (False, True):
            r = row(np.linalg.norm, values(3, 2), ord=order, axis=axis, keepdims=keep)
            ROWS.append(r)
    ROWS += [row(np.linalg.norm, values(2, 3, 4), ord=order, axis=axis) for axis in (0, 1, 2)]
ROWS += [
    row(np.linalg.norm, -1.5), row(np.linalg.norm, np.float64(-1.5)),
    row(np.linalg.norm, values(3, 2)), row(np.linalg.norm, values(3, 2), ord="fro"),
    row(np.linalg.norm, values(3, 2), keepdims=True), row(np.linalg.norm, values(2, 3, 4)),
    row(np.linalg.norm, values(2, 3, 4), axis=(0, 2)), row(np.linalg.norm, np.array([3, 4])),
    row(np.linalg.norm, values(2, 3, 4), ord="fro", axis=(1, 2)),
]  # fmt: skip

# --- shaping ------------------------------------------------------------------------------------

for shape in (12, -1, (12,), (3, 4), (4, -1), (-1, 4), (2, 2, 3), (2, -1, 3), (-1, 1), (1, 3, -1)):
    ROWS.append(row(np.reshape, values(3, 4), shape))
ROWS += [
    row(np.reshape, values(5), (5,)), row(np.reshape, values(5), -1), row(np.reshape, 1.5, (1, 1)),
    row(np.reshape, values(1), ()), row(np.reshape, values(5, 1), -1),
    row(np.reshape, np.float64(1.5), -1), row(np.reshape, values(3, 4), (3, 2, -1)),
    row(np.transpose, values(3)), row(np.transpose, values(3, 2)),
    row(np.transpose, values(2, 3, 4)),
    row(np.transpose, values(2, 3, 4), axes=(2, 0, 1)),
    row(np.transpose, values(3, 2), axes=(-1, 0)),
    row(np.ndarray.reshape, values(3, 4), 4, 3), row(np.ndarray.reshape, values(3, 4), (4, 3)),
    row(np.ndarray.reshape, values(3, 4), -1), row(np.generic.reshape, np.float64(1.5), 1),
    row(np.ndarray.transpose, values(3, 2)), row(np.generic.transpose, np.float64(1.5)),
    Row(np.ndarray.transpose, (values(2, 3, 4), 2, 0, 1), literals=(1, 2, 3)),
    row(np.transpose, 1.5), row(np.transpose, np.float64(1.5)), row(np.squeeze, np.float64(1.5)),
    row(np.reshape, np.float64(1.5), ()), row(np.reshape, np.float64(1.5), (1,)),
    row(np.expand_dims, np.float64(1.5), axis=0), row(np.broadcast_to, np.float64(1.5), ()),
    row(np.copy, values(1)), row(np.reshape, 1.5, ()),
    row(np.swapaxes, values(2, 3, 4), axis1=0, axis2=-1),
    row(np.swapaxes, values(2, 3), axis1=1, axis2=0),
    row(np.moveaxis, values(2, 3, 4), source=0, destination=-1),
    row(np.moveaxis, values(2, 3, 4), source=(0, 1), destination=(2, 0)),
    row(np.expand_dims, values(3), axis=0), row(np.expand_dims, values(3), axis=-1),
    row(np.expand_dims, values(3, 2), axis=(0, 2)), row(np.expand_dims, 1.5, axis=0),
    row(np.squeeze, values(3, 1), axis=1), row(np.squeeze, values(1, 3, 1), axis=(0, -1)),
    replace(row(np.squeeze, values(1, 3, 1)), vague=True), row(np.squeeze, values(1, 1)),
    row(np.squeeze, 1.5), row(np.squeeze, values(1), axis=0),
    row(np.broadcast_to, values(3), (2, 3)), row(np.broadcast_to, values(3, 1), (3, 2)),
    row(np.broadcast_to, values(3), (3,)), row(np.broadcast_to, 1.5, (2, 3)),
    row(np.broadcast_to, np.float64(1.5), 3),
]  # fmt: skip
for function in (np.ravel, np.ndarray.flatten, np.copy, np.ndarray.copy, np.array, np.asarray,
                 np.ascontiguousarray):  # fmt: skip
    ROWS += [row(function, values(*shape)) for shape in ((3,), (3, 2), (1, 3), (1,), ())]
for function in (np.ravel, np.copy, np.array, np.asarray, np.ascontiguousarray):
    ROWS += [row(function, 1.5), row(function, np.float64(1.5)), row(function, 3)]
ROWS += [
    row(np.generic.copy, np.float64(1.5)), row(np.generic.item, np.float64(1.5)),
    row(np.ndarray.item, np.array([1.5])), row(np.ndarray.item, np.array(2.5)),
    row(np.array, [1, 2]), row(np.array, [[1, 2], [3, 4]]), row(np.array, [True, 2]),
    row(np.array, values(3), dtype=int), row(np.array, ints, dtype=np.float64),
    row(np.asarray, (1, 2), dtype=float), row(np.asarray, values(3), dtype="f8"),
    replace(row(np.ndarray.astype, values(3), dtype=np.float64), widens=True),
    row(np.ndarray.astype, values(3), dtype=int), row(np.ndarray.astype, ints, dtype=float),
    row(np.generic.astype, np.float64(1.5), dtype=np.int64),
    replace(row(np.generic.astype, np.float64(1.5), dtype=float), widens=True),
]  # fmt: skip
for function in (np.float64, np.float32, np.float16, np.int64, np.int32, np.intp, np.bool_):
    ROWS += [replace(row(function, x), single=False) for x in (3, True, np.int64(2), ints)]
ROWS += [row(np.int64, 1.5), row(np.bool_, 1.5), replace(row(np.float64, values(3)), single=False)]
ROWS += [row(np.float64, 1.5), replace(row(np.float64, np.float64(1.5)), single=False)]

# --- creation -----------------------------------------------------------------------------------

for function in (np.zeros, np.ones, np.empty):
    ROWS += [row(function, 3), row(function, (3, 2)), row(function, (), dtype=np.float32),
             row(function, (3, 0), dtype=int)]  # fmt: skip
for function in (np.zeros_like, np.ones_like, np.empty_like):
    ROWS += [row(function, values(3, 2)), row(function, 1.5), row(function, ints),
             row(function, np.float64(1.5)), row(function, ints, dtype=float)]  # fmt: skip
ROWS += [
    row(np.full, 3, 1.5), row(np.full, (3, 2), np.float64(1.5)), row(np.full, 3, 2),
    row(np.full, (3, 2), values(2)), row(np.full, 3, 2, dtype=float),
    row(np.full, 3, 1.5, dtype=int),
    row(np.full_like, values(3), 1.5), row(np.full_like, values(3, 2), values(3, 1)),
    row(np.full_like, ints, 1.5), row(np.full_like, ints, 1.5, dtype=float),
    row(np.eye, 3), row(np.eye, 3, 2), row(np.eye, 3, k=1), row(np.identity, 3),
    row(np.arange, 4), row(np.arange, 1, 4), row(np.arange, 0, 4), row(np.arange, 1, 9, 2),
    row(np.arange, 0.5, 4.2), row(np.arange, 0.5, 4.2, 0.75), row(np.arange, 3.5),
    Row(np.arange, (1, 7), literals=(0,)), Row(np.arange, (1, 7), literals=(0, 1)),
    Row(np.arange, (7,), literals=(0,)), row(np.arange, 4, dtype=float), row(np.arange, 3, 1),
    row(np.linspace, 0.5, 2.5), row(np.linspace, 0.5, 2.5, 4), row(np.linspace, 0, 1, 4),
    row(np.linspace, 0.5, 2.5, 4, endpoint=False), row(np.linspace, 0.5, 2.5, 1),
]  # fmt: skip

# Extrema count their ties in int64, by which a float32 adjoint becomes float64.
ROWS = [
    replace(r, widens=True)
    if r.callee in (np.max, np.min) or r.constants.get("ord") in (np.inf, -np.inf)
    else r
    for r in ROWS
]

for module in (rows_joining, rows_shaping, rows_products):
    ROWS += module.ROWS
