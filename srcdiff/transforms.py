"""Calls of srcdiff's own functions inside a function that is differentiated.

    slope = grad(f)(x)          reads as a call of the derivative that `grad(f)` is
    y, t = jvp(f, (x,), (v,))   reads as a call of the forward derivative of `f`

Which derivative it is must be known when the text is made: `f` is a function, and the options are
literals.
"""

from __future__ import annotations

from typing import Any

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import TANGENT_OF, Callee, Derived, Step
from srcdiff.ir.names import DERIVATIVE, TRANSFORM

_OPTIONS = ("argnums", "has_aux", "backend", "optimize")


def transformed(call: n.Call) -> n.Expr | None:
    """What a call of one of srcdiff's functions stands for; None for any other call.

    Raises:
        UnsupportedError: it is one, and it is not known what it is a derivative of.
    """
    mode = _mode(call.callee)
    if mode is None:
        return None
    base = base_of(call.args[0]) if call.args else None
    if base is None:
        return None
    if mode == "jvp":
        return _pushed(call, base)
    return derivative_of(base, mode, call)


def _mode(callee: n.Expr) -> str | None:
    if not isinstance(callee, n.Ref):
        return None
    mode = getattr(callee.value, TRANSFORM, None)
    return mode if isinstance(mode, str) else None


def base_of(e: n.Expr) -> Any | None:
    """What the text refers to as something that can be differentiated."""
    if not isinstance(e, n.Ref):
        return None
    if hasattr(type(e.value), DERIVATIVE):
        return e.value.__srcdiff_derivative__
    known = isinstance(e.value, Callee | Derived) or hasattr(e.value, "__code__")
    return e.value if known else None


def derivative_of(base: Any, mode: str, call: n.Call) -> n.Expr:
    """`grad(f, argnums=1)` as a reference to the derivative."""
    options = dict(zip(_OPTIONS, call.args[1:], strict=False)) | dict(call.keywords)
    values = {name: _literal(value, call) for name, value in options.items()}
    argnums = values.get("argnums", 0)
    several = isinstance(argnums, tuple)
    wrt = tuple(_parameter(base, a, call) for a in (argnums if several else (argnums,)))
    step = Step(mode, wrt, several, bool(values.get("has_aux", False)))
    derived = Derived(base, step)
    return n.Ref(derived.name, derived, derived, span=call.span)


def _literal(e: n.Expr, call: n.Call) -> Any:
    match e:
        case n.Const() | n.Ref():
            return e.value
        case n.Tuple() | n.List():
            return tuple(_literal(item, call) for item in e.items)
        case n.Op(op="neg", args=(n.Const(value=value),)):
            return -value
    raise UnsupportedError(
        "the options of a derivative must be literals here.", e.span or call.span
    )


def _parameter(base: Any, argnum: Any, call: n.Call) -> str:
    names = parameter_names(base)
    if isinstance(argnum, str) and argnum in names:
        return argnum
    if isinstance(argnum, int) and -len(names) <= argnum < len(names):
        return names[argnum]
    raise UnsupportedError(
        f"argnums {argnum!r} fits none of the parameters {', '.join(names)}.", call.span
    )


def parameter_names(base: Any) -> tuple[str, ...]:
    """The names of the parameters of what is differentiated."""
    root = base.root if isinstance(base, Derived) else base
    if isinstance(root, Callee):
        return root.function.param_names
    code = root.__code__
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def _pushed(call: n.Call, base: Any) -> n.Expr:
    """`jvp(f, (x,), (v,))` as a call of the forward derivative."""
    given = dict(zip(("f", "primals", "tangents", "has_aux"), call.args, strict=False))
    given |= dict(call.keywords)
    primals, tangents = (_items(given.get(name), call) for name in ("primals", "tangents"))
    if len(primals) != len(tangents):
        raise UnsupportedError("there are not as many tangents as primals.", call.span)
    has_aux = bool(_literal(given["has_aux"], call)) if "has_aux" in given else False
    names = parameter_names(base)
    moving = {
        name: tangent
        for name, tangent in zip(names, tangents, strict=False)
        if tangent != n.Const(None)
    }
    derived = Derived(base, Step("jvp", tuple(moving), has_aux=has_aux))
    keywords = tuple((TANGENT_OF + name, tangent) for name, tangent in moving.items())
    return n.Call(n.Ref(derived.name, derived, derived), primals, keywords, span=call.span)


def _items(e: n.Expr | None, call: n.Call) -> tuple[n.Expr, ...]:
    if isinstance(e, n.Tuple | n.List):
        return e.items
    raise UnsupportedError(
        "the primals and tangents of jvp must be written out here.",
        call.span,
        None,
        "write jvp(f, (x, y), (x_dot, y_dot)).",
    )
