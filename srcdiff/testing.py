"""Checking derivatives against differences.

    from srcdiff.testing import check_grads

    check_grads(f, (x, sigma))

Directions are random, but the same in each run. Derivatives of higher order are checked as first
derivatives of derivatives, each mode over each mode.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcdiff.api import grad
from srcdiff.backends.python import Listing
from srcdiff.products import jvp, vjp

__all__ = ["check_grads"]

_MODES = {"fwd": "forward", "rev": "reverse"}
# Relative and absolute tolerance by the number of bytes in a real number.
_TOLERANCES = {2: (0.2, 0.05), 4: (1e-2, 1e-3)}


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    *,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> None:
    """Check the derivatives of a function against central differences, along random directions.

    Each argument is moved by itself, in all its floats, arrays and the floats and arrays in its
    tuples, lists and dicts; other arguments, such as ints, stay as they are. For reverse mode a
    result that is not a real number gets a random cotangent.

    Args:
        f: the function. It is called with copies of the arguments.
        args: its positional arguments: a point where it is smooth, as the differences need it.
        order: how often to differentiate. At 2, `modes` over `modes` are checked, too.
        modes: "fwd" (as `jvp` does), "rev" (as `grad` and `vjp` do), or both.
        rtol: how far derivatives may differ, as a part of the largest one. By default 1e-6, and
            1e-2 where a `float32` is involved.
        atol: how far they may differ besides. By default 1e-8 (1e-3), and what rounding of the
            values makes of the differences.
        seed: another seed gives other directions.

    Raises:
        AssertionError: a derivative and the differences disagree. The message names the mode, the
            argument, the direction and both numbers.
        UnsupportedError: `f` cannot be differentiated.
        ValueError: `order` or `modes` is none of the above.
        TypeError: there is nothing to differentiate with respect to.

    Example:
        >>> import numpy as np
        >>> check_grads(lambda x, k: np.sin(k * x) / k, (np.array([0.5, 1.5]), 3.0))
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"order is {order!r}, and must be 1 or more")
    if not modes or any(mode not in _MODES for mode in modes):
        raise ValueError(f'modes are {modes!r}, and must be of "fwd" and "rev"')
    moving = tuple(k for k, a in enumerate(args) if any(True for _ in _leaves(a)))
    if not moving:
        raise TypeError(f"no argument of {_name(f)} has a derivative")
    check = _Check(
        f, _copied(tuple(args)), moving, _labels(f, len(args)), _name(f), tuple(modes), rtol, atol
    )
    check.run(order, np.random.default_rng(seed))


