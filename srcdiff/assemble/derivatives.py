"""Derivatives of functions that are values: of closures, lambdas, arguments.

    slope = grad(lambda y: x + y)(1.0)

The lambda becomes a function of the module with `x` as a further argument, of which the call
calls the derivative with respect to `y` alone. The outer derivative differentiates that with
respect to `x` too: the two are never confused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import TANGENT_OF, Callee, Derived, Step
from srcdiff.ir.functional import Infer, is_function, part
from srcdiff.ir.kinds import DerivedOf, FunctionOf, Kind, Known, PartialOf
from srcdiff.ir.names import TRANSFORM

_OPTIONS = ("argnums", "has_aux", "backend", "optimize")

# Tangents by the keyword under which a forward derivative is given them.
Tangents = tuple[tuple[str, n.Expr], ...]


def transform_of(callee: n.Expr) -> str | None:
    """Which derivative a function of ours makes: "grad" and so on; None for other callees."""
    mode = getattr(callee.value, TRANSFORM, None) if isinstance(callee, n.Ref) else None
    return mode if isinstance(mode, str) else None


def derived_kind(call: n.Call, infer: Infer) -> Kind | None:
    """The kind of `grad(f)`; None where it is not known what is differentiated."""
    kind = infer(call.args[0]) if call.args else None
    mode = transform_of(call.callee)
    if kind is None or mode is None or not is_function(kind):
        return None
    return DerivedOf(kind, step_of(mode, parameters(kind), call))


def step_of(mode: str, names: tuple[str, ...], call: n.Call) -> Step:
    """What `grad(f, argnums=1)` derives, for a function with these parameters.

    Raises:
        UnsupportedError: an option is no literal, or fits none of the parameters.
    """
    options = dict(zip(_OPTIONS, call.args[1:], strict=False)) | dict(call.keywords)
    values = {name: literal(value, call) for name, value in options.items()}
    argnums = values.get("argnums", 0)
    several = isinstance(argnums, tuple)
    wrt = tuple(_parameter(names, a, call) for a in (argnums if several else (argnums,)))
    return Step(mode, wrt, several, bool(values.get("has_aux", False)))


def literal(e: n.Expr, call: n.Call) -> Any:
    """The value of an option.

    Raises:
        UnsupportedError: it is no literal.
    """
    match e:
        case n.Const() | n.Ref():
            return e.value
        case n.Tuple() | n.List():
            return tuple(literal(item, call) for item in e.items)
        case n.Op(op="neg", args=(n.Const(value=value),)):
            return -value
    raise UnsupportedError(
        "the options of a derivative must be literals here.", e.span or call.span
    )


def _parameter(names: tuple[str, ...], argnum: Any, call: n.Call) -> str:
    if isinstance(argnum, str) and argnum in names:
        return argnum
    if isinstance(argnum, int) and -len(names) <= argnum < len(names):
        return names[argnum]
    raise UnsupportedError(
        f"argnums {argnum!r} fits none of the parameters {', '.join(names)}.", call.span
    )


def parameters(kind: Kind) -> tuple[str, ...]:
    """The names of the parameters of a function, those that are given already aside."""
    match kind:
        case FunctionOf():
            return tuple(p.name for p in kind.code.function.params)
        case DerivedOf():
            return parameters(kind.function)
        case PartialOf():
            given = {name for name, _ in kind.keywords}
            names = parameters(kind.function)[len(kind.args) :]
            return tuple(name for name in names if name not in given)
        case Known():
            return parameter_names(kind.value)
    return ()


def parameter_names(base: Any) -> tuple[str, ...]:
    """The names of the parameters of what is differentiated."""
    root = base.root if isinstance(base, Derived) else base
    if isinstance(root, Callee):
        return root.function.param_names
    code = getattr(root, "__code__", None)
    return () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


# --- calls --------------------------------------------------------------------------------------


def taken_apart(call: n.Call, infer: Infer) -> tuple[n.Call, tuple[Step, ...], Tangents]:
    """A call of a derivative as the call of the function, the innermost derivative first, and
    tangents.
    """
    steps: list[Step] = []
    tangents: Tangents = ()
    if transform_of(call.callee) == "jvp":
        call, step, tangents = _pushed(call, infer)
        steps.append(step)
    kind = infer(call.callee)
    while isinstance(kind, DerivedOf):
        steps.insert(0, kind.step)
        call = replace(call, callee=part(call.callee, "function"))
        kind = kind.function
    return call, tuple(steps), tangents


def _pushed(call: n.Call, infer: Infer) -> tuple[n.Call, Step, Tangents]:
    """`jvp(f, (x,), (v,))` as the call `f(x)`, and what is derived of it."""
    primals, moving, has_aux = pushed_arguments(call, parameters(infer(call.args[0])))
    step = Step("jvp", tuple(moving), has_aux=has_aux)
    tangents = tuple((TANGENT_OF + name, tangent) for name, tangent in moving.items())
    return n.Call(call.args[0], primals, span=call.span), step, tangents


def pushed_arguments(
    call: n.Call, names: tuple[str, ...]
) -> tuple[tuple[n.Expr, ...], dict[str, n.Expr], bool]:
    """The primals, the tangents by parameter, and `has_aux` of a call of `jvp`.

    Raises:
        UnsupportedError: they are not written out, or do not fit.
    """
    given = dict(zip(("f", "primals", "tangents", "has_aux"), call.args, strict=False))
    given |= dict(call.keywords)
    primals, tangents = (_items(given.get(name), call) for name in ("primals", "tangents"))
    if len(primals) != len(tangents):
        raise UnsupportedError("there are not as many tangents as primals.", call.span)
    has_aux = bool(literal(given["has_aux"], call)) if "has_aux" in given else False
    pairs = zip(names, tangents, strict=False)
    return primals, {name: t for name, t in pairs if t != n.Const(None)}, has_aux


def _items(e: n.Expr | None, call: n.Call) -> tuple[n.Expr, ...]:
    if isinstance(e, n.Tuple | n.List):
        return e.items
    raise UnsupportedError(
        "the primals and tangents of jvp must be written out here.",
        call.span,
        None,
        "write jvp(f, (x, y), (x_dot, y_dot)).",
    )


def derivative_call(
    call: n.Call | None, steps: tuple[Step, ...], tangents: Tangents
) -> n.Call | None:
    """The call of a function as one of its derivative; None where the function is not known."""
    if call is None or not isinstance(call.callee, n.Ref):
        return None
    base: Any = call.callee.value
    for step in steps:
        base = Derived(base, step)
    ref = n.Ref(base.name, base, base)
    return n.Call(ref, call.args, (*call.keywords, *tangents), span=call.span)
