"""Kinds and keys of values."""

from __future__ import annotations

import functools
import gc
import itertools
import math
import re
import types
import weakref
from typing import Any

import numpy as np
import pytest

from srcdiff import UnsupportedError, differentiate
from srcdiff.frozen import Identity, frozen_key, frozen_value, is_stale
from srcdiff.ir import kinds as k
from srcdiff.signature import anchors, describe, key_of, kind_of

F8 = np.dtype(np.float64)


class Plain:
    pass


class Callable:
    def __call__(self, x):
        return x


class Float(float):
    pass


def g(x):
    return x


def dims(*names):
    return tuple(1 if name == 1 else k.Dim(name, not_one=True) for name in names)


KINDS = [
    (1, k.Number(int)),
    (1.0, k.Number(float)),
    (1j, k.Number(complex)),
    (True, k.Known(True)),
    (None, k.Known(None)),
    (..., k.Known(...)),
    ("a", k.Known("a")),
    (b"a", k.Known(b"a")),
    (float, k.Known(float)),
    (np.float64, k.Known(np.float64)),
    (np.dtype("f4"), k.Known(np.dtype("f4"))),
    (np, k.Known(np)),
    (g, k.Known(g)),
    (len, k.Known(len)),
    (np.sin, k.Known(np.sin)),
    (np.float64(1), k.Scalar(F8)),
    (np.float32(1), k.Scalar(np.dtype("f4"))),
    (np.bool_(1), k.Scalar(np.dtype(bool))),
    (np.str_("a"), k.Scalar(np.dtype("<U1"))),
    (np.array(1.0), k.Array(F8, ())),
    (np.ones(3), k.Array(F8, dims("x.0"))),
    (np.ones(0), k.Array(F8, dims("x.0"))),
    (np.ones(1), k.Array(F8, dims(1))),
    (np.ones((3, 1, 2)), k.Array(F8, dims("x.0", 1, "x.2"))),
    (np.ones((1, 1), "i4"), k.Array(np.dtype("i4"), dims(1, 1))),
    ((), k.TupleOf(())),
    ((1, 2.0), k.TupleOf((k.INT, k.FLOAT))),
    ((np.ones(2), (1,)), k.TupleOf((k.Array(F8, dims("x.0.0")), k.TupleOf((k.INT,))))),
    ([], k.ListOf(k.UNKNOWN)),
    ([1.0, 2.0], k.ListOf(k.FLOAT)),
    ([1, 2.0], k.ListOf(k.UNKNOWN)),
    ([np.ones(2), np.ones(3)], k.ListOf(k.Array(F8, dims("x[].0")))),
    ([np.ones(2), np.ones(1)], k.ListOf(k.Array(F8, (k.Dim("x[].0"),)))),
    ([np.ones(2), np.ones((2, 2))], k.ListOf(k.UNKNOWN)),
    (range(3), k.RangeOf()),
    ({"a": 1}, k.DictOf(("a",), (k.INT,))),
    ({1: 1}, k.Object(dict)),
    ({1}, k.Object(set)),
    (Plain(), k.Object(Plain)),
    (Callable(), k.Object(Callable)),
    (Float(1.0), k.Object(Float)),
]


def named(value: Any) -> str:
    """A name without an address, so that every process names the tests alike."""
    return re.sub(r"\W+", "_", re.sub(" at 0x[0-9a-f]+", "", str(value)))[:40]


@pytest.mark.parametrize(("value", "kind"), KINDS, ids=named)
def test_kind(value: Any, kind: k.Kind) -> None:
    assert kind_of(value, "x") == kind


def test_other_callables_are_known_by_identity() -> None:
    partial = functools.partial(g, 1)
    decorated = differentiate(g)
    cached = functools.lru_cache(g)
    for value in (partial, decorated, cached):
        assert kind_of(value, "x") == k.Known(value)


def test_a_slice_is_known_by_its_structure() -> None:
    assert kind_of(slice(1, None), "x") == kind_of(slice(2, None), "x")
    assert kind_of(slice(1, None), "x") != kind_of(slice(None, 1), "x")
    known = kind_of(slice(1, None), "x")
    assert isinstance(known, k.Known)
    assert known.value == slice(int, None, None)


def refused():
    record = np.zeros(2, [("a", float)])
    return [
        (np.ma.masked_array([1.0]), r"a numpy\.ma(\.core)?\.MaskedArray.*\n.*data and its mask"),
        (np.matrix([[1.0]]), r"a numpy\.matrix.*\n.*np\.asarray"),
        (np.array([1.0, None]), r"an array of Python objects \(dtype object\)"),
        (record, "an array of records"),
        (record[0], "an array of records"),
    ]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("which", range(5))
def test_refused(which: int) -> None:
    value, message = refused()[which]
    with pytest.raises(UnsupportedError, match=f"the argument 'x' is {message}"):
        kind_of(value, "x")
    for container in (1, value), [value], ([value, value],):
        with pytest.raises(UnsupportedError, match=f"the argument 'x' contains {message}"):
            kind_of(container, "x")


# --- keys ---------------------------------------------------------------------------------------


def without_names(kind: Any) -> Any:
    """The kind with all its dimensions' names alike."""
    if isinstance(kind, k.Array):
        return k.Array(
            kind.dtype, tuple(d if d == 1 else k.Dim("", 0, d.not_one) for d in kind.dims)
        )
    if isinstance(kind, k.TupleOf):
        return k.TupleOf(tuple(map(without_names, kind.items)))
    if isinstance(kind, k.ListOf):
        return k.ListOf(without_names(kind.item))
    return kind


