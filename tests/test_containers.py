"""Programs with containers: gradients and tangents along a direction, against differences."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.container_programs import PROGRAMS

CASES = [pytest.param(f, args, id=f.__name__) for f, args in PROGRAMS]


def leaves(tree: Any) -> list[Any]:
    """The leaves of a tree, in order."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, tuple | list):
        return [leaf for item in tree for leaf in leaves(item)]
    return [tree]


def mapped(f: Any, *trees: Any) -> Any:
    """A tree made of what a function gives for the leaves of others."""
    first = trees[0]
    if isinstance(first, dict):
        return {key: mapped(f, *(t[key] for t in trees)) for key in first}
    if isinstance(first, tuple | list):
        return type(first)(mapped(f, *items) for items in zip(*trees, strict=True))
    return f(*trees)


def direction(tree: Any) -> Any:
    rng = np.random.default_rng(0)

    def step(leaf: Any) -> Any:
        drawn = rng.standard_normal(np.shape(leaf))
        return drawn if isinstance(leaf, np.ndarray) else float(drawn)

    return mapped(step, tree)


@pytest.mark.parametrize(("f", "args"), CASES)
def test_both_modes(f: Any, args: tuple[Any, ...], capsys: pytest.CaptureFixture[str]) -> None:
    step = direction(args[0])

    def at(h: float) -> float:
        moved = mapped(lambda a, b: a + h * b, args[0], step)
        return float(f(moved, *copy.deepcopy(args[1:])))

    expected = (at(1e-5) - at(-1e-5)) / 2e-5
    given = copy.deepcopy(args)
    gradient = srcdiff.grad(f)(*given)
    assert repr(given) == repr(args)
    pairs = zip(leaves(gradient), leaves(step), strict=True)
    along = sum(float(np.sum(np.multiply(g, d))) for g, d in pairs)
    rest = (None,) * (len(args) - 1)
    value, tangent = srcdiff.jvp(f, copy.deepcopy(args), (step, *rest))
    assert value == f(*copy.deepcopy(args))
    np.testing.assert_allclose((along, tangent), expected, rtol=1e-5, atol=1e-7)
