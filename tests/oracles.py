"""Derivatives by other means, to hold srcdiff's answers against.

Four oracles, none of which looks at source text:

* `dual_gradient` (from `tests.fuzz.lifted`): dual numbers, exact to rounding. They run the very
  function, its helpers included, on arrays of `Dual` (dtype object).
* `finite_differences`: central differences for each element, with dtype-aware steps.
* `complex_step`: exact to rounding, for functions that are analytic and compare nothing.
* `directional_derivative`: central differences along one direction, for large arguments.

Besides: `copy_arguments` (keeps memory layout), `same_bits` and `assert_close`.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.fuzz.dual import Runaway, Watch
from tests.fuzz.lifted import dual_gradient

__all__ = [
    "Runaway",
    "Watch",
    "as_requested",
    "assert_close",
    "complex_step",
    "copy_argument",
    "copy_arguments",
    "directional_derivative",
    "dual_gradient",
    "finite_differences",
    "inner",
    "positions",
    "random_directions",
    "same_bits",
]

# ------------------------------------------------------------------ arguments


def copy_argument(a: Any) -> Any:
    """A copy that lies in memory as `a` does: order, gaps, negative and zero strides, flags."""
    if isinstance(a, tuple):
        return tuple(copy_argument(item) for item in a)
    if not isinstance(a, np.ndarray):
        return a
    if a.size == 0:
        copied = np.empty_like(a)
    else:
        low, high = np.lib.array_utils.byte_bounds(a)
        memory = np.zeros(high - low, dtype=np.uint8)
        offset = a.__array_interface__["data"][0] - low
        copied = np.ndarray(a.shape, a.dtype, memory, offset, a.strides)
        copied[...] = a
    copied.flags.writeable = a.flags.writeable
    return copied


def copy_arguments(args: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(copy_argument(a) for a in args)


def same_bits(a: Any, b: Any) -> bool:
    """Equal in type, shape, dtype, strides, flags and every bit (NaN equals NaN, 0.0 not -0.0)."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same_bits, a, b))
    if isinstance(a, np.ndarray):
        layout_a = (a.shape, a.dtype, a.strides if a.size else None, a.flags.writeable)
        layout_b = (b.shape, b.dtype, b.strides if b.size else None, b.flags.writeable)
        return bool(layout_a == layout_b and a.tobytes() == b.tobytes())
    if isinstance(a, np.generic):
        return a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    return bool(a == b)


def positions(argnums: int | Sequence[int]) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def as_requested(gradients: Sequence[Any], argnums: int | Sequence[int]) -> Any:
    """The one gradient where `argnums` is an int, else the tuple."""
    return gradients[0] if isinstance(argnums, int) else tuple(gradients)


def assert_close(
    got: Any, want: Any, rtol: float = 1e-6, atol: float = 1e-8, what: str = "gradient"
) -> None:
    """Equal up to `rtol` of the largest entry; NaN and infinities must stand in the same places."""
    if isinstance(want, tuple):
        assert isinstance(got, tuple) and len(got) == len(want), f"{what}: {got!r} for {want!r}"
        for k, (g, w) in enumerate(zip(got, want, strict=True)):
            assert_close(g, w, rtol, atol, f"{what}[{k}]")
        return
    g, w = np.asarray(got), np.asarray(want)
    assert g.shape == w.shape, f"{what}: shape {g.shape}, expected {w.shape}"
    finite = np.abs(w[np.isfinite(w)])
    allowed = atol + rtol * (finite.max() if finite.size else 0.0)
    np.testing.assert_allclose(g, w, rtol=0.0, atol=allowed, err_msg=what)


# ------------------------------------------------------------------ differences


def _number(value: Any) -> float:
    array = np.asarray(value)
    assert array.size == 1, f"the result is no scalar: shape {array.shape}"
    return float(array.reshape(()))


def _step(x: Any, order: int) -> float:
    dtype = x.dtype if isinstance(x, np.ndarray | np.generic) else np.dtype(np.float64)
    return float(np.finfo(dtype).eps ** (1.0 / (order + 1)))


def _moved(args: Sequence[Any], k: int, index: tuple[int, ...], h: Any) -> tuple[Any, ...]:
    """The arguments with one element of the k-th moved by h."""
    moved = list(copy_arguments(args))
    a = moved[k]
    if isinstance(a, np.ndarray):
        if 0 in a.strides and a.size:  # elements that share memory must move one by one
            a = moved[k] = a.copy()
        writeable = a.flags.writeable
        a.flags.writeable = True
        a[index] += h
        a.flags.writeable = writeable
    else:
        moved[k] = type(a)(a + h)
    return tuple(moved)


def finite_differences(
    f: Callable[..., Any],
    args: Sequence[Any],
    argnums: int | Sequence[int] = 0,
    richardson: bool = False,
) -> Any:
    """Central differences; with `richardson` of fourth order, and a larger step."""
    gradients = []
    for k in positions(argnums):
        x = np.asarray(args[k])
        slopes = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            h = _step(args[k], 4 if richardson else 2) * max(1.0, abs(float(x[index])))

            def central(h: float, k: int = k, index: tuple[int, ...] = index) -> float:
                up, down = _moved(args, k, index, h), _moved(args, k, index, -h)
                width = float(np.asarray(up[k])[index]) - float(np.asarray(down[k])[index])
                return (_number(f(*up)) - _number(f(*down))) / width

            slopes[index] = (4.0 * central(h / 2) - central(h)) / 3.0 if richardson else central(h)
        gradients.append(slopes if isinstance(args[k], np.ndarray) else float(slopes))
    return as_requested(gradients, argnums)


def directional_derivative(
    f: Callable[..., Any], args: Sequence[Any], argnums: int | Sequence[int], directions: Any
) -> float:
    """The slope of f along `directions` (structured as a gradient is)."""
    steps = (directions,) if isinstance(argnums, int) else directions
    h = max(_step(args[k], 2) for k in positions(argnums))

    def at(t: float) -> float:
        moved = list(copy_arguments(args))
        for k, step in zip(positions(argnums), steps, strict=True):
            moved[k] = moved[k] + t * step
        return _number(f(*moved))

    return (at(h) - at(-h)) / (2.0 * h)


def random_directions(rng: np.random.Generator, gradient: Any) -> Any:
    if isinstance(gradient, tuple):
        return tuple(random_directions(rng, g) for g in gradient)
    return rng.standard_normal(np.shape(gradient))[()]


def inner(a: Any, b: Any) -> float:
    if isinstance(a, tuple):
        return sum(map(inner, a, b))
    return float(np.sum(np.asarray(a) * np.asarray(b)))


def complex_step(
    f: Callable[..., Any], args: Sequence[Any], argnums: int | Sequence[int] = 0
) -> Any:
    """Gradient from imaginary parts: exact, where f is analytic and takes complex arguments.

    An imaginary part that gets lost in a float array is an error, not a wrong answer.
    """
    call = [_complex(a) for a in args]
    gradients = []
    for k in positions(argnums):
        x = np.asarray(args[k])
        slopes = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            moved = list(copy_arguments(call))
            if isinstance(args[k], np.ndarray):
                moved[k][index] += 1e-200j
            else:
                moved[k] += 1e-200j
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                slopes[index] = np.asarray(f(*moved)).reshape(()).imag / 1e-200
        gradients.append(slopes if isinstance(args[k], np.ndarray) else float(slopes))
    return as_requested(gradients, argnums)


def _complex(a: Any) -> Any:
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return a.astype(complex)
    return complex(a) if isinstance(a, float | np.floating) else a
