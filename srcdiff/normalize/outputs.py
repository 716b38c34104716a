"""`out=` as a store.

np.add(a, b, out=c)                         c[...] = a + b
np.multiply(a, b, a)                 →      a *= b
np.divide(a, b, out=c, where=m)             c[m] = a[m] / b[m]
np.sum(A, axis=0, out=r)                    r[...] = np.sum(A, axis=0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, Kind, dtype_of, is_number
from srcdiff.normalize.written import (
    Site,
    is_boolean,
    may_be_cast,
    part,
    picked,
    reading,
    spread_mask,
    whole,
)
from srcdiff.rules.outputs import ends_in_output, is_numpy, output_position
from srcdiff.rules.registry import method_function

# Functions of NumPy that are operators, where one of the operands is an array.
_OPERATORS: Mapping[Any, str] = {
    np.add: "add",
    np.subtract: "sub",
    np.multiply: "mul",
    np.divide: "div",
    np.floor_divide: "floordiv",
    np.remainder: "mod",
    np.matmul: "matmul",
    np.negative: "neg",
}


@dataclass(frozen=True)
class Output:
    """A call that writes its result into `place`, where `where` holds; `call` is the call without
    these arguments, and `cast` says how its result may be converted.
    """

    call: n.Call
    place: n.Expr
    where: n.Expr | None = None
    cast: str = "same_kind"


def output_of(e: n.Expr, site: Site) -> Output | None:
    """What a call writes, if it is one of NumPy's and has an `out`."""
    if not isinstance(e, n.Call):
        return None
    function = _function(e, site)
    if function is None or any(isinstance(arg, n.Starred) for arg in e.args):
        return None
    keywords = dict(e.keywords)
    position = output_position(function, isinstance(e.callee, n.Field))
    args, place = e.args, keywords.pop("out", None)
    if place is None and position is not None and len(args) == position + 1:
        args, place = _without_nones(args[:position], function), args[position]
    if place is None or place == n.Const(None):
        return None
    if isinstance(place, n.Tuple) and len(place.items) == 1:
        place = place.items[0]
    where, cast = None, "same_kind" if isinstance(function, np.ufunc) else "no"
    if isinstance(function, np.ufunc):
        where = keywords.pop("where", None)
        casting = keywords.pop("casting", None)
        if isinstance(casting, n.Const) and isinstance(casting.value, str):
            cast = casting.value
    if where == n.Const(True):
        where = None
    return Output(n.Call(e.callee, args, tuple(keywords.items()), span=e.span), place, where, cast)


def _without_nones(args: tuple[n.Expr, ...], function: Any) -> tuple[n.Expr, ...]:
    """The arguments without those at the end that stand there for `out` to follow them."""
    while not isinstance(function, np.ufunc) and len(args) > 1 and args[-1] == n.Const(None):
        args = args[:-1]
    return args


def without_output(e: n.Call) -> n.Call:
    """The call without `out=None`, which says nothing."""
    kept = tuple((name, v) for name, v in e.keywords if (name, v) != ("out", n.Const(None)))
    args = e.args[:-1] if ends_in_output(e) and e.args[-1] == n.Const(None) else e.args
    if len(kept) == len(e.keywords) and args is e.args:
        return e
    return n.Call(e.callee, args, kept, span=e.span)


def store_output(output: Output, site: Site) -> n.Expr | None:
    """Writes the store to the site; gives what the call returns, or None where it cannot be
    written as a store.
    """
    target = whole(output.place, site.infer)
    value = _operator(output.call, site)
    kind = site.infer(value)
    place = site.infer(output.place)
    if target is None or not may_be_cast(kind, place, output.cast):
        return None
    if output.where is not None:
        return output.place if _masked(output, target, site) else None
    if isinstance(value, n.Op) and len(value.args) == 2 and _is_in_place(value, target, place):
        name = reading(target)
        site.update(name if isinstance(name, n.Var) else target, value.op, value.args[1])
    else:
        site.store(target, value, _in_order(output.call))
    return output.place


def _in_order(call: n.Call) -> bool:
    """Whether a function writes some of its result before it has read all of its operands."""
    return isinstance(call.callee, n.Ref) and call.callee.value in (np.concatenate, np.stack)


def _is_in_place(value: n.Op, target: n.Index, place: Kind) -> bool:
    """Whether `target = value` is `target op= ...`."""
    own = value.args[0] == reading(target)
    return own and value.op != "matmul" and isinstance(place, Array) and place.ndim > 0


def _masked(output: Output, target: n.Index, site: Site) -> bool:
    """`c[m] = a[m] + b[m]`: nothing is computed where the mask does not hold."""
    call, place = output.call, output.place
    assert output.where is not None
    if call.keywords or not is_boolean(site.infer(output.where)):
        return False
    whole_kind = site.infer(n.Op("add", (place, n.Op("mul", (call.args[0], output.where)))))
    kinds = [site.infer(arg) for arg in call.args]
    if not isinstance(whole_kind, Array) or any(dtype_of(kind) is None for kind in kinds):
        return False
    if isinstance(call.callee, n.Ref) and call.callee.value is np.matmul:
        return False
    if not any(isinstance(kind, Array) for kind in kinds):
        return False
    mask = spread_mask(output.where, place, site)
    args = tuple(
        picked(arg, kind, mask, place, site.infer)
        for arg, kind in zip(call.args, kinds, strict=True)
    )
    op = _operator_name(call)
    value: n.Expr = n.Call(call.callee, args, span=call.span)
    if op is not None:
        value = n.Op(op, args, span=call.span)
    chosen = part(target, mask)
    if op is not None and len(args) == 2 and call.args[0] == reading(target):
        site.update(chosen, op, args[1])
    else:
        site.store(chosen, value)
    return True


def _operator_name(call: n.Call) -> str | None:
    function = call.callee.value if isinstance(call.callee, n.Ref) else None
    return _OPERATORS.get(function) if isinstance(function, np.ufunc) else None


def _operator(call: n.Call, site: Site) -> n.Expr:
    """`np.add(a, b)` as `a + b`, where that is the same: one of them is an array."""
    op = _operator_name(call)
    kinds = [site.infer(arg) for arg in call.args]
    plain = all(isinstance(kind, Array) or is_number(kind) for kind in kinds)
    if op is None or call.keywords or not plain:
        return call
    if not any(isinstance(kind, Array) for kind in kinds):
        return call
    return n.Op(op, call.args, span=call.span)


def _function(e: n.Call, site: Site) -> Any | None:
    """The function of NumPy's that a call calls."""
    if isinstance(e.callee, n.Ref):
        return e.callee.value if is_numpy(e.callee.value) else None
    if isinstance(e.callee, n.Field):
        return method_function(site.infer(e.callee.base), e.callee.name)
    return None
