"""Gradients with respect to tuples, lists and dicts: the argument's structure, and its memory."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import UnsupportedError


def product_and_sum(abc):
    a, b, c = abc
    return a * b + c


def by_key(val):
    return val["a"] * val["b"] + val["c"]


def nested(p):
    return p["i"]["j"] * p["i"]["k"]


def saxpy(p):
    return p["a"] * p["b"] + p["c"] * p["c"]


def network(params, x):
    for W, b in params:
        x = np.tanh(W @ x + b)
    return np.sum(x**2)


def numbered(params, x):
    for i, layer in enumerate(params):
        x = np.tanh(layer["W"] @ x + (i + 1) * layer["b"])
    return np.sum(x * params[-1]["b"])


def powers(xs):
    s = 0.0
    for i in range(len(xs)):
        s += xs[i] ** (i + 2)
    return s


def items(p, x):
    s = 0.0
    for key, value in p.items():
        s += value * x
        if key == "b":
            s *= value
    for value in p.values():
        s += value * value
    for key in p:
        s += p[key]
    return s * p.get("a") if "a" in p and len(p) == 2 else s


def stores(p):
    q = p["inner"]
    q["x"] *= 2.0
    p["y"] = q["x"] * p["y"]
    p["inner"]["v"] += 1.0
    q["v"][0] = p["y"]
    return np.sum(p["inner"]["v"] ** 2) + p["inner"]["x"]


def matrices(Ws, x):
    for W in Ws:
        x = np.tanh(W @ x)
    return np.sum(x)


def grows(xs, y):
    xs.append(y * xs[0])
    xs[0] *= 2.0
    z = xs[0] * xs[1]
    return z * xs.pop() * y


def pairs(ps):
    s = 0.0
    for (a, b), c in zip(ps[0], ps[1], strict=False):
        t = a * b
        t = t * c
        s += t
    return s


def swapped(p):
    a, b = p
    for _ in range(3):
        a, b = b, a * b
    return a + 2.0 * b * p[0]


RNG = np.random.default_rng(7)


def layer(rows: int, columns: int) -> tuple[Any, Any]:
    return RNG.standard_normal((rows, columns)), RNG.standard_normal(rows)


def named(rows: int, columns: int) -> dict[str, Any]:
    W, b = layer(rows, columns)
    return {"W": W, "b": b}


CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (product_and_sum, ((2.0, 3.0, 4.0),)),
    (product_and_sum, ([2.0, 3.0, 4.0],)),
    (by_key, ({"a": 2.0, "b": 3.0, "c": 1.0},)),
    (nested, ({"i": {"j": 2.0, "k": 3.0}},)),
    (saxpy, ({"a": 2.0, "b": 3.0, "c": 0.5},)),
    (network, ([layer(3, 2), layer(2, 3), layer(1, 2)], RNG.standard_normal(2))),
    (network, ((layer(3, 2), layer(1, 3)), RNG.standard_normal(2))),
    (
        numbered,
        ([named(3, 2), named(3, 3)], RNG.standard_normal(2)),
    ),
    (powers, ([0.5, 1.5, 0.7],)),
    (items, ({"a": 1.5, "b": 0.5}, 2.0)),
    (stores, ({"inner": {"x": 1.5, "v": np.array([0.5, 2.0])}, "y": 0.7},)),
    (matrices, ([RNG.standard_normal((3, 2)), RNG.standard_normal((2, 3))], np.ones(2))),
    (grows, ([1.5, 0.5, 2.0], 0.7)),
    (pairs, ((((1.5, 2.0), (0.5, 3.0)), (0.3, 0.4)),)),
    (swapped, ((1.1, 0.7),)),
]

each = pytest.mark.parametrize(
    ("f", "args"), [pytest.param(f, a, id=f"{k}-{f.__name__}") for k, (f, a) in enumerate(CASES)]
)


def leaves(tree: Any) -> Iterator[tuple[Any, Any]]:
    """The containers of a tree's leaves, and their keys there."""
    keys = tree if isinstance(tree, dict) else range(len(tree))
    for key in keys:
        if isinstance(tree[key], tuple | list | dict):
            yield from leaves(tree[key])
        else:
            yield tree, key


def mutable(tree: Any) -> Any:
    """The tree with its tuples as lists, so that leaves can be replaced."""
    if isinstance(tree, tuple | list):
        return [mutable(item) for item in tree]
    if isinstance(tree, dict):
        return {key: mutable(item) for key, item in tree.items()}
    return copy.copy(tree)


def like(tree: Any, original: Any) -> Any:
    """The tree with the types of the original."""
    if isinstance(original, tuple | list):
        return type(original)(like(a, b) for a, b in zip(tree, original, strict=True))
    if isinstance(original, dict):
        return {key: like(tree[key], item) for key, item in original.items()}
    return copy.copy(tree)


