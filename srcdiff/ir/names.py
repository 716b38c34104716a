"""Operators of the IR: names, how Python spells them, and the functions that compute them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

# The attribute under which an object of ours keeps the plain function that it stands for.
PRIMAL = "__srcdiff_primal__"
# The attribute by which a derivative says what it is a derivative of, and how.
DERIVATIVE = "__srcdiff_derivative__"
# The attribute by which a function of ours that makes derivatives says which.
TRANSFORM = "__srcdiff_transform__"

# The comment at an assignment that stands for none: a variable that is bound later, or never.
NOT_BOUND = "not bound yet"

# The comment at a store for which NumPy goes from element to element: its value must lie elsewhere
# than what it is stored into.
APART = "they share no memory"

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": operator.pow,
    "matmul": operator.matmul,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "bitand": operator.and_,
    "bitor": operator.or_,
    "bitxor": operator.xor,
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg,
    "pos": operator.pos,
    "not": operator.not_,
    "invert": operator.invert,
}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "is": operator.is_,
    "is_not": operator.is_not,
    "in": lambda a, b: a in b,
    "not_in": lambda a, b: a not in b,
}
BOOLEAN = ("and", "or")
