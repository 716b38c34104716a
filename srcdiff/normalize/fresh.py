"""Values that lie in memory of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Kind, is_number

Infer = Callable[[n.Expr], Kind]


def is_fresh(e: n.Expr, infer: Infer) -> bool:
    """Whether the value of an expression lies in memory of its own, or is a number."""
    if isinstance(e, n.Op | n.Const | n.List | n.Tuple) or is_number(infer(e)):
        return True
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and _is_ufunc(e.callee.value)


def _is_ufunc(function: object) -> bool:
    return isinstance(function, np.ufunc) or function is np.array
