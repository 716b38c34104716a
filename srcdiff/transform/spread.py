"""Shapes of adjoints: spreading a seed over an array, and summing it to an operand's shape."""

from __future__ import annotations

from srcdiff.analysis.kinds import Inference
from srcdiff.ir import nodes as n
from srcdiff.ir.build import ONE, mul, neg, negated
from srcdiff.ir.fills import fill, np_call
from srcdiff.ir.kinds import (
    Array,
    Dims,
    Kind,
    dims_of,
    is_complex,
    is_float,
    not_one,
    same_dim,
    same_dims,
)
from srcdiff.ir.walk import rebuild, subexpressions
from srcdiff.runtime import unbroadcast


def shape_of(e: n.Expr) -> n.Expr:
    """The shape of an expression's value."""
    if isinstance(e, n.Var | n.Index):
        return n.Field(e, "shape")
    return np_call("shape", e)


def is_full(value: n.Expr, dims: Dims, infer: Inference) -> bool:
    """Whether the value, which broadcasts to these dimensions, has all of them."""
    own = dims_of(infer(value))
    if own is None or len(own) != len(dims):
        return False
    # What is not 1 is not broadcast.
    return all(same_dim(a, b) or not_one(a) for a, b in zip(own, dims, strict=True))


def spread(value: n.Expr, like: n.Expr, kind: Kind, infer: Inference) -> n.Expr:
    """The value with the full shape of `like`, whose kind is given."""
    dims = dims_of(kind)
    if dims is None or is_full(value, dims, infer) or not isinstance(kind, Array):
        return value
    return fill(like, value)


def reduce_to(
    value: n.Expr, operand: n.Expr, whole: n.Expr, dims: Dims, target: Kind, infer: Inference
) -> n.Expr:
    """A contribution summed over the axes along which the operand was broadcast.

    Args:
        value: the contribution; it broadcasts to the result's dimensions.
        operand: the operand's expression.
        whole: the whole elementwise expression.
        dims: the result's dimensions.
        target: the operand's kind.
        infer: kinds of expressions.
    """
    own = dims_of(target)
    if own is None:
        return _at_run_time(spread_shape(value, whole, dims, infer), operand)
    if same_dims(own, dims):
        return value
    full = spread_shape(value, whole, dims, infer)
    if not own:
        return _sum_all(value, full, whole, dims, infer)
    extra = len(dims) - len(own)
    pairs = list(zip(own, dims[extra:], strict=True))
    # What is not 1 has not been broadcast.
    kept = [same_dim(a, b) or not_one(a) for a, b in pairs]
    if not extra and all(kept):
        return value
    if not all(keeps or (a == 1 and not_one(b)) for keeps, (a, b) in zip(kept, pairs, strict=True)):
        return _at_run_time(full, operand)
    return _sum_axes(full, extra, [i for i, keeps in enumerate(kept) if not keeps])


def _sum_axes(full: n.Expr, extra: int, ones: list[int]) -> n.Expr:
    if extra:
        axis: n.Expr = n.Const(0) if extra == 1 else n.Tuple(tuple(map(n.Const, range(extra))))
        full = summed(full, axis=axis)
    if ones:
        axis = n.Const(ones[0]) if len(ones) == 1 else n.Tuple(tuple(map(n.Const, ones)))
        full = summed(full, axis=axis, keepdims=n.Const(True))
    return full


def _sum_all(value: n.Expr, full: n.Expr, whole: n.Expr, dims: Dims, infer: Inference) -> n.Expr:
    """The sum over all axes; of one number, the number times the count."""
    if dims_of(infer(value)) == ():
        source = _same_shape(whole, dims, infer)
        count = n.Field(source, "size") if source is not None else np_call("size", whole)
        return count if value == ONE else mul(value, count)
    return summed(full)


def summed(value: n.Expr, **keywords: n.Expr) -> n.Expr:
    """The sum of an array, its sign in front."""
    positive = negated(value)
    if positive is not None:
        return neg(np_call("sum", positive, **keywords))
    return np_call("sum", value, **keywords)


def spread_shape(value: n.Expr, whole: n.Expr, dims: Dims, infer: Inference) -> n.Expr:
    """The value broadcast to the shape of the whole expression (read-only: to be summed)."""
    if is_full(value, dims, infer):
        return value
    source = _same_shape(whole, dims, infer)
    shape = shape_of(source) if source is not None else np_call("shape", whole)
    return np_call("broadcast_to", value, shape)


