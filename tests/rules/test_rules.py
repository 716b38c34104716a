"""Every rule against central differences, and its result's kind against the real result."""

from __future__ import annotations

import cmath
import dis
import math
import types
from dataclasses import replace

import numpy as np
import pytest

import srcdiff.runtime
from srcdiff.rules.registry import registered
from tests.rules.harness import (
    READINGS,
    Row,
    active_paths,
    apply,
    at,
    bind,
    cast,
    contribution,
    differences,
    is_active,
    mismatch,
    names_of,
    parts,
    pushed,
    way_forward,
)
from tests.rules.rows import ROWS as COMMON
from tests.rules.rows_complexes import ROWS as COMPLEXES
from tests.rules.rows_picking import ROWS as PICKING
from tests.rules.rows_systems import ROWS as SYSTEMS

# Deprecated since NumPy 2.5, still a function that users call.
pytestmark = pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")
CALLEES = registered()


def name_of(callee: object) -> str:
    """A name without an address, so that every process names the tests alike."""
    return str(getattr(callee, "__name__", callee))


ROWS = [*COMMON, *COMPLEXES, *PICKING, *SYSTEMS]

# Its derivative is zero although the function is not constant, which differences can't show:
# tests/test_stop_gradient.py is its proof.
# The matrix of a Cholesky factor varies as a symmetric one: tests/rules/test_systems.py.
ELSEWHERE = (srcdiff.runtime.stop_gradient, np.linalg.cholesky)
rows = pytest.mark.parametrize("row", ROWS, ids=[f"{i}-{row}" for i, row in enumerate(ROWS)])


def adjoint(y, seed=3):
    """A random adjoint of a result, of its type."""
    d = np.random.default_rng(seed).uniform(0.5, 1.5, np.shape(y))
    return d.astype(y.dtype) if isinstance(y, np.ndarray) else type(y)(d)


def is_smooth(y) -> bool:
    return not isinstance(y, tuple | list) and np.asarray(y).dtype.kind == "f"


@rows
def test_gradient(row: Row) -> None:
    y = row.run(*row.operands)
    if not is_smooth(y) or row.callee in (np.empty, np.empty_like):
        return
    if any(isinstance(x, np.float32) for x in row.operands):  # too coarse for differences
        return
    d = adjoint(y)
    exact = {name: differences(row, path, d) for name, path in active_paths(row).items()}
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        for name, expected in exact.items():
            if name in rule.pulls:
                got = contribution(rule, name, operands, y, d)
                np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)
            else:
                np.testing.assert_allclose(expected, 0.0, atol=1e-9)


@rows
def test_forward(row: Row) -> None:
    """Tangents agree with central differences, and with the adjoints: <d, J t> = <J^T d, t>."""
    y = row.run(*row.operands)
    if not is_smooth(y) or row.callee in (np.empty, np.empty_like):
        return
    if any(isinstance(x, np.float32) for x in row.operands):  # too coarse for differences
        return
    d = adjoint(y)
    paths = active_paths(row)
    tangents = {name: adjoint(at(row.operands, path), len(name)) for name, path in paths.items()}
    slopes = {
        name: np.sum(differences(row, path, d) * tangents[name]) for name, path in paths.items()
    }
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        for chosen in (*({name: t} for name, t in tangents.items()), tangents):
            got = np.sum(d * pushed(rule, row, operands, y, chosen))
            slope = sum(slopes[name] for name in chosen)
            np.testing.assert_allclose(got, slope, rtol=1e-6, atol=1e-6)
            pulled = sum(
                np.sum(contribution(rule, name, operands, y, d) * t)
                for name, t in chosen.items()
                if name in rule.pulls
            )
            np.testing.assert_allclose(got, pulled, rtol=1e-11, atol=1e-11)


