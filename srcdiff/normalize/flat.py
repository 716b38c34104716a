"""Elements counted through a whole array, and real and imaginary parts, as elements of it.

A.flat[k] = v                       A[np.unravel_index(k, A.shape)] = v
A.flat[:] = v                →      A[...] = np.reshape(v, A.shape)
z.real[k] = v                       z[k] = v + 1j * z[k].imag
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import Array, Kind, is_complex, is_number
from srcdiff.ir.names import APART
from srcdiff.ir.walk import rebuild
from srcdiff.normalize.fresh import is_fresh

Infer = Callable[[n.Expr], Kind]

_EVERYTHING = (n.Slice(), n.Const(...))


def is_flat(e: n.Expr) -> bool:
    """Whether an expression is `x.flat`."""
    return isinstance(e, n.Field) and e.name == "flat"


def is_part(e: n.Expr) -> bool:
    """Whether an expression is `z.real` or `z.imag`."""
    return isinstance(e, n.Field) and e.name in ("real", "imag")


def flat_key(array: n.Expr, kind: Array, key: n.Expr, infer: Infer) -> n.Expr:
    """The key of an array that a key of its flattened form is."""
    if kind.ndim == 1:
        return key
    if not (isinstance(key, n.Const) and type(key.value) is int and key.value >= 0):
        # Counts from the end, and slices, are NumPy's to understand.
        key = n.Index(np_call("arange", n.Field(array, "size")), key)
    return np_call("unravel_index", key, n.Field(array, "shape"))


def plain_elements(e: n.Expr, infer: Infer) -> n.Expr:
    """The expression with reads of `A.flat` as reads of A."""
    if isinstance(e, n.Index) and is_flat(e.base):
        array, kind = _array(e.base, infer)
        if kind is not None:
            if e.key in _EVERYTHING:
                return n.Call(n.Field(plain_elements(array, infer), "flatten"), span=e.span)
            key = flat_key(array, kind, plain_elements(e.key, infer), infer)
            return n.Index(plain_elements(array, infer), key, span=e.span)
    if is_flat(e):
        array, kind = _array(e, infer)
        if kind is not None:
            return n.Call(n.Field(plain_elements(array, infer), "ravel"), span=e.span)
    return rebuild(e, lambda child: plain_elements(child, infer))


def _array(e: n.Expr, infer: Infer) -> tuple[n.Expr, Array | None]:
    assert isinstance(e, n.Field)
    kind = infer(e.base)
    return e.base, kind if isinstance(kind, Array) and kind.ndim else None


def is_display(e: n.Expr) -> bool:
    """Whether a value is a list or tuple that is written out, and not of literals only."""
    if not isinstance(e, n.List | n.Tuple):
        return False
    return any(is_display(item) or not isinstance(item, n.Const) for item in e.items)


def plain_store(s: n.Assign | n.Update, infer: Infer) -> n.Assign | n.Update:
    """A store into `A.flat`, or into a part of complex numbers, as one into the array; what is
    stored as an array, where it is written out as a list.
    """
    target = s.target
    stored_into = target.base if isinstance(target, n.Index) else target
    whole = isinstance(target, n.Index) or isinstance(s, n.Update)
    if whole and is_display(s.value) and isinstance(infer(stored_into), Array):
        s = replace(s, value=np_call("array", s.value))
    base, key = (target.base, target.key) if isinstance(target, n.Index) else (target, None)
    if is_flat(base):
        array, kind = _array(base, infer)
        if kind is not None:
            return _flat_store(s, array, kind, key, infer)
    if is_part(base):
        assert isinstance(base, n.Field)
        return _part_store(s, base, key, infer)
    return s


def _flat_store(
    s: n.Assign | n.Update, array: n.Expr, kind: Array, key: n.Expr | None, infer: Infer
) -> n.Assign | n.Update:
    value = infer(s.value)
    if key is None or key in _EVERYTHING:
        stored = s.value
        if isinstance(value, Array) and (kind.ndim > 1 or value.ndim > 1):
            stored = np_call("reshape", s.value, n.Field(array, "shape"))
        elif not is_number(value) and not isinstance(value, Array):
            return s
        target = n.Index(array, n.Const(...), span=s.target.span)
        # `A.flat = v` copies v first.
        return _in_order(replace(s, target=target, value=stored), key is not None, infer)
    place = n.Index(array, flat_key(array, kind, key, infer), span=s.target.span)
    return _in_order(replace(s, target=place), True, infer)


def _in_order(s: n.Assign | n.Update, in_order: bool, infer: Infer) -> n.Assign | n.Update:
    """The store, which goes from element to element; an update has its value by then."""
    if not in_order or isinstance(s, n.Update) or is_fresh(s.value, infer):
        return s
    return replace(s, note=APART)


def _part_store(
    s: n.Assign | n.Update, part: n.Field, key: n.Expr | None, infer: Infer
) -> n.Assign | n.Update:
    """`z.real = v` and `z.imag[k] = v`: the other part stays."""
    array, kind = part.base, infer(part.base)
    if not isinstance(kind, Array) or not isinstance(array, n.Var | n.Index | n.Field):
        return s
    place = n.Index(array, n.Const(...) if key is None else key, span=s.target.span)
    if not is_complex(kind):
        return replace(s, target=place) if part.name == "real" else s
    old: n.Expr = array if key is None else n.Index(array, key)
    value = s.value
    if isinstance(s, n.Update):
        value = n.Op(s.op, (n.Field(old, part.name), value), span=value.span)
    imaginary = n.Const(1j)
    if part.name == "real":
        whole = n.Op("add", (value, n.Op("mul", (imaginary, n.Field(old, "imag")))))
    else:
        whole = n.Op("add", (n.Field(old, "real"), n.Op("mul", (imaginary, value))))
    return n.Assign(place, replace(whole, span=s.value.span), span=s.span)
