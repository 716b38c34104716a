"""Calls of NumPy's that write into an array, and were not made stores: they are refused, for what
they write would be missed.
"""

from __future__ import annotations

import numpy as np

from srcdiff.analysis.alias import Aliases
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.inplace import WRITERS, WRITING_METHODS
from srcdiff.ir.kinds import Array, ListOf, TupleOf
from srcdiff.ir.names import APART
from srcdiff.ir.reads import stores_into, value_reads
from srcdiff.ir.show import show
from srcdiff.ir.walk import expressions, statements, subexpressions
from srcdiff.rules.outputs import ends_in_output, has_output


def check_outputs(function: n.Function, kinds: Kinds) -> None:
    """Refuses what is left of such calls.

    Raises:
        UnsupportedError: there is one.
    """
    for s in statements(function.body):
        if not kinds.reached(s):
            continue
        for e in expressions(s):
            for x in subexpressions(e):
                if isinstance(s, n.Effect) and x is s.value and _is_writer(x, kinds.at(s)):
                    continue  # kept as it is, or refused, with all that may change what it gets
                place = _written(x, kinds.at(s))
                if place is not None:
                    assert isinstance(x, n.Call)
                    raise UnsupportedError(
                        f"{show(x.callee)} writes into {show(place)} in a way that is not "
                        "supported.",
                        x.span or s.span,
                        None,
                        "assign the result in a statement of its own: c[...] = np.add(a, b).",
                    )


def check_apart(function: n.Function, kinds: Kinds, shared: Aliases) -> None:
    """Refuses stores that go from element to element where their value may change on the way.

    Raises:
        UnsupportedError: there is one.
    """
    for s in statements(function.body):
        if s.note != APART or not isinstance(s, n.Assign) or not kinds.reached(s):
            continue
        for base in stores_into(s.target):
            if value_reads(s.value) & ({base} | shared.of(base, s)):
                raise UnsupportedError(
                    "the value may share memory with what it is stored into, and NumPy copies it "
                    "element by element.",
                    s.span,
                    None,
                    "store a copy of the value: value.copy().",
                )


def _written(e: n.Expr, infer: Inference) -> n.Expr | None:
    """The array that a call of NumPy's writes into."""
    if not isinstance(e, n.Call) or not _is_numpy(e.callee, infer):
        return None
    if _is_writer(e, infer):
        return e.callee.base if isinstance(e.callee, n.Field) else e.args[0] if e.args else None
    keywords = dict(e.keywords)
    if isinstance(e.callee, n.Ref) and e.callee.value is np.nan_to_num and e.args:
        changes = keywords.get("copy", n.Const(True)) != n.Const(True) or len(e.args) > 1
        return e.args[0] if changes and isinstance(infer(e.args[0]), Array) else None
    if not has_output(e):
        return None
    place = keywords.get("out")
    if place is None and ends_in_output(e):
        place = e.args[-1]
    if place is None or not isinstance(infer(place), Array | TupleOf | ListOf):
        return None
    return place


def _is_writer(e: n.Expr, infer: Inference) -> bool:
    if not isinstance(e, n.Call):
        return False
    if isinstance(e.callee, n.Field):
        return e.callee.name in WRITING_METHODS and isinstance(infer(e.callee.base), Array)
    return _is_numpy(e.callee, infer) and _function(e.callee) in WRITERS


def _function(callee: n.Expr) -> object:
    value = callee.value if isinstance(callee, n.Ref) else None
    return value if getattr(value, "__hash__", None) is not None else None


def _is_numpy(callee: n.Expr, infer: Inference) -> bool:
    if isinstance(callee, n.Field):
        ufunc = isinstance(callee.base, n.Ref) and isinstance(callee.base.value, np.ufunc)
        return ufunc or isinstance(infer(callee.base), Array)
    if not isinstance(callee, n.Ref):
        return False
    if isinstance(callee.value, np.ufunc):
        return True
    return (getattr(callee.value, "__module__", None) or "").partition(".")[0] == "numpy"