@rows
def test_every_rule_has_a_way_forward(row: Row) -> None:
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        for name in rule.pulls:
            assert way_forward(rule, name), f"{name} has a pull and no push"
        for name in (*rule.linear, *rule.pushes):
            assert name in parts(operands)
        # A view's tangent is the same view of the tangent, or the tangent itself.
        for name in rule.shares:
            itself = name in rule.pushes and names_of(rule.pushes[name]) == ("t",)
            assert name in rule.linear or name not in rule.pulls or itself


@rows
def test_kind(row: Row) -> None:
    y = row.run(*row.operands)
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        assert not mismatch(rule.kind, y, row.vague)
        for name, x in operands.items():
            if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
                assert name in rule.shares or not np.may_share_memory(x, y)


@rows
def test_templates(row: Row) -> None:
    """They are linear; equal adjoints may be one number; what they take from outside is source."""
    y = row.run(*row.operands)
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        known = {**operands, "y": y}
        for push in rule.pushes.values():
            check_source(push, {*known, "t"})
        for name, pull in rule.pulls.items():
            check_source(pull.template, {*known, "d"})
            if pull.scalar:
                check_source(pull.scalar, {*known, "d"})
            if not is_smooth(y) or not is_active(parts(operands)[name]):
                continue
            a, b = adjoint(y, 3), adjoint(y, 4)
            got = contribution(rule, name, operands, y, a - 2.0 * b)
            terms = [contribution(rule, name, operands, y, d) for d in (a, b)]
            np.testing.assert_allclose(got, terms[0] - 2.0 * terms[1], atol=1e-9)
            template = pull.template if rule.elementwise else pull.scalar
            if template and isinstance(y, np.ndarray):
                shape = np.shape(y if rule.elementwise else parts(operands)[name])
                full = apply(pull.template, known, np.full(y.shape, 0.7))
                one = apply(template, known, 0.7)
                one, full = np.broadcast_to(one, shape), np.broadcast_to(full, shape)
                np.testing.assert_allclose(one, full, rtol=1e-12)


@rows
def test_single_precision(row: Row) -> None:
    """In float32 kinds and values hold, and nothing becomes float64 on the way back."""
    singles = tuple(cast(x, np.float32) for x in row.operands)
    if not row.single or all(a is b for a, b in zip(singles, row.operands, strict=True)):
        return
    y = row.run(*singles)
    double = row.run(*row.operands)
    for reading in READINGS:
        rule, operands = bind(row, reading, singles)
        assert not mismatch(rule.kind, y, row.vague)
        if not is_smooth(y) or np.asarray(y).dtype != np.float32:
            continue
        d = adjoint(double)
        for name, x in parts(operands).items():
            if name not in rule.pulls or not is_active(x):
                continue
            got = contribution(rule, name, operands, y, cast(d, np.float32))
            exact, values = bind(row, reading, row.operands)
            expected = contribution(exact, name, values, double, d)
            np.testing.assert_allclose(got, expected, rtol=2e-4, atol=1e-5)
            if isinstance(x, np.ndarray) and x.ndim and not row.widens:
                assert got.dtype == np.float32
                single = replace(row, operands=singles)
                t = pushed(rule, single, operands, y, {name: x})
                assert t.dtype == np.float32


def check_source(template: object, names: set[str]) -> None:
    """What a template takes from outside can be written into generated text."""
    assert isinstance(template, types.FunctionType)
    assert template.__name__ == "<lambda>"
    assert set(template.__code__.co_varnames) <= names
    for instruction in dis.get_instructions(template):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            value = template.__globals__.get(instruction.argval)
            assert value in (np, math, cmath, None) or instruction.argval in srcdiff.runtime.__all__
            assert value is not None or instruction.argval == "len"
    for cell in template.__closure__ or ():
        assert is_literal(cell.cell_contents)


def is_literal(value: object) -> bool:
    if isinstance(value, tuple):
        return all(is_literal(item) for item in value)
    return value is None or type(value) in (int, float, str, bool)


@pytest.mark.parametrize("callee", CALLEES, ids=name_of)
def test_every_rule_has_a_row(callee) -> None:
    assert callee in ELSEWHERE or any(row.callee == callee for row in ROWS)
