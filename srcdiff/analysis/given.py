"""Calls that write into what they are given: where that cannot be followed, they are refused."""

from __future__ import annotations

from srcdiff.analysis.kinds import Inference
from srcdiff.errors import Span, UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array
from srcdiff.ir.show import show
from srcdiff.ir.walk import (
    base_name,
    expressions,
    subexpressions,
    writing_call,
    written_arguments_of,
)


def check_writing_calls(s: n.Stmt, infer: Inference) -> None:
    """Refuses calls that write into arrays, unless they are statements of their own, and into
    anything but arrays that have names.

    Raises:
        UnsupportedError: there is one.
    """
    top = writing_call(s)
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.OpaqueExpr) and x.inner is not None:
                _check_comprehension(x.inner, x.span or s.span, infer)
            written = written_arguments_of(x)
            if not written or not isinstance(x, n.Call):
                continue
            if x is not top:
                raise UnsupportedError(
                    f"{show(x.callee)} writes into its arguments, in the middle of an expression "
                    "that need not be evaluated as a whole.",
                    x.span or s.span,
                    None,
                    "call it in a statement of its own.",
                )
            for arg in written:
                _check_argument(x, arg, s, infer)


def _check_argument(call: n.Call, arg: n.Expr, s: n.Stmt, infer: Inference) -> None:
    if isinstance(infer(arg), Array) and base_name(arg) is not None:
        return
    raise UnsupportedError(
        f"{show(call.callee)} writes into {show(arg)}, which is not an array with a name.",
        arg.span or call.span or s.span,
        None,
        "pass arrays one by one, each under a name of its own.",
    )


def _check_comprehension(e: n.Comprehension, span: Span | None, infer: Inference) -> None:
    """Comprehensions are kept as they stand: what they call may not write."""
    inside = infer.inside(e)
    parts = (e.element, *(test for clause in e.clauses for test in clause.tests))
    for part in parts:
        for x in subexpressions(part):
            effects = inside.world.effects(x, inside) if isinstance(x, n.Call) else None
            if effects is not None and effects.written:
                assert isinstance(x, n.Call)
                raise UnsupportedError(
                    f"{show(x.callee)} writes into its arguments, in a comprehension.",
                    x.span or span,
                    None,
                    "write the comprehension as a loop.",
                )
