"""Points without a derivative, and points where a naive formula is not finite."""

from __future__ import annotations

import math

import numpy as np
import pytest

from srcdiff.ir.kinds import FLOAT, INT, Dim, Number, Scalar
from srcdiff.rules.registry import NoRule, lookup
from tests.rules.harness import READINGS, Row, bind, contribution

INF = np.inf


def gradients(row: Row, d=None) -> dict[str, np.ndarray]:
    """The contributions for an adjoint of ones, the same in all readings."""
    results = []
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        y = row.run(*row.operands)
        seed = d if d is not None else np.ones_like(y) if isinstance(y, np.ndarray) else 1.0
        results.append({name: contribution(rule, name, operands, y, seed) for name in rule.pulls})
    for other in results[1:]:
        for name in results[0]:
            np.testing.assert_array_equal(other[name], results[0][name])
    return results[0]


def array(*entries: float) -> np.ndarray:
    return np.array(entries)


# callee, operands, gradient with respect to each operand
POINTS = [
    (abs, (0.0,), (0.0,)),
    (abs, (array(0.0, -2.0),), (array(0.0, -1.0),)),
    (np.absolute, (0.0,), (0.0,)),
    (math.fabs, (0.0,), (0.0,)),
    (np.maximum, (array(1.0, 2.0, 3.0), array(1.0, 5.0, 2.0)), ([0.5, 0, 1], [0.5, 1, 0])),
    (np.minimum, (array(1.0, 2.0, 3.0), array(1.0, 5.0, 2.0)), ([0.5, 1, 0], [0.5, 0, 1])),
    (np.maximum, (2.0, 2.0), (0.5, 0.5)),
    (np.minimum, (2.0, 2.0), (0.5, 0.5)),
    (np.fmax, (array(1.0, np.nan, 3.0), array(1.0, 5.0, np.nan)), ([0.5, 0, 1], [0.5, 1, 0])),
    (np.fmin, (1.0, math.nan), (1.0, 0.0)),
    (np.maximum, (array(np.nan), array(1.0)), (0.0, 0.0)),
    (max, (2.0, 2.0), (1.0, 0.0)),
    (min, (2.0, 2.0), (1.0, 0.0)),
    (max, (1.0, 2.0), (0.0, 1.0)),
    (np.max, (array(1.0, 3.0, 3.0),), ([0.0, 0.5, 0.5],)),
    (np.min, (array(1.0, 1.0, 1.0, 2.0),), ([1 / 3, 1 / 3, 1 / 3, 0.0],)),
    (np.clip, (array(-1.0, 0.0, 0.5, 1.0, 2.0), 0.0, 1.0), ([0, 0.5, 1, 0.5, 0], 1.5, 1.5)),
    (np.clip, (0.0, 0.0, 1.0), (0.5, 0.5, 0.0)),
    (np.nan_to_num, (array(np.nan, 1.0, INF),), ([0.0, 1.0, 0.0],)),
    (np.nan_to_num, (-INF,), (0.0,)),
    (np.sqrt, (0.0,), (INF,)),
    (np.sqrt, (array(0.0, 4.0),), (array(INF, 0.25),)),
    (math.sqrt, (0.0,), (INF,)),
    (np.cbrt, (0.0,), (INF,)),
    (math.cbrt, (0.0,), (INF,)),
    (np.log, (0.0,), (INF,)),
    (np.log2, (0.0,), (INF,)),
    (np.log10, (0.0,), (INF,)),
    (np.log1p, (-1.0,), (INF,)),
    (np.reciprocal, (0.0,), (-INF,)),
    (np.arcsin, (1.0,), (INF,)),
    (math.asin, (1.0,), (INF,)),
    (math.acos, (1.0,), (-INF,)),
    (np.arccosh, (1.0,), (INF,)),
    (math.acosh, (1.0,), (INF,)),
    (np.arctanh, (1.0,), (INF,)),
    (np.hypot, (0.0, 0.0), (0.0, 0.0)),
    (math.hypot, (0.0, 0.0), (0.0, 0.0)),
    (np.divide, (1.0, 0.0), (INF, -INF)),
    (np.linalg.norm, (array(0.0, 0.0),), ([0.0, 0.0],)),
    (np.linalg.norm, (0.0,), (0.0,)),
    (np.std, (array(2.0, 2.0),), ([0.0, 0.0],)),
    (np.prod, (array(2.0, 0.0, 5.0),), ([0.0, 10.0, 0.0],)),
    (np.prod, (array(2.0, 0.0, 0.0),), ([0.0, 0.0, 0.0],)),
    (np.mod, (7.5, 2.0), (1.0, -3.0)),
    (np.mod, (1.0, 0.1), (1.0, -9.0)),  # floor(1.0 / 0.1) is 10
    ("mod", (-7.5, 2.0), (1.0, 4.0)),
    (np.fmod, (-7.5, 2.0), (1.0, 3.0)),
    (np.copysign, (0.0, -1.0), (0.0,)),
    (math.atan, (1e300,), (0.0,)),
    (math.asinh, (1e300,), (0.0,)),
    (np.tanh, (1e300,), (0.0,)),
]