# --- the check ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Check:
    """One function to be checked, and what it is a derivative of.

    Attributes:
        f: the function.
        args: where.
        moving: the positions of the arguments that are moved.
        labels: what messages call the arguments.
        name: what messages call the function that the user gave.
        modes: how to differentiate.
        rtol: the relative tolerance, if the user gave one.
        atol: the absolute tolerance, if the user gave one.
        path: the modes by which `f` was derived, the first one first.
        kept: what must live as long as `f`.
    """

    f: Any
    args: tuple[Any, ...]
    moving: tuple[int, ...]
    labels: tuple[str, ...]
    name: str
    modes: tuple[str, ...]
    rtol: float | None
    atol: float | None
    path: tuple[str, ...] = ()
    kept: tuple[Listing, ...] = ()

    def run(self, order: int, rng: np.random.Generator) -> None:
        value = self.f(*_copied(self.args))
        tangents = {k: _random_like(self.args[k], rng) for k in self.moving}
        cotangent = _random_like(value, rng)
        contracted = self._contracted(value, cotangent)
        slopes = {k: self._difference(self.f, k, t) for k, t in tangents.items()}
        if "fwd" in self.modes:
            self._forward(value, tangents, slopes)
        if "rev" in self.modes and contracted is self:
            self._reverse(value, tangents, slopes)
        elif "rev" in self.modes:
            self._pulled_back(value, tangents, slopes, cotangent)
        if order > 1:
            for mode in self.modes:
                derived = self._slope(tangents) if mode == "fwd" else contracted._gradient()
                derived.run(order - 1, rng)

    # --- first derivatives ----------------------------------------------------------------------

    def _forward(self, value: Any, tangents: dict[int, Any], slopes: dict[int, Any]) -> None:
        for k, tangent in tangents.items():
            # Zeros for the other arguments, and not None, so that one text serves all.
            steps = [tangents[i] if i == k else _zeros(a) for i, a in enumerate(self.args)]
            given = tuple(s if i in tangents else None for i, s in enumerate(steps))
            primal, got = jvp(self.f, _copied(self.args), given)
            mode = self._mode("fwd")
            wanted = dict(_leaves(slopes[k]))
            for (where, was), (_, is_now) in zip(_leaves(value), _leaves(primal), strict=True):
                self._compare(f"{mode}: the value{where}", is_now, was, was, k, tangent)
            for where, number in _leaves(got):
                size = dict(_leaves(value))[where]
                self._compare(
                    f"{mode}: the tangent{where}", number, wanted[where], size, k, tangent
                )

    def _reverse(self, value: Any, tangents: dict[int, Any], slopes: dict[int, Any]) -> None:
        gradients = grad(self.f, argnums=self.moving)(*_copied(self.args))
        for (k, tangent), gradient in zip(tangents.items(), gradients, strict=True):
            got, want = _inner(gradient, tangent), np.asarray(slopes[k]).reshape(())
            what = f"{self._mode('rev')}: the gradient times the direction"
            self._compare(what, got, want, value, k, tangent)

    def _pulled_back(
        self, value: Any, tangents: dict[int, Any], slopes: dict[int, Any], cotangent: Any
    ) -> None:
        primal, pullback = vjp(self.f, *_copied(self.args))
        pulled = pullback(cotangent)
        mode = self._mode("rev")
        for k, tangent in tangents.items():
            for (where, was), (_, is_now) in zip(_leaves(value), _leaves(primal), strict=True):
                self._compare(f"{mode}: the value{where}", is_now, was, was, k, tangent)
            got, want = _inner(pulled[k], tangent), _inner(cotangent, slopes[k])
            what = f"{mode}: the cotangent pulled back, times the direction,"
            self._compare(what, got, want, value, k, tangent)

    def _difference(self, f: Any, k: int, tangent: Any) -> Any:
        """The slope of f as argument k moves along a tangent."""
        h = _step(self.args[k])
        ends = []
        for t in (h, -h):
            args = list(_copied(self.args))
            args[k] = _combined(args[k], tangent, t)
            ends.append(f(*args))
        return _combined(ends[0], ends[1], -1.0, 1.0 / (2.0 * h))

    def _compare(self, what: str, got: Any, want: Any, value: Any, k: int, tangent: Any) -> None:
        g, w = np.asarray(got), np.asarray(want)
        if g.shape != w.shape:
            raise AssertionError(f"{what} has shape {g.shape}, and must have {w.shape}")
        if not np.all(np.isfinite(w)):
            raise AssertionError(f"{what}: differences are not finite: {_short(w)}")
        rtol, atol = self._tolerances(value, k)
        allowed = atol + rtol * float(np.max(np.abs(w), initial=0.0))
        wrong = ~(np.abs(g - w) <= allowed)
        if not np.any(wrong):
            return
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        at = f" at {list(index)}" if index else ""
        raise AssertionError(
            f"{what}{at} is {g[index]}, and differences give {w[index]} (they may differ by "
            f"{allowed:.1g}), with respect to {self.labels[k]} along the direction "
            f"{_short(tangent)}"
        )

    def _tolerances(self, value: Any, k: int) -> tuple[float, float]:
        size = min(_precision(self.args[k]), _precision(value))
        rtol, atol = _TOLERANCES.get(size, (1e-6, 1e-8))
        largest = max((float(np.max(np.abs(v), initial=0.0)) for _, v in _leaves(value)), default=0)
        epsilon = float(np.finfo(f"f{size}").eps)
        noise = 100.0 * epsilon * largest / _step(self.args[k])
        return (
            rtol if self.rtol is None else self.rtol,
            atol + noise if self.atol is None else self.atol,
        )

    def _mode(self, mode: str) -> str:
        modes = [_MODES[m] for m in (mode, *reversed(self.path))]
        return f"{' over '.join(modes)} mode of {self.name}"

    # --- functions made of the function ---------------------------------------------------------

    def _written(self, body: str, more: Sequence[tuple[str, Any]], mode: str = "") -> _Check:
        """A function of the same arguments and more, which its text reads as constants."""
        names = [f"x{k}" for k in range(len(self.args))]
        parameters = ", ".join([*names, *(name for name, _ in more)])
        text = f"def check({parameters}):\n    {body}\n"
        listing = Listing(text, "check", [self.name])
        namespace = listing.run({"np": np, "f": self.f, "grad": grad, "jvp": jvp})
        return replace(
            self,
            f=namespace["check"],
            args=(*self.args, *(value for _, value in more)),
            path=(*self.path, mode) if mode else self.path,
            kept=(*self.kept, listing),
        )

    @property
    def _called(self) -> str:
        return ", ".join(f"x{k}" for k in range(len(self.args)))

    def _contracted(self, value: Any, cotangent: Any) -> _Check:
        """The function itself, if it gives a real number; else its result times the cotangent."""
        leaves, given = list(_leaves(value)), list(_leaves(cotangent))
        if not leaves:
            raise TypeError(f"the result of {self.name} has no derivative: {_short(value)}")
        if leaves[0][0] == "" and np.size(value) == 1 and np.isrealobj(value):
            return self
        weights = [(f"w{len(self.args) + i}", weight) for i, (_, weight) in enumerate(given)]
        products = [
            f"np.sum(y{where} * {w})" if np.isrealobj(v) else f"np.sum(np.real(y{where} * {w}))"
            for (where, v), (w, _) in zip(leaves, weights, strict=True)
        ]
        body = f"y = f({self._called})\n    return {' + '.join(products)}"
        return self._written(body, weights)

    def _slope(self, tangents: dict[int, Any]) -> _Check:
        """The tangent as a function of where it is taken."""
        given = [(f"t{len(self.args) + i}", t) for i, t in enumerate(tangents.values())]
        names = dict(zip(tangents, (name for name, _ in given), strict=True))
        steps = ", ".join(names.get(k, "None") for k in range(len(self.args)))
        body = f"value, tangent = jvp(f, ({self._called},), ({steps},))\n    return tangent"
        return self._written(body, given, "fwd")

    def _gradient(self) -> _Check:
        """The gradient as a function of where it is taken; the function gives a real number."""
        argnums = self.moving if len(self.moving) > 1 else self.moving[0]
        return self._written(f"return grad(f, argnums={argnums})({self._called})", (), "rev")