def difference(f: Callable[..., Any], args: tuple[Any, ...], leaf: int, at: Any) -> float:
    """The partial derivative by one entry of one leaf."""
    results = []
    for h in (1e-6, -1e-6):
        holder = mutable(args[0])
        tree, key = list(leaves(holder))[leaf]
        if isinstance(tree[key], np.ndarray):
            tree[key][at] += h
        else:
            tree[key] += h
        results.append(f(like(holder, args[0]), *copy.deepcopy(args[1:])))
    return float((results[0] - results[1]) / 2e-6)


@each
def test_gradient(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    kept = copy.deepcopy(args)
    gradient = srcdiff.grad(f)(*args)
    assert repr(args) == repr(kept)
    assert repr(like(gradient, args[0])) == repr(gradient)
    for k, (tree, key) in enumerate(leaves(gradient)):
        found = tree[key]
        given, where = list(leaves(args[0]))[k]
        assert type(found) is type(given[where])
        for at in np.ndindex(np.shape(found)):
            expected = difference(f, args, k, at)
            assert np.isclose(np.asarray(found)[at], expected, rtol=1e-5, atol=1e-6)


@each
def test_value_is_the_primals(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    want = f(*copy.deepcopy(args))
    value, _ = srcdiff.value_and_grad(f)(*args)
    assert value == want


def test_what_is_no_float_gets_none() -> None:
    def f(p):
        return p["x"] * p["n"] if p["name"] == "times" else p["x"]

    tree = {"x": 2.0, "n": 3, "name": "times", "none": None}
    assert srcdiff.grad(f)(tree) == {"x": 3.0, "n": None, "name": None, "none": None}


def test_several_parameters() -> None:
    def f(p, x, q):
        return p[0] * x * q["a"]

    found = srcdiff.grad(f, argnums=(0, 1, 2))((2.0,), 3.0, {"a": 4.0})
    assert found == ((12.0,), 8.0, {"a": 6.0})


def test_other_structures_have_other_texts() -> None:
    slope = srcdiff.grad(network)
    x = np.ones(2)
    two, three = [layer(3, 2), layer(1, 3)], [layer(3, 2), layer(3, 3), layer(1, 3)]
    assert len(slope(two, x)) == 2
    assert len(slope(three, x)) == 3
    assert len(slope(two, x)) == 2
    assert srcdiff.grad(by_key)({"c": 1.0, "b": 2.0, "a": 3.0}) == {"c": 1.0, "b": 3.0, "a": 2.0}


def test_lists_of_any_length_share_a_text() -> None:
    slope = srcdiff.grad(powers)
    assert slope.source_for([1.0]) == slope.source_for([1.0, 2.0])


def test_gradient_is_memory_of_its_own() -> None:
    def f(p):
        return np.sum(p["a"] * p["b"])

    p = {"a": np.ones(2), "b": np.ones(2)}
    gradient = srcdiff.grad(f)(p)
    gradient["a"][:] = 5.0
    assert np.array_equal(p["b"], np.ones(2))
    assert np.array_equal(gradient["b"], np.ones(2))


def test_overlapping_items_that_are_written_into() -> None:
    v = np.ones(2)
    with pytest.raises(UnsupportedError, match="shares memory"):
        srcdiff.grad(stores)({"inner": {"x": 1.5, "v": v}, "y": 0.7, "w": v})


@pytest.mark.parametrize("tree", [(1, 2), {"a": "x"}, [], [True]])
def test_without_floats(tree: Any) -> None:
    with pytest.raises(TypeError, match="cannot be differentiated"):
        srcdiff.grad(lambda p: 1.0)(tree)


def whole(p):
    return helper(p)


def helper(p):
    return p["a"] * 2.0


def kept_in_a_set(p):
    seen = {p}
    return p[0] * len(seen)


def left_early(p):
    s = 0.0
    for v in p:
        s += v
        if s > 3.0:
            break
    return s


def test_trees_as_a_whole() -> None:
    assert srcdiff.grad(whole)({"a": 1.0}) == {"a": 2.0}
    assert srcdiff.grad(left_early)((1.0, 2.0)) == (1.0, 1.0)
    assert srcdiff.grad(left_early)((4.0, 2.0)) == (1.0, 0.0)


def item_written_into(xs):
    xs[0] += 1.0
    return np.sum(xs[0] ** 2)


@pytest.mark.parametrize(
    ("f", "tree"),
    [
        (kept_in_a_set, (1.0, 2.0)),
        (item_written_into, [np.ones(2)]),
    ],
)
def test_refusals(f: Callable[..., Any], tree: Any) -> None:
    with pytest.raises(UnsupportedError) as caught:
        srcdiff.grad(f)(tree)
    assert "Instead: " in str(caught.value)
