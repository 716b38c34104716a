"""`copied_together`: copies that share memory as what they are copies of."""

from __future__ import annotations

import numpy as np
import pytest

from srcdiff.runtime import copied_together


@pytest.mark.parametrize("order", ["C", "F"])
def test_views_stay_views(order: str) -> None:
    a = np.array(np.arange(12.0).reshape(3, 4), order=order)
    views = [a[1:], a.T, a[::-1, ::2], a[1, 2:3]]
    b, copies, (again, n) = copied_together(a, views, (a, 3))
    for copy, view in zip(copies, views, strict=True):
        assert np.array_equal(copy, view) and copy.strides == view.strides
        assert np.shares_memory(copy, b) and not np.shares_memory(copy, a)
    assert n == 3
    again[1, 2] = 100.0
    assert b[1, 2] == copies[0][0, 2] == copies[3][0] == 100.0
    assert a[1, 2] == 6.0


def test_other_values_and_empty_arrays() -> None:
    empty, zero, (name, none) = copied_together(np.empty((0, 2)), np.array(1.5), ["a", None])
    assert empty.shape == (0, 2) and zero.shape == () and zero == 1.5
    assert (name, none) == ("a", None)


def test_memory_that_is_not_numpys() -> None:
    memory = bytearray(np.arange(4.0).tobytes())
    a = np.frombuffer(memory)
    (b,) = copied_together(a)
    b[0] = 9.0
    assert a[0] == 0.0 and np.array_equal(b, [9.0, 1.0, 2.0, 3.0])