def with_plain_shapes(e: n.Expr, infer: Inference) -> n.Expr:
    """`((a - b) ** 2).size` as `a.size`, where a variable has the same shape."""
    e = rebuild(e, lambda child: with_plain_shapes(child, infer))
    if (
        isinstance(e, n.Field)
        and e.name == "T"
        and isinstance(e.base, n.Field)
        and e.base.name == "T"
    ):
        return e.base.base
    if isinstance(e, n.Field) and e.name in ("shape", "size") and not isinstance(e.base, n.Var):
        source = _same_shape(e.base, dims_of(infer(e.base)) or (), infer)
        return n.Field(source, e.name) if source is not None else e
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is len:
        source = _same_shape(e.args[0], dims_of(infer(e.args[0])) or (), infer)
        return n.Call(e.callee, (source,)) if source is not None else e
    return e


def _same_shape(whole: n.Expr, dims: Dims, infer: Inference) -> n.Expr | None:
    """An operand, a plain variable, that has the shape of the whole expression."""
    for e in subexpressions(whole):
        if isinstance(e, n.Var):
            own = infer(e)
            if isinstance(own, Array) and same_dims(own.dims, dims):
                return e
    return None


def same_array(whole: n.Expr, kind: Array, infer: Inference) -> n.Expr | None:
    """An operand, a plain variable, that has the shape and the dtype of the whole expression."""
    found = _same_shape(whole, kind.dims, infer)
    own = None if found is None else infer(found)
    return found if isinstance(own, Array) and own.dtype == kind.dtype else None


def real_part(value: n.Expr) -> n.Expr:
    """What a real operand takes of a complex contribution: adjoints pair with tangents as
    Re(sum(adjoint * tangent)).
    """
    factor, rest = _turned(value)
    if rest is None:
        return _part_of(value, "real")
    part = _part_of(rest, "imag")
    return part if factor < 0 else neg(part)


def _turned(value: n.Expr) -> tuple[float, n.Expr | None]:
    """The other factor of a product with 1j or -1j, and the sign."""
    if isinstance(value, n.Op) and value.op == "mul":
        for i, arg in enumerate(value.args):
            if isinstance(arg, n.Const) and arg.value in (1j, -1j):
                return arg.value.imag, value.args[1 - i]
    return 0.0, None


def _part_of(value: n.Expr, part: str) -> n.Expr:
    return n.Field(value, part) if isinstance(value, n.Var | n.Index) else np_call(part, value)


def as_complex(value: n.Expr, kind: Kind, infer: Inference) -> n.Expr:
    """A real array as a complex one, where it stands for a value of a complex kind."""
    own = infer(value)
    if isinstance(kind, Array) and is_complex(kind) and is_float(own) and isinstance(own, Array):
        return n.Op("add", (value, n.Const(0j)))
    return value


def _at_run_time(value: n.Expr, operand: n.Expr) -> n.Expr:
    """Which of two unknown sizes is 1 is only known when the text runs."""
    helper = n.Ref("unbroadcast", unbroadcast, unbroadcast)
    return n.Call(helper, (value, shape_of(operand)))


def without_axes(value: n.Expr, key: n.Expr) -> n.Expr:
    """The value with the axes taken off that `key` added as None."""
    items = key.items if isinstance(key, n.Tuple) else (key,)
    axes = tuple(i for i, item in enumerate(items) if item == n.Const(None))
    positive = negated(value)
    if positive is not None:
        return neg(without_axes(positive, key))
    kept = _sum_along(value)
    if kept == axes:
        assert isinstance(value, n.Call)
        return n.Call(value.callee, value.args, value.keywords[:1])
    at = tuple(n.Const(0) if i in axes else n.Slice() for i in range(len(items)))
    return n.Index(value, at[0] if len(at) == 1 else n.Tuple(at))


def _sum_along(e: n.Expr) -> tuple[int, ...] | None:
    """The axes of `np.sum(x, axis=..., keepdims=True)`, else None."""
    if not isinstance(e, n.Call) or [name for name, _ in e.keywords] != ["axis", "keepdims"]:
        return None
    axis = e.keywords[0][1]
    items = axis.items if isinstance(axis, n.Tuple) else (axis,)
    return tuple(i.value for i in items if isinstance(i, n.Const))
