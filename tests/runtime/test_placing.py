"""The last of several entries that a key places at one element, as NumPy stores them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff.runtime import keep_last

LAYOUTS: list[Callable[[Any], Any]] = [
    lambda v: v,
    lambda v: np.ascontiguousarray(v.T).T,
    lambda v: np.ascontiguousarray(v[::-1])[::-1],
    lambda v: np.repeat(v, 2, axis=-1)[..., ::2],
]


def keys(rng: np.random.Generator, shape: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """Shapes and keys of all sorts, some of them through arrays that lie crosswise."""

    def some(below: int, of: tuple[int, ...] = shape) -> Any:
        return LAYOUTS[rng.integers(len(LAYOUTS))](rng.integers(-below, below, of))

    return [
        ((5,), some(5)),
        ((4, 5), some(4)),
        ((4, 5), (some(4), some(5))),
        ((4, 5), (slice(1, None), some(5))),
        ((4, 5), (some(4, (3, 1)), some(5, (1, 4)))),
        ((4, 3, 5), (some(4), slice(None), some(5))),
        ((4, 5), (some(4), 2)),
        ((4, 5), (np.array([True, False, True, True]), some(5, (3,)))),
        ((4, 5), [0, 3, 0]),
    ]


def test_last_entries_are_those_that_numpy_keeps() -> None:
    rng = np.random.default_rng(0)
    checked = 0
    for _ in range(300):
        shape = tuple(rng.integers(1, 5, rng.integers(1, 4)))
        for outer, key in keys(rng, shape):
            a = np.zeros(outer)
            v = LAYOUTS[rng.integers(len(LAYOUTS))](
                rng.permutation(a[key].size).reshape(a[key].shape)
            )
            a[key] = v
            try:
                kept = keep_last(np.ones(v.shape), key, outer)
            except ValueError:
                continue
            checked += 1
            assert np.array_equal(kept == 1.0, a[key] == v)
    assert checked > 1500


def test_order_that_is_not_known_raises() -> None:
    indices = np.array([0, 2, 0])[::-1]
    with pytest.raises(ValueError, match="ascontiguousarray"):
        keep_last(np.ones(3), indices, (3,))
    assert np.array_equal(keep_last(np.ones(3), np.arange(3)[::-1], (3,)), np.ones(3))
