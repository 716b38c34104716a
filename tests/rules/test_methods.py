"""Methods and attributes against the functions that they are said to stand for."""

from __future__ import annotations

import numpy as np
import pytest

import srcdiff.rules.load  # noqa: F401
from srcdiff.ir.kinds import Array, Number, Scalar
from srcdiff.rules import registry
from srcdiff.rules.registry import lookup

METHODS = sorted(registry._METHODS.items(), key=lambda item: (str(item[0][0]), item[0][1]))
ARGUMENTS = {"reshape": (-1,), "astype": (np.float32,), "dot": (np.ones(2),),
             "swapaxes": (0, 1), "clip": (0.5, 1.5), "repeat": (2,), "take": (1,),
             "searchsorted": (0.5,)}  # fmt: skip


@pytest.mark.parametrize(("key", "function"), METHODS)
def test_method(key, function) -> None:
    cls, name = key
    entry = lookup(function)
    assert entry is not None
    if cls is Array:
        x = np.array([[1.0, 2.0]]) if name != "item" else np.array([[1.0]])
        x = x[0] if name == "searchsorted" else x
    elif cls is Scalar:
        x = np.float64(1.5)
    else:
        assert cls is Number
        x = 1.5 - 0.5j
    if name.startswith("attribute:"):
        got = getattr(x, name.removeprefix("attribute:"))
        arguments = ()
    else:
        arguments = ARGUMENTS.get(name, ())
        got = getattr(x, name)(*arguments)
    expected = function(x, *arguments)
    assert type(got) is type(expected)
    np.testing.assert_array_equal(got, expected)
