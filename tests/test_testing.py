"""`check_grads`: silent where derivatives are right, exact in what it says where they are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff import UnsupportedError
from srcdiff.ir.kinds import Kind
from srcdiff.rules import registry
from srcdiff.rules.registry import Entry, Pull, Rule
from srcdiff.rules.sampling import elementwise_kind
from srcdiff.testing import check_grads
from tests.oracles import copy_arguments, same_bits

x = np.array([0.5, 1.5])
A = np.array([[2.0, 1.0], [0.5, 3.0]])


def damped(x, k):
    return np.sin(k * x) / k


def stores(x, n):
    y = x.copy()
    for i in range(1, len(y)):
        y[i] *= y[i - 1]
    return np.sum(y**n)


def solved(A, b):
    return np.linalg.solve(A, b)


def cubed(a):
    return a**3


def several(x):
    return np.outer(x, x), np.sum(x), len(x)


def steps(a):
    total = 0.0
    while a < 10.0:
        a = a * 1.5
        total += np.sqrt(a)
    return total


RIGHT = [
    (damped, (x, 3.0)),
    (stores, (x, 3)),
    (solved, (A, x)),
    (cubed, (0.0,)),
    (cubed, (1e-5,)),
    (cubed, (1e4,)),
    (damped, (x.astype(np.float32), np.float32(3.0))),
    (cubed, (np.float64(1.1),)),
]


@pytest.mark.parametrize(("f", "args"), RIGHT, ids=lambda p: getattr(p, "__name__", ""))
@pytest.mark.parametrize("modes", [("fwd",), ("rev",), ("fwd", "rev")])
def test_right(f: Any, args: tuple[Any, ...], modes: tuple[str, ...]) -> None:
    kept = copy_arguments(args)
    check_grads(f, args, 2, modes)
    assert same_bits(args, kept)


def test_first_order_alone() -> None:
    check_grads(steps, (1.3,), 1)


def test_tuples_as_results() -> None:
    check_grads(several, (x,), 1)


def test_lambdas() -> None:
    check_grads(lambda a, b: a * b + b / a, (1.5, 0.7))


# ------------------------------------------------------------------ what is wrong


def wrong_rule(template: Callable[..., Any]) -> Entry:
    """A rule for the hyperbolic sine with this template."""

    def sinh(x: Kind) -> Rule:
        return Rule(elementwise_kind(np.sinh, x), pulls={"x": Pull(template)}, elementwise=True)

    return Entry.of(sinh, {})


def test_wrong_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(k, x):
        return np.sum(np.sinh(x)) * k

    # Its sign is wrong.
    entry = wrong_rule(lambda x: -np.cosh(x))
    monkeypatch.setitem(registry._RULES, np.sinh, entry)
    with pytest.raises(AssertionError) as forward:
        check_grads(f, (2.0, x), 1, ("fwd",))
    with pytest.raises(AssertionError) as reverse:
        check_grads(f, (2.0, x), 1, ("rev",))
    start, end = str(forward.value), str(reverse.value)
    assert start.startswith("forward mode of f: the tangent is ")
    assert end.startswith("reverse mode of f: the gradient times the direction is ")
    for message in (start, end):
        assert "with respect to argument 1 ('x') along the direction array([" in message
        # Both numbers: they differ by their sign alone.
        got, want = message.split(" is ")[1].split(", and differences give ")
        assert float(got) == pytest.approx(-float(want.split(" ")[0]))


def test_wrong_second_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x):
        return np.sum(np.sinh(x) ** 2)

    # Right to first order, and a constant to the next.
    entry = wrong_rule(lambda x: (np.exp(x) + np.floor(np.exp(-x) * 1e15) / 1e15) / 2.0)
    monkeypatch.setitem(registry._RULES, np.sinh, entry)
    check_grads(f, (x,), 1)
    for modes, name in [
        (("fwd",), "forward over forward mode of f"),
        (("rev",), "reverse over reverse mode of f"),
    ]:
        with pytest.raises(AssertionError, match=name):
            check_grads(f, (x,), 2, modes)


def test_wrong_pullback_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(k, x):
        return k, np.sinh(x)

    monkeypatch.setitem(registry._RULES, np.sinh, wrong_rule(lambda x: -np.cosh(x)))
    with pytest.raises(AssertionError, match="reverse mode of f: the cotangent pulled back") as e:
        check_grads(f, (2.0, x), 1, ("rev",))
    assert "argument 1 ('x')" in str(e.value)


def test_elements_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x):
        return np.sinh(x)

    # Wrong for large operands alone.
    entry = wrong_rule(lambda x: np.where(x < 1.0, np.cosh(x), 1.0))
    monkeypatch.setitem(registry._RULES, np.sinh, entry)
    with pytest.raises(AssertionError, match=r"forward mode of f: the tangent at \[1\] is "):
        check_grads(f, (x,), 1, ("fwd",))


def test_kinks_are_found() -> None:
    with pytest.raises(AssertionError, match=r"argument 0 \('a'\)"):
        check_grads(lambda a: a if a > 0.0 else 0.0 * a, (0.0,), 1)


def test_tolerances_can_be_given() -> None:
    with pytest.raises(AssertionError, match=r"they may differ by 1e-1[0-9]"):
        check_grads(steps, (1.3,), 1, rtol=0.0, atol=1e-15)
    check_grads(lambda a: abs(a - 1.0), (1.0 + 1e-6,), 1, atol=10.0)


def test_same_directions_each_time() -> None:
    def message(seed: int) -> str:
        with pytest.raises(AssertionError) as caught:
            check_grads(damped, (x, 3.0), 1, rtol=0.0, atol=0.0, seed=seed)
        return str(caught.value)

    assert message(0) == message(0)
    assert message(0) != message(1)


# ------------------------------------------------------------------ what cannot be checked


def test_refusals_pass_through() -> None:
    with pytest.raises(UnsupportedError):
        check_grads(lambda x: np.sum(np.unwrap(x)), (x,))


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="no argument of cubed has a derivative"):
        check_grads(cubed, (3,))
    with pytest.raises(TypeError, match="the result of lambda has no derivative"):
        check_grads(lambda x: len(x), (x,))
    with pytest.raises(ValueError, match="order is 0"):
        check_grads(cubed, (3.0,), 0)
    with pytest.raises(ValueError, match="modes are"):
        check_grads(cubed, (3.0,), 1, ("backwards",))
