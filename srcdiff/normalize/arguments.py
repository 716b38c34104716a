"""A call's arguments bound to the parameters of the function it calls."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee


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
