"""Calls of srcdiff's own functions on functions that a text names.

    slope = grad(f)(x)          reads as a call of the derivative that `grad(f)` is
    y, t = jvp(f, (x,), (v,))   reads as a call of the forward derivative of `f`

Which derivative it is must be known when the text is made: `f` is a function, and the options are
literals.
"""

from __future__ import annotations

from typing import Any

from srcdiff.assemble.derivatives import (
    parameter_names,
    pushed_arguments,
    step_of,
    transform_of,
)
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import TANGENT_OF, Callee, Derived, Step
from srcdiff.ir.names import DERIVATIVE, PRIMAL, TRANSFORM


def transformed(call: n.Call) -> n.Expr | None:
    """What a call of one of srcdiff's functions stands for; None for any other call.

    Raises:
        UnsupportedError: it is one, and its options are not known.
    """
    call = _with_function(call)
    mode = transform_of(call.callee)
    base = base_of(call.args[0]) if mode is not None and call.args else None
    if base is None or mode is None:
        return None
    names = parameter_names(base)
    if mode != "jvp":
        derived = Derived(base, step_of(mode, names, call))
        return n.Ref(derived.name, derived, derived, span=call.span)
    primals, moving, has_aux = pushed_arguments(call, names)
    derived = Derived(base, Step("jvp", tuple(moving), has_aux=has_aux))
    keywords = tuple((TANGENT_OF + name, tangent) for name, tangent in moving.items())
    return n.Call(n.Ref(derived.name, derived, derived), primals, keywords, span=call.span)


def _with_function(call: n.Call) -> n.Call:
    """`f.jvp(primals, tangents)` as `jvp(f, primals, tangents)`."""
    callee = call.callee
    if not isinstance(callee, n.Ref) or not hasattr(type(callee.value), TRANSFORM):
        return call
    primal = getattr(callee.value, PRIMAL)
    primal = getattr(primal, PRIMAL, primal)
    return n.Call(callee, (n.Ref(callee.path, primal, primal), *call.args), call.keywords)


def base_of(e: n.Expr) -> Any | None:
    """What the text refers to as something that can be differentiated."""
    if not isinstance(e, n.Ref):
        return None
    if hasattr(type(e.value), DERIVATIVE):
        return e.value.__srcdiff_derivative__
    known = isinstance(e.value, Callee | Derived) or hasattr(e.value, "__code__")
    return e.value if known else None