# --- trees --------------------------------------------------------------------------------------


def _is_smooth(value: Any) -> bool:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "fc"
    return isinstance(value, float | complex)


def _items(tree: Any) -> Iterator[tuple[Any, Any]] | None:
    if isinstance(tree, tuple | list):
        return iter(enumerate(tree))
    return iter(tree.items()) if isinstance(tree, dict) else None


def _leaves(tree: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """What has a derivative in a tree, and the way to it, as Python text."""
    items = _items(tree)
    if items is not None:
        for key, item in items:
            yield from _leaves(item, f"{where}[{key!r}]")
    elif _is_smooth(tree):
        yield where, tree


def _mapped(change: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The tree with its leaves changed; what has no derivative becomes what `change` makes of it.

    The others are trees of the same structure.
    """
    if isinstance(tree, dict):
        return {k: _mapped(change, v, *(o[k] for o in others)) for k, v in tree.items()}
    if isinstance(tree, tuple | list):
        items = [_mapped(change, *each) for each in zip(tree, *others, strict=True)]
        return tree._make(items) if hasattr(tree, "_make") else type(tree)(items)
    return change(tree, *others)


def _copied(tree: Any) -> Any:
    return _mapped(lambda a: a.copy() if isinstance(a, np.ndarray) else a, tree)


def _random(value: Any, rng: np.random.Generator) -> Any:
    step = rng.standard_normal(np.shape(value))
    if np.iscomplexobj(value):
        step = step + 1j * rng.standard_normal(np.shape(value))
    return _typed(step, value)


def _typed(number: Any, like: Any) -> Any:
    if isinstance(like, np.ndarray):
        return np.asarray(number, dtype=like.dtype)
    return type(like)(number)


def _random_like(tree: Any, rng: np.random.Generator) -> Any:
    return _mapped(lambda a: _random(a, rng) if _is_smooth(a) else None, tree)


def _zeros(tree: Any) -> Any:
    return _mapped(lambda a: _typed(np.zeros(np.shape(a)), a) if _is_smooth(a) else None, tree)


def _combined(tree: Any, other: Any, factor: float, scale: float = 1.0) -> Any:
    """`scale * (tree + factor * other)`; what has no derivative stays as it is."""

    def combined(a: Any, b: Any) -> Any:
        return _typed(scale * (a + factor * b), a) if _is_smooth(a) else a

    return _mapped(combined, tree, other)


def _inner(cotangent: Any, tangent: Any) -> float:
    known = dict(_leaves(tangent))
    pairs = ((g, known[where]) for where, g in _leaves(cotangent))
    return math.fsum(float(np.real(np.sum(np.asarray(g) * t))) for g, t in pairs)


# --- numbers and words --------------------------------------------------------------------------


def _precision(tree: Any) -> int:
    """The bytes of the least precise real number in a tree, of those of 8 bytes and fewer."""
    return min([8, *(np.finfo(np.asarray(leaf).dtype).dtype.itemsize for _, leaf in _leaves(tree))])


def _step(tree: Any) -> float:
    """The step of central differences for which rounding and curvature do equally little harm."""
    return float(np.finfo(f"f{_precision(tree)}").eps ** (1.0 / 3.0))


def _labels(f: Callable[..., Any], count: int) -> tuple[str, ...]:
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return tuple(
        f"argument {k} ({named[k]!r})" if k < len(named) else f"argument {k}" for k in range(count)
    )


def _name(f: Callable[..., Any]) -> str:
    name = getattr(f, "__name__", type(f).__name__)
    return "lambda" if name == "<lambda>" else name


def _short(value: Any) -> str:
    with np.printoptions(precision=6, threshold=12, edgeitems=3):
        return " ".join(repr(value).split())