@pytest.mark.parametrize(("callee", "operands", "expected"), POINTS)
def test_points(callee, operands, expected) -> None:
    got = gradients(Row(callee, operands))
    for value, right in zip(got.values(), expected, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-12)


@pytest.mark.parametrize("function", ["pow", np.power, np.float_power, math.pow])
@pytest.mark.parametrize("kind", [float, np.float64, np.array])
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0.0, 0.0, (0.0, 0.0)),
        (0.0, 1.0, (1.0, 0.0)),
        (0.0, 2.0, (0.0, 0.0)),
        (0.0, 3.0, (0.0, 0.0)),
        (0.0, 0.5, (INF, 0.0)),
        (2.0, 0.0, (0.0, math.log(2.0))),
        (-2.0, 3.0, (12.0, None)),
        (-2.0, 2.0, (-4.0, None)),
        (-2.0, -1.0, (-0.25, None)),
        (-2.0, 0.0, (0.0, None)),
    ],
)
def test_powers(function, kind, a, b, expected) -> None:
    if function is math.pow and kind is np.array:
        return
    row = Row(function, (kind(a), kind(b)))
    for checked in (row, Row(function, (kind(a), b), literals=(1,))):
        got = gradients(checked)
        assert got.get("a", 0.0) == pytest.approx(expected[0])
        if checked is row and expected[1] is not None:
            assert got["b"] == pytest.approx(expected[1])


def test_infinite_adjoint_is_selected() -> None:
    """As in sqrt(maximum(x, 0)) where x is negative."""
    for function in (np.maximum, np.fmax):
        for a, b in ((array(-1.0), array(0.0)), (-1.0, 0.0), (array(-1.0, -2.0), 0.0)):
            assert np.all(gradients(Row(function, (a, b)), INF)["a"] == 0.0)


@pytest.mark.parametrize(
    ("callee", "operands"),
    [
        (np.sqrt, (0.0,)), (np.cbrt, (0.0,)), (np.log, (0.0,)), (np.log1p, (-1.0,)),
        (np.reciprocal, (0.0,)), (np.arcsin, (1.0,)), (np.arccos, (-1.0,)), (np.arctanh, (1.0,)),
        (np.arccosh, (1.0,)), (np.arctan2, (0.0, 0.0)), (np.divide, (1.0, 0.0)),
        (np.divide, (0.0, 0.0)), (np.power, (0.0, -1.0)), (np.power, (0.0, 0.5)),
        (np.exp, (1e4,)), (np.exp2, (1e4,)), (np.expm1, (1e4,)), (np.sinh, (1e4,)),
        (np.cosh, (1e4,)), (np.remainder, (1.0, 0.0)), (np.fmod, (1.0, 0.0)),
        (np.logaddexp, (-INF, -INF)), ("div", (1.0, 0.0)), ("pow", (0.0, 0.5)), ("mod", (1.0, 0.0)),
        (math.sqrt, (0.0,)), (math.cbrt, (0.0,)), (math.asin, (1.0,)), (math.acos, (1.0,)),
        (math.acosh, (1.0,)), (math.atan2, (0.0, 0.0)), (math.pow, (0.0, 0.5)),
    ],
)  # fmt: skip
def test_safe_values(callee, operands) -> None:
    """A zero adjoint contributes zero, with the safe values in place of the operands."""
    module = getattr(callee, "__module__", None)
    values = operands if module == "math" else tuple(map(np.array, operands))
    row = Row(callee, values)
    for literals in ((), (1,)):
        if literals and len(operands) == 1:
            continue
        checked = Row(callee, (*values[:-1], operands[-1]), literals=literals) if literals else row
        rule, named = bind(checked, READINGS[0], checked.operands)
        y = rule.safe.get("y", checked.run(*checked.operands))
        safe = {name: rule.safe.get(name, value) for name, value in named.items()}
        for name in rule.pulls:
            assert contribution(rule, name, safe, y, 0.0) == 0.0


