"""Which functions of NumPy take `out`, and where it stands among their arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.rules.registry import lookup

# Functions whose signature Python does not know.
_POSITIONS: Mapping[Any, int] = {np.dot: 2, np.concatenate: 2}


def has_output(e: n.Expr) -> bool:
    """Whether an expression is a call with an `out`, as far as its text tells."""
    if not isinstance(e, n.Call):
        return False
    return any(name == "out" for name, _ in e.keywords) or ends_in_output(e)


def ends_in_output(e: n.Call) -> bool:
    """Whether the last argument, by its position, is `out`."""
    function = e.callee.value if isinstance(e.callee, n.Ref) else None
    return is_numpy(function) and output_position(function) == len(e.args) - 1


def output_place(e: n.Call) -> n.Expr | None:
    """What a call writes its result into, as far as its text tells."""
    for name, value in e.keywords:
        if name == "out":
            return value
    return e.args[-1] if ends_in_output(e) else None


def is_numpy(function: Any) -> bool:
    """Whether a function is one of NumPy's with a rule; ufuncs give one array."""
    if isinstance(function, np.ufunc):
        return function.nout == 1
    module = getattr(function, "__module__", None) or ""
    return lookup(function) is not None and module.partition(".")[0] == "numpy"


def output_position(function: Any, is_method: bool = False) -> int | None:
    """Where `out` stands among the arguments; a method's object is none of them."""
    if isinstance(function, np.ufunc):
        return function.nin - is_method
    if function in _POSITIONS:
        return _POSITIONS[function] - is_method
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    if "out" not in parameters or parameters["out"].kind is inspect.Parameter.KEYWORD_ONLY:
        return None
    return list(parameters).index("out") - is_method
