"""What is checked at a call of the arrays that a function writes into."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from srcdiff import UnsupportedError
from srcdiff.memory import arrays_in, check_written, may_overlap, may_overlap_itself

A = np.zeros((4, 6))


@pytest.mark.parametrize(
    ("array", "overlaps"),
    [
        (A, False),
        (A.T, False),
        (A[::2, ::-1], False),
        (A[:, :1], False),
        (A[0, 0], False),
        (np.zeros(()), False),
        (np.zeros((0, 3)), False),
        (np.asfortranarray(np.zeros((2, 3, 4))).transpose(1, 2, 0), False),
        (np.broadcast_to(A[0], (3, 6)), True),
        (np.broadcast_to(A[0], (1, 6)), False),
        (sliding_window_view(np.zeros(5), 3), True),
        (as_strided(np.zeros(9), (3, 3), (8, 8)), True),
    ],
)
def test_arrays_that_overlap_themselves(array: Any, overlaps: bool) -> None:
    assert may_overlap_itself(np.asarray(array)) is overlaps


def test_arrays_that_overlap() -> None:
    assert may_overlap(A, A)
    assert may_overlap(A[1:], A[:2])
    assert not may_overlap(A[1:], A[:1])
    assert not may_overlap(A[:, ::2], A[:, 1::2])
    assert not may_overlap(A, A.copy())


def test_arrays_in_containers() -> None:
    a, b, c = np.zeros((3, 1))
    found = list(arrays_in((a, [b, 1.0], {"k": c}, "x")))
    assert [x is y for x, y in zip(found, (a, b, c), strict=True)] == [True] * 3


def test_arrays_of_their_own_pass() -> None:
    b = np.zeros((3, 4))
    check_written("f", ["a"], {"a": b[0], "b": b[1], "c": [b[2], 1.0]}, [np.zeros(3), 2.0])
    check_written("f", ["a"], {"a": 1.0, "b": b, "c": b}, [b])
    # Nobody writes into these.
    check_written("f", ["a"], {"a": b[0], "b": b[1:], "c": b[1]}, [b[1]])


@pytest.mark.parametrize(
    ("arguments", "others", "message"),
    [
        ({"a": A[0], "b": A}, [], "the argument 'a' of f(.|\n)*with the argument 'b'"),
        ({"a": A, "b": A}, [], "with the argument 'b'"),
        ({"b": (1.0, [A]), "a": A}, [], "with the argument 'b'"),
        ({"a": [A, A]}, [], "with the argument 'a'"),
        ({"a": A[0]}, [A], "with a global or closure variable"),
        ({"a": as_strided(A, (3,), (0,))}, [], "with itself"),
    ],
)
def test_shared_memory_is_refused(
    arguments: dict[str, Any], others: list[Any], message: str
) -> None:
    with pytest.raises(UnsupportedError, match=message) as caught:
        check_written("f", ["a"], arguments, others)
    assert "pass a copy" in str(caught.value)


def test_read_only_memory_raises_what_the_function_would_raise() -> None:
    a = np.zeros(3)
    a.flags.writeable = False
    with pytest.raises(ValueError, match="assignment destination is read-only"):
        a[0] = 1.0
    with pytest.raises(ValueError, match=r"assignment destination is read-only.*'a' of f"):
        check_written("f", ["a"], {"a": a}, [])
    check_written("f", ["b"], {"a": a, "b": np.zeros(2)}, [])
