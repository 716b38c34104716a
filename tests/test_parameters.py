"""Binding arguments, `argnums`, and what can be differentiated with respect to."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest

from srcdiff import UnsupportedError
from srcdiff.parameters import Parameters, check_argnums, check_differentiable, resolve_argnums
from srcdiff.signature import kind_of


def f0():
    return 0.0


def f1(x):
    return x


def f2(x, y=2.0):
    return x * y


def only(x, y, /, z=1):
    return x


def star(x, *rest, k, m=3, **more):
    return x


def keyword(x, *, k=1):
    return x


SIGNATURES = [f0, f1, f2, only, star, keyword]


def binder(f: Any) -> Any:
    parameters = Parameters.of(f.__code__)
    return parameters, parameters.binder("f_grad", f.__defaults__, f.__kwdefaults__)


@pytest.mark.parametrize("f", SIGNATURES)
def test_names_are_those_of_the_signature(f: Any) -> None:
    assert Parameters.of(f.__code__).names == tuple(inspect.signature(f).parameters)


@pytest.mark.parametrize("f", SIGNATURES)
def test_binds_as_the_function_does(f: Any) -> None:
    parameters, bind = binder(f)
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}),
        ((1,), {}),
        ((1, 2), {}),
        ((1, 2, 3), {}),
        ((1,), {"y": 3}),
        ((), {"x": 1}),
        ((1,), {"k": 3}),
        ((1, 2, 3), {"k": 3, "m": 4, "other": 5}),
        ((1, 2), {"x": 1}),
    ]
    for args, kwargs in calls:
        try:
            bound = inspect.signature(f).bind(*args, **kwargs)
        except TypeError:
            with pytest.raises(TypeError, match=r"^f_grad\(\)"):
                bind(*args, **kwargs)
            continue
        bound.apply_defaults()
        values = bind(*args, **kwargs)
        assert values == tuple(bound.arguments.values())

        def caught(*args: Any, **kwargs: Any) -> Any:
            return args, kwargs

        args, kwargs = parameters.call(caught, values)
        again = inspect.signature(f).bind(*args, **kwargs)
        again.apply_defaults()
        assert again == bound


def test_messages_are_pythons_own() -> None:
    _, bind = binder(f2)
    with pytest.raises(TypeError, match=r"f_grad\(\) missing 1 required positional argument: 'x'"):
        bind()
    with pytest.raises(TypeError, match=r"f_grad\(\) got an unexpected keyword argument 'z'"):
        bind(1, z=2)


@pytest.mark.parametrize(
    ("f", "argnums", "names"),
    [
        (f2, 0, ("x",)),
        (f2, -1, ("y",)),
        (f2, "y", ("y",)),
        (f2, (1, "x"), ("y", "x")),
        (f2, np.int64(1), ("y",)),
        (only, 2, ("z",)),
        (keyword, 1, ("k",)),
        (star, -3, ("k",)),
    ],
)
def test_argnums(f: Any, argnums: Any, names: tuple[str, ...]) -> None:
    assert resolve_argnums(check_argnums(argnums), Parameters.of(f.__code__), 0, "f") == names


def test_bound_arguments_are_not_counted() -> None:
    parameters = Parameters.of(star.__code__)
    assert resolve_argnums(1, parameters, 1, "f") == ("k",)
    assert resolve_argnums(-3, parameters, 1, "f") == ("k",)
    with pytest.raises(TypeError, match="'x' names no parameter"):
        resolve_argnums("x", parameters, 1, "f")
    with pytest.raises(TypeError, match=r"\*rest"):
        resolve_argnums(0, parameters, 3, "f")


@pytest.mark.parametrize(
    ("f", "argnums", "message"),
    [
        (f2, 2, "argnums 2 is out of range: f2 has the parameters x, y"),
        (f2, -3, "argnums -3 is out of range: f2 has the parameters x, y"),
        (f1, 1, "f1 has one parameter, x"),
        (f0, 0, "f0 has no parameters"),
        (f2, "z", "argnums 'z' names no parameter: f2 has the parameters x, y"),
        (f2, (0, 0), r"argnums \(0, 0\) names the parameter 'x' of f2 twice"),
        (f2, (0, "x"), "names the parameter 'x' of f2 twice"),
        (f2, (-2, 0), "names the parameter 'x' of f2 twice"),
        (f2, True, "not bool True"),
        (f2, np.True_, "not bool"),
        (f2, 1.0, "not float 1.0"),
        (f2, None, "not NoneType None"),
        (f2, [0, 1], "not list"),
        (f2, (0, None), "not NoneType None"),
        (f2, (), "empty"),
        (star, "rest", r"\*rest of star, which collects arguments"),
        (star, 1, r"\*rest of star"),
        (star, "more", r"\*\*more of star"),
    ],
)
def test_argnums_that_do_not_fit(f: Any, argnums: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        resolve_argnums(check_argnums(argnums), Parameters.of(f.__code__), 0, f.__name__)


# --- what can be differentiated -----------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [1.0, np.float32(1), np.array(1.0), np.ones((2, 1), "f4"), np.longdouble(1)]
)
def test_floats_can_be_differentiated(value: Any) -> None:
    check_differentiable(kind_of(value, "x"), "x", "f")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "f with respect to 'x' cannot be differentiated: the argument is an int."),
        (3, "Instead: pass a float, such as 3.0 instead of 3."),
        (True, "a bool. Instead: pass a float, such as 1.0"),
        (np.int64(3), "a np.int64. Instead: pass float(x)"),
        (np.ones(3, "i4"), "an array of dtype int32. Instead: pass x.astype(float)"),
        (np.ones(3, bool), "an array of dtype bool. Instead: pass x.astype(float)"),
        (np.array(["a"]), "an array of dtype <U1"),
        ("a", "the argument is a str"),
        (None, "the argument is None"),
        (range(3), "the argument is a range"),
        (object(), "the argument is an object"),
        ((1, 2), "the argument is a tuple that holds no float"),
        ([1, 2], "the argument is a list that holds no float"),
        (np.sin, "the argument is a ufunc"),
    ],
)  # fmt: skip
def test_what_cannot_be_differentiated(value: Any, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)) as caught:
        check_differentiable(kind_of(value, "x"), "x", "f")
    assert not isinstance(caught.value, UnsupportedError)


@pytest.mark.parametrize("value", [1j, np.ones(3, complex), np.complex64(1), (1j, 2)])
def test_complex_arguments(value: Any) -> None:
    check_differentiable(kind_of(value, "x"), "x", "f")
