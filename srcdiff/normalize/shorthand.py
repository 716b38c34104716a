"""NumPy's shorthands, as the operations that they stand for.

np.add.outer(x, y)              →   x[:, None] + y
np.add.reduce(A)                →   np.sum(A, axis=0)
np.multiply.accumulate(x)       →   np.cumprod(x, axis=0)
np.r_[0.0, x, y]                →   np.concatenate(([0.0], x, y))
np.c_[x, y]                     →   np.column_stack((x, y))
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import Array, Kind, dims_of, is_number
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_expressions,
    rebuild,
    subexpressions,
    with_blocks,
)
from srcdiff.normalize.iteration import Infer, Iterated

_OPERATORS = {np.add: "add", np.subtract: "sub", np.multiply: "mul", np.divide: "div"}
_REDUCTIONS = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}
_RUNNING = {np.add: "cumsum", np.multiply: "cumprod"}
_METHODS = ("outer", "reduce", "accumulate")


def concerns(s: n.Stmt) -> bool:
    """Whether a statement holds a shorthand."""
    return any(_is_shorthand(x) for e in expressions(s) for x in subexpressions(e))


def shorthands_written_out(function: n.Function, facts: Iterated) -> n.Function:
    """The function with shorthands written out; itself where there are none."""
    body = _block(function.body, facts)
    return function if body is function.body else replace(function, body=body)


def _block(block: n.Block, facts: Iterated) -> n.Block:
    out = tuple(_statement(s, facts) for s in block)
    return block if all(a is b for a, b in zip(out, block, strict=True)) else out


def _statement(s: n.Stmt, facts: Iterated) -> n.Stmt:
    if not facts.reached(s):
        return s
    if concerns(s):
        new = map_expressions(s, lambda e: _plain(e, facts.infer(s)))
        s = new if expressions(new) != expressions(s) else s
    before = blocks(s)
    inner = tuple(_block(b, facts) for b in before)
    return s if all(a is b for a, b in zip(inner, before, strict=True)) else with_blocks(s, inner)


def _is_shorthand(e: n.Expr) -> bool:
    if isinstance(e, n.Index):
        return _is_ref(e.base, np.r_) or _is_ref(e.base, np.c_)
    return _method(e) is not None


def _is_ref(e: n.Expr, value: Any) -> bool:
    return isinstance(e, n.Ref) and e.value is value


def _method(e: n.Expr) -> tuple[Any, str] | None:
    """The ufunc and the name of its method that is called."""
    if not isinstance(e, n.Call) or not isinstance(e.callee, n.Field):
        return None
    base = e.callee.base
    if not isinstance(base, n.Ref) or not isinstance(base.value, np.ufunc):
        return None
    return (base.value, e.callee.name) if e.callee.name in _METHODS else None


def _plain(e: n.Expr, infer: Infer) -> n.Expr:
    made = rebuild(e, lambda child: _plain(child, infer))
    if isinstance(e, n.Index) and isinstance(made, n.Index) and _is_shorthand(e):
        plain = _joined(e, made, infer)
    else:
        method = _method(e)
        plain = None
        if method is not None and isinstance(e, n.Call) and isinstance(made, n.Call):
            plain = _of_ufunc(*method, e, made, infer)
    return made if plain is None else replace(plain, span=e.span)


# --- methods of ufuncs --------------------------------------------------------------------------


def _of_ufunc(ufunc: Any, name: str, e: n.Call, made: n.Call, infer: Infer) -> n.Expr | None:
    """What a call stands for; `e` is the user's, `made` the same with its arguments plain."""
    if name == "outer":
        return _outer(ufunc, e, made, infer)
    target = (_REDUCTIONS if name == "reduce" else _RUNNING).get(ufunc)
    allowed = ("axis", "keepdims") if name == "reduce" else ("axis",)
    keywords = dict(made.keywords)
    if target is None or not made.args or not set(keywords) <= set(allowed):
        return None
    if len(made.args) == 2 and "axis" not in keywords:
        keywords = {"axis": made.args[1], **keywords}
    elif len(made.args) > 1:
        return None
    return np_call(target, made.args[0], **({"axis": n.Const(0)} | keywords))


def _outer(ufunc: Any, e: n.Call, made: n.Call, infer: Infer) -> n.Expr | None:
    if len(e.args) != 2 or e.keywords:
        return None
    dims = [dims_of(infer(arg)) for arg in e.args]
    if dims[0] is None or dims[1] is None:
        return None
    a, b = made.args
    if dims[0] and dims[1]:
        a = n.Index(a, n.Tuple((*[n.Slice()] * len(dims[0]), *[n.Const(None)] * len(dims[1]))))
    if ufunc in _OPERATORS:
        return n.Op(_OPERATORS[ufunc], (a, b))
    assert isinstance(made.callee, n.Field)
    return n.Call(made.callee.base, (a, b))


# --- np.r_ and np.c_ ----------------------------------------------------------------------------


def _joined(e: n.Index, made: n.Index, infer: Infer) -> n.Expr | None:
    """What stands between the brackets, as one array."""
    keys = e.key.items if isinstance(e.key, n.Tuple) else (e.key,)
    plain = made.key.items if isinstance(made.key, n.Tuple) else (made.key,)
    if _is_ref(e.base, np.c_):
        vectors = [isinstance(kind := infer(key), Array) and kind.ndim in (1, 2) for key in keys]
        return np_call("column_stack", n.Tuple(plain)) if all(vectors) else None
    items = [_item(key, new, infer) for key, new in zip(keys, plain, strict=True)]
    known = [item for item in items if item is not None]
    if len(known) < len(items):
        return None
    return np_call("concatenate", n.Tuple(tuple(known)))


def _item(key: n.Expr, made: n.Expr, infer: Infer) -> n.Expr | None:
    """One entry of `np.r_`: an array, a number, or the numbers that a slice stands for."""
    if isinstance(made, n.Slice):
        return _range(made)
    kind: Kind = infer(key)
    if isinstance(kind, Array) and kind.ndim:
        return made
    return n.List((made,)) if is_number(kind) else None


def _range(s: n.Slice) -> n.Expr | None:
    if s.upper is None:
        return None
    start = n.Const(0) if s.lower is None else s.lower
    step = s.step
    if isinstance(step, n.Const) and type(step.value) is complex:
        return np_call("linspace", start, s.upper, n.Const(int(abs(step.value))))
    return np_call("arange", start, s.upper, *(() if step is None else (step,)))
