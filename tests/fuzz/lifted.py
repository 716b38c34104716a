"""The world of dual numbers: NumPy, `math` and `float` that know them, and functions moved there.

A program is moved either as a function (`lifted_function`: with the globals that it reads) or as
the text of a module (`twin`: executed anew, classes and helpers included, where `import numpy`
and `import math` give the versions below).
"""

from __future__ import annotations

import builtins
import itertools
import math
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tests.fuzz.dual import Dual, Watch, watched


def lift(value: Any) -> Any:
    """Floats and float arrays as constants among dual numbers; everything else as it is."""
    if isinstance(value, float | np.floating):
        return Dual(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        lifted = np.empty_like(value, dtype=object)  # in memory as `value` is
        lifted[...] = value
        return solid(lifted)
    return value


def solid(a: Any) -> Any:
    """An array of dual numbers alone, where plain numbers may have been stored into it."""
    if isinstance(a, np.ndarray) and a.dtype == object and a.flags.writeable:
        for index in np.ndindex(a.shape):
            if type(a[index]) is not Dual:
                a[index] = Dual(0.0 if a[index] is None else a[index])
    return a


class _Function:
    """A function of NumPy's, or a submodule, handed arrays of dual numbers alone."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for a in (*args, *kwargs.values()):
            solid(a)
        return self._function(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return _wrapped(getattr(self._function, name))


def _wrapped(value: Any) -> Any:
    wraps = (callable(value) or isinstance(value, types.ModuleType)) and not isinstance(value, type)
    return _Function(value) if wraps else value


class LiftedNumpy:
    """NumPy, whose new arrays can hold dual numbers."""

    CREATORS = frozenset(
        "zeros ones full empty zeros_like ones_like full_like empty_like array asarray eye "
        "linspace arange float64 float32".split()
    )

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name)
        if name not in self.CREATORS:
            return _wrapped(function)

        def creator(*args: Any, **kwargs: Any) -> Any:
            if name in ("float64", "float32") and isinstance(args[0], Dual):
                return args[0]
            if name == "asarray" and isinstance(args[0], np.ndarray) and "dtype" not in kwargs:
                return args[0]
            if kwargs.get("dtype") in (LiftedFloat, np.float64):
                del kwargs["dtype"]
                if name in ("full", "array", "asarray", "arange"):
                    kwargs["dtype"] = object
            integral = kwargs.get("dtype") is not None and kwargs["dtype"] is not object
            if any(isinstance(a, Dual) for a in args) or (name.endswith("_like") and not integral):
                kwargs["dtype"] = object
            made = function(*args, **kwargs)
            return lift(solid(made))

        return creator


class LiftedMath:
    NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
    NAMES |= {"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}

    def __getattr__(self, name: str) -> Any:
        function = getattr(math, name)
        method = self.NAMES.get(name, name)
        if not callable(function):
            return function

        def either(*args: Any) -> Any:
            if not any(isinstance(a, Dual) for a in args):
                return function(*args)
            if name == "pow":
                return args[0] ** args[1]
            if name in ("floor", "ceil", "trunc", "prod", "fsum"):
                return function(args[0])
            return getattr(args[0], method)(*args[1:])

        return either


class _FloatLike(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, float | Dual)


class LiftedFloat(metaclass=_FloatLike):
    """`float` of a dual number is that number."""

    def __new__(cls, x: Any = 0.0) -> Any:
        x = x.item() if isinstance(x, np.ndarray) else x
        return x if isinstance(x, Dual) else builtins.float(x)


def lifted_function(f: types.FunctionType, made: dict[int, Any] | None = None) -> Any:
    """f, with every global that it and its helpers read replaced by one that knows dual numbers."""
    made = {} if made is None else made
    if id(f) in made:
        return made[id(f)]
    names: dict[str, Any] = {"__builtins__": builtins, "float": LiftedFloat}
    defaults = tuple(map(lift, f.__defaults__)) if f.__defaults__ else None
    copied = types.FunctionType(f.__code__, names, f.__name__, defaults, f.__closure__)
    copied.__kwdefaults__ = f.__kwdefaults__
    made[id(f)] = copied
    for name in _names(f.__code__):
        if name not in f.__globals__:
            continue
        value = f.__globals__[name]
        if value is math:
            names[name] = LiftedMath()
        elif value is np:
            names[name] = LiftedNumpy()
        elif isinstance(value, types.FunctionType):
            names[name] = lifted_function(value, made)
        elif getattr(value, "__module__", "") == "math" and callable(value):
            names[name] = getattr(LiftedMath(), value.__name__)
        else:
            names[name] = lift(value)
    return copied


def _names(code: types.CodeType) -> Iterator[str]:
    """The names that a function reads, and the functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


_twins = itertools.count(1)


def twin(text: str) -> Any:
    """The function `f` of a module's text, in the world of dual numbers."""

    def imported(name: str, *args: Any) -> Any:
        worlds: dict[str, Callable[[], Any]] = {"numpy": LiftedNumpy, "math": LiftedMath}
        return worlds[name]() if name in worlds else builtins.__import__(name, *args)

    module = types.ModuleType(f"fuzzed_twin_{next(_twins)}")
    names = module.__dict__
    names["__builtins__"] = {**vars(builtins), "__import__": imported, "float": LiftedFloat}
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(text, "<twin>", "exec"), names)
    finally:
        del sys.modules[module.__name__]
    return names["f"]


def dual_result(
    lifted: Any, args: Sequence[Any], argnums: Sequence[int], watch: Watch | None = None
) -> tuple[Any, tuple[Any, ...]]:
    """The value and the gradient of a function that has been lifted."""
    sizes = [int(np.size(args[k])) for k in argnums]
    with watched(Watch() if watch is None else watch), np.errstate(all="ignore"):
        duals = [lift(a) for a in args]
        units = iter(np.eye(sum(sizes)))
        for k in argnums:
            if isinstance(duals[k], Dual):
                duals[k].partials = next(units)
            else:
                for index in np.ndindex(duals[k].shape):
                    duals[k][index].partials = next(units)
        result = np.asarray(lifted(*duals), dtype=object).reshape(()).item()
    is_dual = isinstance(result, Dual)
    slopes = np.broadcast_to(result.partials if is_dual else 0.0, sum(sizes))
    gradients, start = [], 0
    for k, size in zip(argnums, sizes, strict=True):
        part = slopes[start : start + size].reshape(np.shape(args[k])).copy()
        gradients.append(part if isinstance(args[k], np.ndarray) else float(part))
        start += size
    return result.value if is_dual else result, tuple(gradients)


def dual_gradient(
    f: Any, args: Sequence[Any], argnums: int | Sequence[int] = 0, watch: Watch | None = None
) -> Any:
    """The gradient by dual numbers, exact to rounding. `watch` records margins and sizes."""
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    _, gradients = dual_result(lifted_function(f), args, chosen, watch)
    return gradients[0] if isinstance(argnums, int) else gradients