def test_sizes_of_ints() -> None:
    def size(name, a, b):
        entry = lookup(name)
        assert entry is not None
        return entry.maker(Number(int, size=a), Number(int, size=b)).kind.size

    n = Dim("n")
    assert size("sub", n, 2) == Dim("n", 2)
    assert size("add", n, 1) == size("add", 1, n) == Dim("n", -1)
    assert size("add", Dim("n", -3), -1) == Dim("n", -2)
    assert size("add", Dim("n", 2), 1) is None  # (n - 2 or 0) + 1 is not (n - 1 or 0)
    assert size("sub", 2, n) is None
    assert size("add", n, n) == Dim("n+n", not_one=True)
    assert size("add", n, Dim("m", -1)) == Dim("m+n", -1)
    assert size("add", n, Dim("m", 1)) is None
    assert size("mul", 3, 4) == 12
    assert size("floordiv", 7, 0) is None


REFUSED = [
    Row("add", (np.ones(3), (1.0, 2.0))),
    Row(np.sin, ("text",)),
    Row(np.sum, ([1.0, 2.0],)),
    Row(np.linalg.norm, (np.ones((2, 2)),), {"ord": 2}),
    Row(np.linalg.norm, (np.ones((2, 2)),), {"ord": "nuc"}),
    Row(math.sin, (np.ones(3),)),
    Row(max, (np.ones(3), np.ones(3))),
    Row(np.std, (1.5,)),
    Row("matmul", (1.0, np.ones(2))),
    Row(np.histogram, (np.ones(3), "auto")),
    Row(np.cov, (np.ones((2, 3)), np.ones(3))),
    Row(np.concatenate, ((1.0, 2.0),)),
    Row(np.concatenate, (np.ones((2, 2)),)),
    Row(np.concatenate, ((np.ones((2, 2)), np.ones(2)),)),
    Row(np.diff, (1.5,)),
    Row(np.trace, (np.ones(2),)),
    Row(np.take, (np.ones(2), 1.0)),
    Row(np.einsum, ("ij->i", np.ones(2))),
    Row(np.einsum, ("i,i->", np.ones(2))),
    Row(np.einsum, (np.ones(2), [0], [0])),
    Row(np.sum, (np.ones(3),), {"axis": 1}),
    Row(np.zeros, (1.5,)),
    Row(np.array, ((np.ones(3), 1.0),)),
]


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_refused(row: Row) -> None:
    for reading in READINGS:
        with pytest.raises(NoRule) as refusal:
            bind(row, reading, row.operands)
        assert refusal.value.reason


def test_int_to_an_int_of_unknown_sign() -> None:
    entry = lookup("pow")
    assert entry is not None
    assert entry.maker(INT, INT).kind == FLOAT
    assert entry.maker(INT, INT, b_value=2).kind == INT
    assert entry.maker(INT, Number(int, size=Dim("n"))).kind == INT
    assert entry.maker(INT, INT, b_value=-2).kind == FLOAT


def test_scalar_kinds() -> None:
    rule, _ = bind(Row(np.sum, (np.ones(3, np.float32),)), READINGS[1], (np.ones(3, np.float32),))
    assert rule.kind == Scalar(np.dtype(np.float32))
