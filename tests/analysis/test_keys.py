"""Kinds of indexing against what NumPy gives, for keys of every sort."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from srcdiff.analysis.keys import copies, may_repeat
from srcdiff.analysis.shapes import index_kind
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import UNKNOWN, Array, Dim, Kind, Known, ListOf, Number, Scalar, TupleOf

INT = np.dtype(np.intp)
MASK_ROWS = np.array([True, False, True])
MASK = np.arange(12).reshape(3, 4) % 3 == 0

# The name of a variable, its value, and its kind.
VARIABLES = {
    "i": (1, Number(int)),
    "j": (np.intp(0), Scalar(INT)),
    "zero_d": (np.array(1), Array(INT, ())),
    "rows": (np.array([0, 2, 2]), Array(INT, (3,))),
    "column": (np.array([[0], [1]]), Array(INT, (2, 1))),
    "named": (np.array([1, 0]), Array(INT, (Dim("n", not_one=True),))),
    "listed": ([2, 0, 1], ListOf(Number(int))),
    "mask_rows": (MASK_ROWS, Array(np.dtype(bool), (3,))),
    "mask": (MASK, Array(np.dtype(bool), (3, 4))),
    "pair": ((np.array([0, 1]), np.array([2, 3])), TupleOf((Array(INT, (2,)),) * 2)),
    "row": ((1,), TupleOf((Number(int),))),
}
DISPLAY = n.List((n.Const(0), n.Const(2)))
NESTED = n.List((n.List((n.Const(0), n.Const(1))), n.List((n.Const(1), n.Const(0)))))
ITEMS = [
    *(n.Var(name) for name in ("i", "zero_d", "rows", "column", "named", "mask_rows", "mask")),
    n.Slice(), n.Slice(n.Const(1)), n.Const(None), n.Const(Ellipsis), DISPLAY,
]  # fmt: skip
SINGLE = [*ITEMS, *(n.Var(name) for name in ("j", "listed", "pair", "row")), NESTED]
KEYS = [
    *SINGLE,
    *(n.Tuple(items) for r in (1, 2, 3) for items in itertools.product(ITEMS, repeat=r)),
]


def infer(e: n.Expr) -> Kind:
    match e:
        case n.Var():
            return VARIABLES[e.name][1]
        case n.Const() if type(e.value) is int:
            return Number(int, size=e.value)
        case n.Const():
            return Known(e.value)
    return UNKNOWN


def evaluated(e: n.Expr):
    match e:
        case n.Var():
            return VARIABLES[e.name][0]
        case n.Const():
            return e.value
        case n.Slice():
            return slice(None if e.lower is None else evaluated(e.lower), None)
        case n.List():
            return [evaluated(item) for item in e.items]
        case n.Tuple():
            return tuple(evaluated(item) for item in e.items)
    raise TypeError(e)


@pytest.mark.parametrize("ndim", [1, 2, 3, 4])
def test_kinds_of_indexing(ndim: int) -> None:
    x = np.arange(float(np.prod((3, 4, 5, 2)[:ndim]))).reshape((3, 4, 5, 2)[:ndim])
    kind = Array(x.dtype, x.shape)
    seen = 0
    for key in KEYS:
        try:
            y = x[evaluated(key)]
        except IndexError:
            continue
        got = index_kind(kind, key, infer, "here")
        assert got != UNKNOWN, key
        if isinstance(got, Scalar):
            assert isinstance(y, np.generic), key
            continue
        assert isinstance(got, Array), key
        assert isinstance(y, np.ndarray), key
        assert y.ndim == got.ndim, key
        for size, dim in zip(y.shape, got.dims, strict=True):
            assert not isinstance(dim, int) or dim == size, key
            assert isinstance(dim, int) or dim.name != "n" or size == 2, key
        if y.size:
            assert copies(key, infer) != np.shares_memory(x, y), key
        seen += 1
    assert seen > 40


def test_keys_that_are_not_known() -> None:
    kind = Array(np.dtype(float), (3, 4))
    for key in (
        n.Const("text"),
        n.Var("i_float"),
        n.Const(True),
        n.List(()),
        n.List((n.Const(0.5),)),
    ):
        VARIABLES["i_float"] = (0.5, Number(float))
        assert index_kind(kind, key, infer, "here") == UNKNOWN


def test_repeated_elements() -> None:
    for key in (n.Var("i"), n.Slice(), n.Var("mask"), DISPLAY, n.Tuple((n.Slice(), DISPLAY))):
        assert not may_repeat(key, infer)
    mixed = n.List((n.Const(0), n.Const(-1)))
    twice = n.List((n.Const(1), n.Const(1)))
    for key in (n.Var("rows"), n.Var("listed"), n.Var("pair"), mixed, twice, NESTED):
        assert may_repeat(key, infer)
