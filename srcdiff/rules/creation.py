"""Arrays made of a shape, a fill value or an interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    Array,
    Dim,
    Dims,
    Kind,
    broadcast_dims,
    carries,
    is_number,
    same_dims,
)
from srcdiff.rules.operands import (
    array_parts,
    fresh_dims,
    int_value,
    keep_imaginary,
    require_values,
    shape_dims,
)
from srcdiff.rules.registry import Pull, Rule, Template, rule
from srcdiff.rules.sampling import sample
from srcdiff.rules.spelled import spelled
from srcdiff.runtime.broadcast import unbroadcast


@rule(np.zeros, np.ones, np.empty, np.ndarray)
def constant(shape: Kind, dtype: Any = float, at: str = "") -> Rule:
    return Rule(kind=Array(np.dtype(dtype), shape_dims(shape, at)))


@rule(np.zeros_like, np.ones_like, np.empty_like)
def constant_like(a: Kind, dtype: Any = None) -> Rule:
    old, dims = array_parts(a)
    return Rule(kind=Array(old if dtype is None else np.dtype(dtype), dims))


@rule(np.full)
def full(shape: Kind, fill_value: Kind, dtype: Any = None, at: str = "") -> Rule:
    old, _ = array_parts(fill_value)
    return _filled(old if dtype is None else np.dtype(dtype), shape_dims(shape, at), fill_value)


@rule(np.full_like)
def full_like(a: Kind, fill_value: Kind, dtype: Any = None) -> Rule:
    old, dims = array_parts(a)
    return _filled(old if dtype is None else np.dtype(dtype), dims, fill_value)


def _filled(dtype: np.dtype[Any], dims: Dims, fill_value: Kind) -> Rule:
    require_values(fill_value)
    kind = Array(dtype, dims)
    if not carries(kind):
        return Rule(kind=kind)
    keep_imaginary(fill_value, kind)
    if is_number(fill_value):
        pull = Pull(lambda d: np.sum(d), scalar=lambda y, d: d * y.size)
    else:
        pull = Pull(lambda fill_value, d: unbroadcast(d, fill_value.shape))
    return Rule(kind=kind, pulls={"fill_value": pull}, linear=("fill_value",))


@rule(np.eye, np.tri)
def eye(N: Kind, M: Kind | None = None, k: Any = 0, dtype: Any = float, at: str = "") -> Rule:
    rows = shape_dims(N, at)
    columns = rows if M is None else shape_dims(M, f"{at}.columns")
    return Rule(kind=Array(np.dtype(dtype), rows + columns))


@rule(np.identity)
def identity(n: Kind, dtype: Any = None, at: str = "") -> Rule:
    return Rule(kind=Array(np.dtype(dtype or float), shape_dims(n, at) * 2))


# --- intervals ----------------------------------------------------------------------------------


@rule(np.arange)
def arange(
    start: Kind,
    stop: Kind | None = None,
    step: Kind | None = None,
    dtype: Any = None,
    start_value: Any = None,
    stop_value: Any = None,
    at: str = "",
) -> Rule:
    """The entries depend on `start` and `step`; one argument alone is the end."""
    kinds = [kind for kind in (start, stop, step) if kind is not None]
    require_values(*kinds)
    if dtype is None:
        dtype = np.arange(*(sample(kind) for kind in kinds)).dtype
    first = 0 if stop is None else int_value(start, start_value)
    last = int_value(start, start_value) if stop is None else int_value(stop, stop_value)
    size = _distance(first, last) if step is None else None
    kind = Array(np.dtype(dtype), fresh_dims(1, at) if size is None else (size,))
    if stop is None or not carries(kind):
        return Rule(kind=kind)
    pulls = {
        "start": Pull(lambda d: np.sum(d), scalar=lambda y, d: d * len(y)),
        "step": Pull(lambda d: d @ np.arange(len(d))),
    }
    pushes: dict[str, Template] = {
        "start": lambda y, t: np.full_like(y, t),
        "step": lambda y, t: t * np.arange(len(y)),
    }
    names = ("start", "step")[: len(kinds) - 1]
    return Rule(
        kind=kind,
        pulls={name: pulls[name] for name in names},
        pushes={name: pushes[name] for name in names},
    )


def _distance(first: int | Dim | None, last: int | Dim | None) -> int | Dim | None:
    """The number of ints from `first` on and below `last`, where it can be told."""
    if not isinstance(first, int) or last is None:
        return None
    if isinstance(last, int):
        return max(last - first, 0)
    if first == 0:
        return last
    return Dim(last.name, last.minus + first) if first > 0 else None


@rule(np.linspace)
def linspace(
    start: Kind,
    stop: Kind,
    num: Kind | None = None,
    endpoint: Any = True,
    dtype: Any = None,
    at: str = "",
) -> Rule:
    (_, first), (_, last) = array_parts(start), array_parts(stop)
    if dtype is None:
        dtype = np.linspace(sample(start), sample(stop), 2).dtype
    count = (50,) if num is None else shape_dims(num, at)
    kind = Array(np.dtype(dtype), count + broadcast_dims(first, last))
    if not carries(kind):
        return Rule(kind=kind)
    ends = {"start": first, "stop": last}
    pulls = {name: Pull(_weighted(name, dims, kind, endpoint)) for name, dims in ends.items()}
    met = tuple(zip(first, last, strict=True)) if len(first) == len(last) else ()
    return Rule(kind=kind, pulls=pulls, linear=("start", "stop"), joint=True, equal=met)


def _weighted(name: str, dims: Dims, kind: Array, endpoint: bool) -> Template:
    """The adjoint's entries by the part that an end has in them."""
    ends = "1.0, 0.0" if name == "start" else "0.0, 1.0"
    parts = f"np.linspace({ends}, len(d){'' if endpoint else ', endpoint=False'})"
    if kind.ndim == 1:
        return spelled(f"lambda d: d @ {parts}")
    value = f"np.tensordot({parts}, d, 1)"
    if not dims:
        return spelled(f"lambda d: np.sum({value})")
    if same_dims(dims, kind.dims[1:]):
        return spelled(f"lambda d: {value}")
    return spelled(f"lambda {name}, d: unbroadcast({value}, {name}.shape)")