def values() -> list[Any]:
    more = [2, 2.5, False, "b", np.longlong(3), np.int64(3), np.ones(4), np.ones((2, 1, 5))]
    more += [np.ones(3, ">f8"), np.ones(3, "l"), np.ones(3, "q"), [2.0], [np.ones(5)], (2, 3.0)]
    more += [slice(1), slice(2), slice(None, 1.5), lambda x: x, bool, int, np.dtype("f8")]
    more += [[True, 1], [np.ones(1), np.ones(2)], [(1, 2)], [(1, 2), (1, 2.0)], math, math.sin]
    return [value for value, _ in KINDS] + more


def test_keys_are_equal_exactly_when_kinds_are() -> None:
    for a, b in itertools.product(values(), repeat=2):
        kind_a, kind_b = without_names(kind_of(a, "")), without_names(kind_of(b, ""))
        equal = kind_a == kind_b
        assert (key_of(a) == key_of(b)) is equal, (a, b)
        assert (frozen_key(kind_a) == frozen_key(kind_b)) is equal, (a, b)
        if equal:
            assert hash(key_of(a)) == hash(key_of(b))
            assert hash(frozen_key(kind_a)) == hash(frozen_key(kind_b))


def test_what_the_key_tells_apart() -> None:
    ones = [True, 1, 1.0, 1 + 0j, np.float64(1), np.float32(1), np.bool_(1), np.int64(1), "1"]
    ones += [np.array(1.0), np.ones(1), np.ones(2), np.ones((1, 2)), np.ones((2, 1)), None]
    ones += [np.array(1.0, "f4"), (1.0,), [1.0], False, "2", b"1", ..., slice(1), range(1)]
    assert len({key_of(one) for one in ones}) == len(ones)
    assert all(key_of(a) != key_of(b) for a, b in itertools.combinations(ones, 2))


def test_numbers_are_not_known_by_value() -> None:
    assert key_of(1) == key_of(2)
    assert key_of(1.0) == key_of(float("nan"))
    assert key_of(np.ones(3)) == key_of(np.zeros(7))


def test_functions_are_known_with_code_and_defaults() -> None:
    def f(x, *, k=1):
        return x

    before = key_of(f), frozen_key(kind_of(f, "f"))
    f.__defaults__ = (2,)
    assert key_of(f) != before[0]
    assert frozen_key(kind_of(f, "f")) != before[1]
    before = key_of(f), frozen_key(kind_of(f, "f"))
    f.__kwdefaults__["k"] = 2
    assert key_of(f) != before[0]
    assert frozen_key(kind_of(f, "f")) != before[1]
    before = key_of(f), frozen_key(kind_of(f, "f"))
    f.__code__ = (lambda x, *, k: x).__code__
    assert key_of(f) != before[0]
    assert frozen_key(kind_of(f, "f")) != before[1]


def test_a_bound_method_is_the_same_at_each_look() -> None:
    a, b = Callable(), Callable()
    assert a.__call__ is not a.__call__
    assert key_of(a.__call__) == key_of(a.__call__) != key_of(b.__call__)
    assert frozen_key(kind_of(a.__call__, "x")) == frozen_key(kind_of(a.__call__, "x"))


def test_anchors_are_what_keys_know_by_identity() -> None:
    a = Callable()
    found = list(anchors([(a.__call__, np.sin), 1.0, "x"]))
    assert any(v is a for v in found)
    assert any(v is np.sin for v in found)
    assert any(v is Callable.__call__.__code__ for v in found)
    assert not any(isinstance(v, float | str) for v in found)


def test_frozen_keys_keep_nothing_alive() -> None:
    class Local:
        def method(self):
            return 1

    def f(x, g=lambda: 1):
        return x

    local = Local()
    value = (Local, local, f, local.method, types.ModuleType("m"))
    key = frozen_key(kind_of(value, "x")), frozen_value((f, Local))
    same = frozen_key(kind_of(value, "y")), frozen_value((f, Local))
    assert key == same
    assert not is_stale(key)
    refs = [weakref.ref(v) for v in (Local, local, f)]
    del Local, local, f, value
    gc.collect()
    assert [ref() for ref in refs] == [None] * 3
    assert is_stale(key)
    assert key != same


def test_frozen_values_of_floats_are_told_apart() -> None:
    assert frozen_value((0.0,)) != frozen_value((-0.0,))
    assert frozen_value((math.nan,)) == frozen_value((float("nan"),))
    assert frozen_value((1,)) != frozen_value((1.0,)) != frozen_value((True,))


def test_identity_holds_what_cannot_be_held_weakly() -> None:
    key = Identity(value := object())
    assert key.get() is value
    assert key == Identity(value)
    assert key != Identity(object())
    assert key != 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "float"),
        (np.float32(1), "np.float32"),
        (np.ones((2, 1)), "float64[:, 1]"),
        (np.array(1), "int64[]"),
        ((1, 2.0), "(int, float)"),
        ((1,), "(int,)"),
        ([1.0], "list[float]"),
        ([], "list[?]"),
        (range(2), "range"),
        ("spline", "'spline'"),
        (None, "None"),
        (g, "g"),
        (np, "numpy"),
        (Plain(), "Plain"),
    ],
)
def test_describe(value: Any, text: str) -> None:
    assert describe(kind_of(value, "x")) == text
