"""Functions and methods that write into an array, as stores.

a.fill(v)                           a[...] = v
a.sort()                            a[...] = np.sort(a)
np.copyto(a, b, where=m)            a[m] = b[m]
np.putmask(a, m, b)          →      a[m] = b[m]
np.fill_diagonal(A, v)              A[np.diag_indices(len(A))] = v
np.multiply.at(a, places, v)        for i in range(len(places)):
                                        a[places[i]] *= v[i]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.build import number
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import (
    Array,
    Kind,
    ListOf,
    SliceOf,
    dims_of,
    dtype_of,
    is_number,
    not_one,
    same_dim,
)
from srcdiff.ir.lists import length
from srcdiff.normalize.flat import flat_key
from srcdiff.normalize.fresh import is_fresh
from srcdiff.normalize.written import (
    Site,
    is_boolean,
    may_be_cast,
    part,
    picked,
    spread_mask,
    whole,
)

# A call's arguments by parameter. A writer returns whether it has written its stores to the site.
Arguments = Mapping[str, n.Expr]
Writer = Callable[[Arguments, Site], bool]


def write(e: n.Expr, site: Site) -> bool:
    """Writes the stores that a call is to the site; False where it is none of these calls."""
    count = len(site.before)
    written = _write(e, site)
    if not written:
        del site.before[count:]
    return written


def _write(e: n.Expr, site: Site) -> bool:
    if not isinstance(e, n.Call) or any(isinstance(arg, n.Starred) for arg in e.args):
        return False
    if isinstance(e.callee, n.Ref):
        found = _FUNCTIONS.get(e.callee.path and _hashable(e.callee.value))
        return found is not None and _called(found, e.args, e.keywords, site)
    if not isinstance(e.callee, n.Field):
        return False
    function = e.callee.base.value if isinstance(e.callee.base, n.Ref) else None
    if e.callee.name == "at" and isinstance(function, np.ufunc):
        return not e.keywords and _at(function, e.args, site)
    if e.callee.name in _METHODS and isinstance(site.infer(e.callee.base), Array):
        found = _METHODS[e.callee.name]
        return _called(found, (e.callee.base, *e.args), e.keywords, site)
    return False


def is_writer(e: n.Expr) -> bool:
    """Whether an expression is such a call, as far as its text tells."""
    if not isinstance(e, n.Call):
        return False
    if isinstance(e.callee, n.Ref):
        return _hashable(e.callee.value) in _FUNCTIONS
    return isinstance(e.callee, n.Field) and (e.callee.name in _METHODS or e.callee.name == "at")


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return None
    return value


def _called(
    found: tuple[tuple[str, ...], Writer],
    args: tuple[n.Expr, ...],
    keywords: tuple[tuple[str, n.Expr], ...],
    site: Site,
) -> bool:
    names, writer = found
    given = dict(zip(names, args, strict=False))
    more = dict(keywords)
    if len(args) > len(names) or not more.keys() <= set(names[len(given) :]):
        return False
    return writer({**given, **more}, site)


# --- whole arrays -------------------------------------------------------------------------------


def _fill(args: Arguments, site: Site) -> bool:
    target = whole(args["a"], site.infer)
    if target is None or "value" not in args or dims_of(site.infer(args["value"])) != ():
        return False
    site.store(target, args["value"])
    return True


def _copyto(args: Arguments, site: Site) -> bool:
    place, value = args["dst"], args["src"]
    value = np_call("array", value) if isinstance(value, n.List | n.Tuple) else value
    target = whole(place, site.infer)
    kind = site.infer(value)
    casting = args.get("casting", n.Const("same_kind"))
    if target is None or not isinstance(casting, n.Const):
        return False
    if not may_be_cast(kind, site.infer(place), casting.value):
        return False
    where = args.get("where", n.Const(True))
    if where == n.Const(True):
        site.store(target, value)
        return True
    if not is_boolean(site.infer(where)):
        return False
    # That the sizes are equal is relied upon where they are.
    site.infer(n.Op("add", (place, n.Op("mul", (value, where)))))
    mask = spread_mask(where, place, site)
    site.store(part(target, mask), picked(value, kind, mask, place, site.infer))
    return True


def _reordered(function: str) -> Writer:
    """`a.sort(axis)` and `a.partition(kth, axis)`."""

    def writer(args: Arguments, site: Site) -> bool:
        target = whole(args["a"], site.infer)
        if target is None or "order" in args or (function == "partition") != ("kth" in args):
            return False
        positional = tuple(args[name] for name in ("a", "kth") if name in args)
        keywords = {k: v for k, v in args.items() if k not in ("a", "kth")}
        site.store(target, np_call(function, *positional, **keywords))
        return True

    return writer


def _nan_to_num(args: Arguments, site: Site) -> bool:
    target = whole(args["x"], site.infer)
    if target is None or args.get("copy") != n.Const(False):
        return False
    keywords = {k: v for k, v in args.items() if k not in ("x", "copy")}
    site.store(target, np_call("nan_to_num", args["x"], **keywords))
    return True


# --- chosen elements ----------------------------------------------------------------------------


def _place(args: Arguments, site: Site) -> bool:
    """`np.place(a, m, v)`: the chosen elements get the values in turn."""
    target = whole(args["arr"], site.infer)
    if target is None or not _same_shape(args["arr"], args["mask"], site):
        return False
    values = args["vals"]
    kind = site.infer(values)
    mask = site.name(args["mask"], "chosen")
    if isinstance(kind, Array):
        values = values if kind.ndim == 1 else np_call("ravel", values)
        values = site.name(values, "values")
        turn = np_call("arange", np_call("count_nonzero", mask))
        values = n.Index(values, n.Op("mod", (turn, length(values))))
    elif not is_number(kind):
        return False
    site.store(part(target, mask), values, in_order=True)
    return True


def _putmask(args: Arguments, site: Site) -> bool:
    """`np.putmask(a, m, v)`: each chosen element gets the value at its own place."""
    place, values = args["a"], args["values"]
    target = whole(place, site.infer)
    if target is None or not _same_shape(place, args["mask"], site):
        return False
    kind = site.infer(values)
    site.infer(n.Op("add", (place, values)))
    one = isinstance(kind, Array) and all(dim == 1 for dim in kind.dims)
    if isinstance(kind, Array) and not one and not _same_shape(place, values, site):
        return False
    mask = site.name(args["mask"], "chosen")
    site.store(part(target, mask), picked(values, kind, mask, place, site.infer))
    return True


def _same_shape(place: n.Expr, other: n.Expr, site: Site) -> bool:
    """Whether two arrays have one shape, or are relied upon to have."""
    site.infer(n.Op("mul", (place, other)))
    a, b = site.infer(place), site.infer(other)
    if not isinstance(a, Array) or not isinstance(b, Array) or a.ndim != b.ndim:
        return False
    return all(
        same_dim(x, y) or (not_one(x) and not_one(y)) for x, y in zip(a.dims, b.dims, strict=True)
    )


# --- indices ------------------------------------------------------------------------------------


def _put(args: Arguments, site: Site) -> bool:
    """`np.put(a, places, v)` counts the places in the flattened array."""
    place, key, values = args["a"], args["ind"], args["v"]
    target = whole(place, site.infer)
    kind = site.infer(place)
    if target is None or args.get("mode", n.Const("raise")) != n.Const("raise"):
        return False
    assert isinstance(kind, Array)
    value_kind = site.infer(values)
    if not (is_number(value_kind) or (isinstance(value_kind, Array) and value_kind.ndim == 1)):
        if not isinstance(values, n.List | n.Tuple):
            return False
        values = np_call("array", values)
    site.store(part(target, flat_key(place, kind, key, site.infer)), values)
    return True


def _put_along_axis(args: Arguments, site: Site) -> bool:
    """Indices along one axis, beside all those of the other ones."""
    place, kind = args["arr"], site.infer(args["arr"])
    target = whole(place, site.infer)
    axis = number(args["axis"]) if "axis" in args else None
    if target is None or type(axis) is not int or not isinstance(kind, Array):
        return False
    if site.infer(args["indices"]) is None or not -kind.ndim <= axis < kind.ndim:
        return False
    key: list[n.Expr] = []
    for k in range(kind.ndim):
        if k == axis % kind.ndim:
            key.append(args["indices"])
            continue
        every: n.Expr = np_call("arange", n.Index(n.Field(place, "shape"), n.Const(k)))
        behind = kind.ndim - 1 - k
        if behind:
            axes = (n.Slice(), *(n.Const(None),) * behind)
            every = n.Index(every, n.Tuple(axes))
        key.append(every)
    site.store(part(target, n.Tuple(tuple(key)) if len(key) > 1 else key[0]), args["values"])
    return True


def _fill_diagonal(args: Arguments, site: Site) -> bool:
    place, kind, value = args["a"], site.infer(args["a"]), args["val"]
    target = whole(place, site.infer)
    wrap = args.get("wrap", n.Const(False))
    if target is None or not isinstance(kind, Array) or kind.ndim < 2 or wrap != n.Const(False):
        return False
    if kind.ndim > 2 and not all(same_dim(d, kind.dims[0]) for d in kind.dims):
        return False
    value_kind = site.infer(value)
    if not (is_number(value_kind) or (isinstance(value_kind, Array) and value_kind.ndim == 1)):
        return False
    count: n.Expr = length(place)
    if not all(same_dim(d, kind.dims[0]) for d in kind.dims):
        count = n.Call(n.Ref("min", min, min), (n.Field(place, "shape"),))
    more = (n.Const(kind.ndim),) * (kind.ndim > 2)
    site.store(part(target, np_call("diag_indices", count, *more)), value, in_order=True)
    return True


# The operators that ufuncs are; any other is called.
_OPERATORS: Mapping[Any, str] = {
    np.multiply: "mul",
    np.divide: "div",
    np.power: "pow",
    np.floor_divide: "floordiv",
    np.remainder: "mod",
}


def _at(function: np.ufunc, args: tuple[n.Expr, ...], site: Site) -> bool:
    """`np.multiply.at(a, places, v)` goes from one entry of the places to the next."""
    if len(args) != 1 + function.nin or function.nout != 1:
        return False
    target = whole(args[0], site.infer)
    places = args[1].items if isinstance(args[1], n.Tuple) else (args[1],)
    kinds = [site.infer(p) for p in places]
    if target is None:
        return False
    if all(_names_once(p, kind) for p, kind in zip(places, kinds, strict=True)):
        _update_once(function, part(target, args[1]), args[2:], site)
        return True
    if not all(map(_are_places, kinds)):
        return False
    if not all(_same_shape(places[0], p, site) for p in places[1:]):
        return False
    if dtype_of(site.infer(args[0])) == dtype_of(kinds[0]):
        places = tuple(np_call("array", p) for p in places)
    named = [site.name(p, "places") for p in places]
    i = n.Var(site.names.fresh("i"))
    key: n.Expr = n.Tuple(tuple(n.Index(p, i) for p in named))
    element = part(target, key if len(named) > 1 else n.Index(named[0], i))
    operands: tuple[n.Expr, ...] = (element,)
    if function.nin == 2:
        value = _each(args[2], element, i, site)
        if value is None:
            return False
        operands = (element, value)
    span = site.statement.span
    inner: n.Stmt = n.Assign(element, np_ufunc(function, *operands), span=span)
    if function in _OPERATORS:
        inner = n.Update(element, _OPERATORS[function], operands[1], span=span)
    trips_of = n.Call(n.Ref("range", range, range), (length(named[0]),))
    site.before.append(n.For(i, trips_of, (inner,), span=span))
    return True


def _names_once(key: n.Expr, kind: Kind) -> bool:
    """Whether a key, or an entry of one, names each element once: an integer, a slice or a mask."""
    dtype = dtype_of(kind)
    if isinstance(key, n.Slice) or isinstance(kind, SliceOf):
        return True
    if isinstance(kind, Array):
        return dtype == np.dtype(bool)
    return is_number(kind) and dtype is not None and dtype.kind in "iu"


def _update_once(
    function: np.ufunc, place: n.Index, values: tuple[n.Expr, ...], site: Site
) -> None:
    """`a[key] op= v`, or `a[key] = f(a[key], v)`."""
    if function in _OPERATORS:
        site.update(place, _OPERATORS[function], values[0])
    else:
        site.store(place, np_ufunc(function, place, *values))


def np_ufunc(function: np.ufunc, *args: n.Expr) -> n.Call:
    """A call of a ufunc."""
    return n.Call(n.Ref(f"np.{function.__name__}", function, np), args)


def _are_places(kind: Kind) -> bool:
    """Whether a value is a vector or a list of integers."""
    if isinstance(kind, ListOf):
        kind = Array(dtype_of(kind.item) or np.dtype(float), (0,))
    dtype = dtype_of(kind)
    return isinstance(kind, Array) and kind.ndim == 1 and dtype is not None and dtype.kind in "iu"


def _each(value: n.Expr, element: n.Expr, i: n.Var, site: Site) -> n.Expr | None:
    """The part of a value that belongs to the i-th place."""
    kind = site.infer(value)
    if is_number(kind):
        return site.name(value, "value")
    inner = dims_of(_element_kind(element, site))
    if not isinstance(kind, Array) or inner is None or kind.ndim > len(inner) + 1:
        return None
    if not is_fresh(value, site.infer):
        value = n.Call(n.Field(value, "copy"))
    named = site.name(value, "values")
    if kind.ndim <= len(inner):
        return named
    return n.Index(named, i if not_one(kind.dims[0]) or kind.dims[0] != 1 else n.Const(0))


def _element_kind(element: n.Expr, site: Site) -> Kind:
    """The kind of what one integer for each place picks."""
    assert isinstance(element, n.Index)
    count = len(element.key.items) if isinstance(element.key, n.Tuple) else 1
    key: n.Expr = n.Tuple((n.Const(0),) * count) if count > 1 else n.Const(0)
    return site.infer(n.Index(element.base, key))


_FUNCTIONS: Mapping[Any, tuple[tuple[str, ...], Writer]] = {
    np.copyto: (("dst", "src", "casting", "where"), _copyto),
    np.place: (("arr", "mask", "vals"), _place),
    np.putmask: (("a", "mask", "values"), _putmask),
    np.put: (("a", "ind", "v", "mode"), _put),
    np.put_along_axis: (("arr", "indices", "values", "axis"), _put_along_axis),
    np.fill_diagonal: (("a", "val", "wrap"), _fill_diagonal),
    np.nan_to_num: (("x", "copy", "nan", "posinf", "neginf"), _nan_to_num),
}
_METHODS: Mapping[str, tuple[tuple[str, ...], Writer]] = {
    "fill": (("a", "value"), _fill),
    "put": (("a", "ind", "v", "mode"), _put),
    "sort": (("a", "axis", "kind", "order", "stable"), _reordered("sort")),
    "partition": (("a", "kth", "axis", "kind", "order"), _reordered("partition")),
}
