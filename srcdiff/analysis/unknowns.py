"""Where it is no longer known what a differentiated value is: the first such place is refused."""

from __future__ import annotations

from srcdiff.analysis.activity import Activity, is_reader, smooth_names
from srcdiff.analysis.bind import bind_or_raise
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import UNKNOWN, ListOf
from srcdiff.ir.show import show
from srcdiff.ir.walk import base_name, children, statements
from srcdiff.rules.registry import NoRule

Names = frozenset[str]

_OPAQUE = {
    "ListComp": "a list comprehension",
    "GeneratorExp": "a generator expression",
    "SetComp": "a set comprehension",
    "DictComp": "a dict comprehension",
    "Dict": "a dict",
    "Set": "a set",
    "Lambda": "a lambda",
    "JoinedStr": "an f-string",
    "Starred": "a starred expression",
    "Call": "a call with starred arguments",
}


def check_known(function: n.Function, kinds: Kinds, facts: Activity) -> None:
    """Refuses the first expression whose kind is lost although the result depends on it.

    Raises:
        UnsupportedError: there is one.
    """
    for s in statements(function.body):
        if not kinds.reached(s) or not isinstance(s, n.Assign | n.Update | n.Return):
            continue
        if s.value is None or not _matters(s, facts):
            continue
        infer = kinds.at(s)
        lost = _lost(s.value, infer, facts.varied_before.get(s, frozenset()))
        if lost is not None:
            reason, remedy = why(lost, infer)
            raise UnsupportedError(reason, lost.span or s.span, None, remedy)


def _matters(s: n.Assign | n.Update | n.Return, facts: Activity) -> bool:
    if isinstance(s, n.Return):
        return True
    items = s.target.items if isinstance(s.target, n.Tuple) else (s.target,)
    return any(base_name(t) in facts.useful_after.get(s, frozenset()) for t in items)


def _lost(e: n.Expr, infer: Inference, varied: Names) -> n.Expr | None:
    """The smallest varied part of unknown kind whose own parts are known."""
    if isinstance(e, n.Call) and is_reader(e.callee):
        return e if smooth_names(e, infer) & varied else None
    parts = children(e)
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field):
        # A method is looked at with its call.
        parts = (e.callee.base, *parts[1:])
    for child in parts:
        found = _lost(child, infer, varied)
        if found is not None:
            return found
    if isinstance(e, n.OpaqueExpr):
        return e if frozenset(e.reads) & varied else None
    if infer(e) != UNKNOWN or isinstance(e, n.Var | n.Ref | n.Slice):
        return None
    return e if smooth_names(e, infer) & varied else None


def why(e: n.Expr, infer: Inference) -> tuple[str, str | None]:
    """Why nothing is known of an expression, and what to write instead."""
    if isinstance(e, n.OpaqueExpr):
        what = _OPAQUE.get(type(e.node).__name__, "this expression")
        return (
            f"{what} of values that are differentiated is not supported.",
            "write a loop over arrays.",
        )
    try:
        bound = bind_or_raise(e, infer) if isinstance(e, n.Op | n.Call | n.Field) else None
    except NoRule as error:
        return f"{subject(e)}: {error.reason}", error.remedy
    if isinstance(e, n.Call) and is_reader(e.callee):
        return "a value that is differentiated goes through text.", "keep it a number."
    if bound is None and isinstance(e, n.Call):
        return unknown_callee(e, infer)
    if isinstance(e, n.Index):
        return _index(e, infer)
    return f"it is not known what {show(e)} is: the arguments do not tell its type.", None


def unknown_callee(e: n.Call, infer: Inference) -> tuple[str, str | None]:
    """Why a call cannot be differentiated."""
    remedy = (
        "write it with functions that have a derivative, or take the value out of the "
        "derivative with stop_gradient."
    )
    if isinstance(e.callee, n.Field) and isinstance(infer(e.callee.base), ListOf):
        return "a list of values that are differentiated is not supported yet.", "use an array."
    return f"no derivative is known for {subject(e)}.", remedy


def _index(e: n.Index, infer: Inference) -> tuple[str, str | None]:
    if infer(e.base) == UNKNOWN or isinstance(infer(e.base), ListOf):
        return f"it is not known what {show(e.base)} holds.", "use an array."
    return (
        f"the index {show(e.key)} is not supported on an array that is differentiated.",
        "index it by integers and slices.",
    )


def subject(e: n.Expr) -> str:
    """What an operation is called in an error."""
    if isinstance(e, n.Call):
        return f".{e.callee.name}()" if isinstance(e.callee, n.Field) else show(e.callee)
    if isinstance(e, n.Field):
        return f".{e.name}"
    return f"the operator {e.op!r}" if isinstance(e, n.Op) else show(e)
