"""A call's arguments bound to the parameters of the function it calls."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.stars import is_starred


@dataclass(frozen=True)
class Default:
    """The default of a parameter that a call does not give, and what the text calls it."""

    value: Any
    ref: n.Expr | None = None

    @property
    def expr(self) -> n.Expr:
        """The default as an argument."""
        return n.Const(self.value) if self.ref is None else self.ref


def bind_arguments(call: n.Call, callee: Callee) -> Mapping[str, n.Expr | Default]:
    """Parameter name → the argument's expression, or its default.

    Raises:
        UnsupportedError: the arguments do not fit the parameters.
    """
    parameters = [
        inspect.Parameter(
            p.name,
            inspect._ParameterKind(p.passing),
            default=Default(p.default, p.ref) if p.has_default else inspect.Parameter.empty,
        )
        for p in callee.params
    ]
    signature = inspect.Signature(parameters)
    if is_starred(call):
        raise UnsupportedError(
            f"it is not known how many arguments {callee.name} is given here.",
            call.span,
            None,
            "write the arguments one by one.",
        )
    try:
        bound = signature.bind(*call.args, **dict(call.keywords))
    except TypeError as error:
        raise UnsupportedError(f"{callee.name}(): {error}.", call.span) from None
    bound.apply_defaults()
    out: dict[str, n.Expr | Default] = {}
    for p in callee.params:
        value: Any = bound.arguments[p.name]
        if p.passing == inspect.Parameter.VAR_POSITIONAL:
            value = n.Tuple(tuple(value), span=call.span)
        elif p.passing == inspect.Parameter.VAR_KEYWORD:
            value = n.Dict(tuple(value), tuple(value.values()), span=call.span)
        out[p.name] = value
    return out


def calling(function: n.Function, pair: bool) -> n.Function:
    """A function with the same parameters that returns what this one does by a call of it.

    `pair`: whether it returns two values.
    """
    call = place_arguments(Callee(function.origin, function), tuple(map(_local, function.params)))
    call = replace(call, span=function.span)
    end = n.Return(call, span=function.span)
    if not pair:
        return replace(function, body=(end,))
    names = Names(function.param_names)
    results = n.Tuple((n.Var(names.fresh("value")), n.Var(names.fresh("aux"))))
    unpacked = n.Assign(results, call, span=function.span)
    return replace(function, body=(unpacked, replace(end, value=results)))


def _local(parameter: n.Param) -> n.Expr:
    return n.Var(parameter.name)


def place_arguments(callee: Callee, values: tuple[n.Expr, ...]) -> n.Call:
    """A call that gives the callee's parameters these values, in their order."""
    args: list[n.Expr] = []
    keywords: list[tuple[str, n.Expr]] = []
    for p, value in zip(callee.params, values, strict=False):
        if p.passing == inspect.Parameter.VAR_POSITIONAL:
            args.append(n.Starred(value))
        elif p.passing == inspect.Parameter.VAR_KEYWORD:
            keywords.append(("**", value))
        elif p.passing == inspect.Parameter.KEYWORD_ONLY:
            keywords.append((p.name, value))
        else:
            args.append(value)
    return n.Call(callee.ref, tuple(args), tuple(keywords))
