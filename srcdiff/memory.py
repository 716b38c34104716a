"""The part of the memory contract that is checked when a derivative is called.

Generated text copies an array argument before it writes into it, as the primal would. That is
only right where nothing else is written with it: where no other array shares its memory. And the
copy can be written into even where the caller's array cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from srcdiff.aggregates.classes import attributes_of, is_record
from srcdiff.errors import UnsupportedError

# How hard to look for an element that two arrays share, before it is assumed that they do.
# Any: the type stubs of some NumPy versions admit only the two special values -1 and 0.
_WORK: Any = 100_000


def check_written(
    function: str, written: Iterable[str], arguments: dict[str, Any], others: Iterable[Any]
) -> None:
    """Check that the arguments a function writes into can be written into on their own.

    Args:
        function: the function's name.
        written: the parameters that it writes into.
        arguments: its arguments, by parameter.
        others: globals and closure cells that it reads.

    Raises:
        ValueError: the memory is read-only; the function would raise this as well.
        UnsupportedError: the memory belongs to another argument or variable as well, or to
            several elements of one array.
    """
    held = [(_label(name), array) for name, v in arguments.items() for array in arrays_in(v)]
    held += [("a global or closure variable", array) for v in others for array in arrays_in(v)]
    labels = set(map(_label, written))
    for i, (label, array) in enumerate(held):
        if label not in labels:
            continue
        if not array.flags.writeable:
            raise ValueError(
                f"assignment destination is read-only: {label} of {function}, which writes into it"
            )
        if may_overlap_itself(array):
            raise _shared(function, label, "with itself")
        for j, (other_label, other) in enumerate(held):
            if i != j and may_overlap(array, other):
                raise _shared(function, label, f"with {other_label}")


def _label(parameter: str) -> str:
    return f"the argument {parameter!r}"


def _shared(function: str, label: str, with_what: str) -> UnsupportedError:
    return UnsupportedError(
        f"{label} of {function}, which writes into it, shares memory {with_what}.",
        remedy="pass a copy.",
    )


def arrays_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays in a value, those in tuples, lists and dicts included.

    Example:
        >>> list(arrays_in((np.zeros(1), [2.0])))
        [array([0.])]
    """
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from arrays_in(item)
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))
    elif is_record(type(value)):
        yield from arrays_in(list(attributes_of(value).values()))


def may_overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays share an element, or it would take too long to tell."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=_WORK)
    except np.exceptions.TooHardError:
        return True


def may_overlap_itself(array: np.ndarray[Any, Any]) -> bool:
    """Whether two elements may lie in the same memory, as in a broadcast or a sliding window.

    Example:
        >>> may_overlap_itself(np.broadcast_to(1.0, (3,))), may_overlap_itself(np.zeros((3, 3)).T)
        (True, False)
    """
    steps = sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True) if n != 1)
    if array.size == 0:
        return False
    reach = array.itemsize
    for step, size in steps:
        if step < reach:
            return True
        reach += step * (size - 1)
    return False
