"""Rules on complex operands: adjoints pair with tangents as Re(sum(d * t))."""

from __future__ import annotations

import cmath
from typing import Any

import numpy as np
import pytest

import srcdiff.rules.load  # noqa: F401
from srcdiff.analysis.bind import bind_call
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Kind
from srcdiff.rules.complexes import ANALYTIC
from srcdiff.rules.registry import lookup
from tests.rules.harness import OPERATORS, READINGS, Row, bind, contribution, parts, pushed

Z = np.array([0.4 - 0.7j, 1.1 + 0.3j, -0.6 + 0.5j])
W = np.array([1.3 + 0.2j, -0.4 + 0.9j, 0.8 - 1.1j])
M = np.outer(W, Z) + 3.0 * np.eye(3)

UNARY = (
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan,
    np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh,
    np.sqrt, np.square, np.reciprocal, np.negative, np.positive, np.absolute, abs, np.real, np.imag,
    np.conjugate, np.angle, np.sum, np.mean, np.prod, np.copy, np.ravel, np.transpose, np.asarray,
    "neg", "pos", sum,
)  # fmt: skip
BINARY = (
    "add", "sub", "mul", "div", "pow", np.add, np.subtract, np.multiply, np.divide, np.power,
    np.dot, np.outer, "matmul",
)  # fmt: skip
ROWS = [
    *(Row(f, (Z,)) for f in UNARY),
    *(Row(f, (Z, W)) for f in BINARY),
    *(Row(f, (Z, W.real)) for f in ("add", "mul", "div")),
    *(Row(f, (np.abs(Z), W)) for f in ("sub", "mul", "div", np.outer)),
    *(Row("pow", (Z, k), literals=(1,)) for k in (2, 3, -1, 0.5)),
    Row(np.linalg.solve, (M, Z)), Row(np.linalg.inv, (M,)), Row(np.matmul, (M, M)),
    Row(np.angle, (Z,), {"deg": True}), Row(np.where, (Z.real > 0.0, Z, W)), Row(np.tril, (M,)),
    *(Row(f, (Z,)) for f in (np.cumsum, np.diff, np.diag, np.flip, np.flipud)),
    *(Row(f, (M,)) for f in (np.trace, np.diag, np.fliplr, np.rot90, np.diagonal)),
    Row(np.roll, (Z, 1)), Row(np.repeat, (Z, 2)), Row(np.tile, (Z, 2)), Row(np.inner, (Z, W)),
    Row(np.take, (Z, [0, 0, 2])), Row(np.tensordot, (M, Z, 1)),
    *(Row(f, ([Z, W],)) for f in (np.concatenate, np.stack, np.vstack, np.column_stack)),
    Row(np.full, (3, Z[0])), Row(complex, (0.5, -1.5)), Row(complex, (complex(Z[0]),)),
    Row(np.array, ([0.5, Z[0], 2.0],)), Row(np.complex128, (0.5,)), Row(pow, (Z, 3)),
    *(Row(f, (complex(Z[1]),)) for f in (
        cmath.exp, cmath.log, cmath.sqrt, cmath.sin, cmath.cos, cmath.tan, cmath.sinh, cmath.cosh,
        cmath.tanh, cmath.phase, abs, np.abs, np.angle, np.real, np.imag, np.conj,
        complex.conjugate,
    )),
]  # fmt: skip


def tangent_like(x: Any, random: np.random.Generator) -> Any:
    t = random.uniform(-1.0, 1.0, np.shape(x))
    if np.iscomplexobj(x):
        t = t + 1j * random.uniform(-1.0, 1.0, np.shape(x))
    return t if isinstance(x, np.ndarray) else type(x)(t)


def moved(row: Row, name: str, step: Any) -> Any:
    """The result with one operand, or one item of it, moved by a step."""
    entry = lookup(row.callee)
    assert entry is not None
    _, operands = bind(row, READINGS[0], row.operands)
    values = list(row.operands)
    base, _, item = name.partition("[")
    i = list(operands).index(base)
    if item:
        values[i] = [*values[i]]
        k = int(item[:-1])
        values[i][k] = values[i][k] + step
    else:
        values[i] = values[i] + step
    return row.run(*values)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_pairing(row: Row) -> None:
    random = np.random.default_rng(3)
    y = row.run(*row.operands)
    d = tangent_like(y, random)
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        assert rule.pulls
        for name in rule.pulls:
            x = parts(operands)[name]
            t = tangent_like(x, random)
            h = 1e-6
            slope = (moved(row, name, h * t) - moved(row, name, -h * t)) / (2.0 * h)
            pulled = contribution(rule, name, operands, y, d)
            got, want = np.sum(pulled * t).real, np.sum(d * slope).real
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
            if (name in rule.linear and not rule.joint) or name in rule.pushes or rule.elementwise:
                pushed_t = pushed(rule, row, operands, y, {name: t})
                pushed_t = pushed_t if np.iscomplexobj(y) else np.real(pushed_t)
                np.testing.assert_allclose(pushed_t, slope, rtol=1e-5, atol=1e-6)


def test_analytic_rules_are_registered() -> None:
    for callee in ANALYTIC:
        entry = lookup(callee)
        assert entry is not None
        assert entry.complex


REFUSED = [
    (np.linalg.norm, (Z,)), (np.maximum, (Z, Z)), (np.max, (Z,)), (np.var, (Z,)), (np.std, (Z,)),
    (np.linalg.det, (M,)), (np.linalg.cholesky, (M,)), (np.linalg.slogdet, (M,)), (np.sign, (Z,)),
    (np.arctan2, (Z, Z)), (np.hypot, (Z, Z)), (np.float64, (Z[0],)), (np.clip, (Z, 0.0, 1.0)),
    (np.arccosh, (Z,)), (float, (Z[0],)), (np.cbrt, (Z,)), (np.logaddexp, (Z, Z)), (np.mod, (Z, Z)),
]  # fmt: skip


@pytest.mark.parametrize(("callee", "operands"), REFUSED)
def test_refused(callee: Any, operands: tuple[Any, ...]) -> None:
    names = [n.Var(f"x{i}") for i in range(len(operands))]
    kinds: dict[str, Kind] = {
        name.name: READINGS[1].kind(x, name.name) for name, x in zip(names, operands, strict=True)
    }

    def infer(e: n.Expr) -> Kind:
        assert isinstance(e, n.Var)
        return kinds[e.name]

    call = n.Call(n.Ref("f", callee), tuple(names))
    assert bind_call(call, infer) is None


def test_operators_are_functions() -> None:
    assert {row.callee for row in ROWS if isinstance(row.callee, str)} <= OPERATORS.keys()
