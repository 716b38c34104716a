"""A call's arguments bound to the parameters of the function it calls."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names


@dataclass(frozen=True)
class Default:
    """The default of a parameter that a call does not give."""

    value: Any


def bind_arguments(call: n.Call, callee: Callee) -> Mapping[str, n.Expr | Default]:
    """Parameter name → the argument's expression, or its default.

    Raises:
        UnsupportedError: the arguments do not fit the parameters.
    """
    parameters = [
        inspect.Parameter(
            p.name,
            inspect._ParameterKind(p.passing),
            default=Default(p.default) if p.has_default else inspect.Parameter.empty,
        )
        for p in callee.params
    ]
    signature = inspect.Signature(parameters)
    try:
        bound = signature.bind(*call.args, **dict(call.keywords))
    except TypeError as error:
        raise UnsupportedError(f"{callee.name}(): {error}.", call.span) from None
    bound.apply_defaults()
    return dict(bound.arguments)


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
    given = list(zip(callee.params, values, strict=False))
    named = inspect.Parameter.KEYWORD_ONLY
    args = tuple(value for p, value in given if p.passing != named)
    keywords = tuple((p.name, value) for p, value in given if p.passing == named)
    return n.Call(callee.ref, args, keywords)


def passed_on(
    callee: Callee, given: Mapping[str, n.Expr] = MappingProxyType({}), ref: n.Ref | None = None
) -> n.Call:
    """A call of a function by variables of its parameters' names; `given` has other arguments.

    `ref`: how the text refers to the function, where it is not by the callee's own reference.
    """
    args: list[n.Expr] = []
    keywords: list[tuple[str, n.Expr]] = []
    for p in callee.params:
        value = given.get(p.name, n.Var(p.name))
        match p.passing:
            case 2:
                args.append(n.Starred(value))
            case 3:
                keywords.append((p.name, value))
            case 4:
                keywords.append(("**", value))
            case _:
                args.append(value)
    return n.Call(ref or callee.ref, tuple(args), tuple(keywords))
