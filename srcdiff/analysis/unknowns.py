"""Where it is no longer known what a differentiated value is: the first such place is refused."""

from __future__ import annotations

from typing import Protocol

from srcdiff.analysis.activity import Activity, is_reader, smooth_names
from srcdiff.analysis.bind import Bound, bind_call, bind_or_raise
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.errors import Span, UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import UNKNOWN, DictOf, ItemsOf, Kind, Known, ListOf, TupleOf, dtype_of
from srcdiff.ir.lists import mapped
from srcdiff.ir.show import show
from srcdiff.ir.walk import base_name, children, expressions, statements, subexpressions
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
    "List": "a list with starred items",
    "Tuple": "a tuple with starred items",
    "JoinedStr": "an f-string",
    "Starred": "a starred expression",
    "Call": "a call with starred arguments",
}

# What to write instead, where that is not a loop over arrays.
_INSTEAD = {
    "ListComp": "assign it in a statement of its own, or write a loop.",
    "GeneratorExp": "make it a list, [...], or sum it up in a statement of its own.",
    "Dict": "use local names, or an array.",
    "Set": "use local names, or an array.",
    "Lambda": "make it a function of the module, and pass it all that it needs.",
    "JoinedStr": "keep it a number.",
    "List": "write the items one by one, or use an array.",
    "Tuple": "write the items one by one, or use an array.",
    "Starred": "write the items one by one, or use an array.",
    "Call": "write the arguments one by one.",
}


class _Calls(Protocol):
    """What knows the user's functions that are called."""

    def is_call(self, e: n.Expr) -> bool: ...

    def check_inside(self, call: n.Call, infer: Inference, varied: Names) -> None: ...


def check_known(function: n.Function, kinds: Kinds, facts: Activity) -> None:
    """Refuses names that are not defined, and the first expression whose kind is lost although
    the result depends on it.

    Raises:
        UnsupportedError: there is one.
    """
    for s in statements(function.body):
        if kinds.reached(s):
            _check_names(s)
    _check_returns(function, kinds)
    for s in statements(function.body):
        if not kinds.reached(s) or not isinstance(s, n.Assign | n.Update | n.Return):
            continue
        if s.value is None or not _matters(s, facts):
            continue
        infer = kinds.at(s)
        varied = facts.varied_before.get(s, frozenset())
        lost = _lost(s.value, infer, varied)
        if lost is not None:
            _check_inside(lost, infer, varied)
            reason, remedy = why(lost, infer)
            raise UnsupportedError(reason, lost.span or s.span, None, remedy)


def _check_returns(function: n.Function, kinds: Kinds) -> None:
    if kinds.returned == UNKNOWN:
        check_none(function, kinds)


def check_none(function: n.Function, kinds: Kinds) -> None:
    """A result that is None on some paths only; where all return None, it is for others to say.

    Raises:
        UnsupportedError: there is such a path.
    """
    returns = [s for s in statements(function.body) if isinstance(s, n.Return) and kinds.reached(s)]
    empty = [s for s in returns if s.value is None or kinds.at(s)(s.value) == Known(None)]
    if empty and len(empty) < len(returns):
        raise UnsupportedError(
            f"{function.name} returns None here, of which there is no derivative.",
            empty[0].span,
            None,
            "return a number, or raise an error.",
        )


def _check_names(s: n.Stmt) -> None:
    """Where a statement is reached, its free names must be bound."""
    kept = s.free if isinstance(s, n.Opaque) else ()
    for e in (*expressions(s), *kept):
        for x in subexpressions(e):
            for free in x.free if isinstance(x, n.OpaqueExpr) else (x,):
                if isinstance(free, n.Global):
                    _check_name(free, s)


def _check_name(e: n.Global, s: n.Stmt) -> None:
    try:
        e.home.read(e.name)
    except NameError:
        reason = f"the name {e.name!r} is not defined."
        raise UnsupportedError(reason, e.span or s.span) from None


def _check_inside(e: n.Expr, infer: Inference, varied: Names) -> None:
    """Where a function of the user's loses the kind, the error points into it."""
    calls: _Calls | None = getattr(infer.world, "calls", None)
    if calls is not None and isinstance(e, n.Call) and calls.is_call(e):
        calls.check_inside(e, infer, varied)


def _matters(s: n.Assign | n.Update | n.Return, facts: Activity) -> bool:
    if isinstance(s, n.Return):
        return True
    items = s.target.items if isinstance(s.target, n.Tuple) else (s.target,)
    return any(base_name(t) in facts.useful_after.get(s, frozenset()) for t in items)


def _lost(e: n.Expr, infer: Inference, varied: Names) -> n.Expr | None:
    """The smallest varied part of unknown kind whose own parts are known."""
    if isinstance(e, n.Call) and is_reader(e.callee):
        return e if smooth_names(e, infer) & varied else None
    if mapped(e) is not None and infer(e) != UNKNOWN:
        return None
    parts = children(e)
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field):
        # A method is looked at with its call.
        parts = (e.callee.base, *parts[1:])
    for child in parts:
        found = _lost(child, infer, varied)
        if found is not None:
            return found
    if _takes_whole(e, infer, varied):
        return e
    if isinstance(e, n.OpaqueExpr):
        return e if frozenset(e.reads) & varied else None
    if infer(e) != UNKNOWN or isinstance(e, n.Var | n.Ref | n.Slice):
        return None
    return e if smooth_names(e, infer) & varied else None


def _takes_whole(e: n.Expr, infer: Inference, varied: Names) -> bool:
    """Whether a rule is given a tuple of varied items as a whole: it tells of items alone."""
    bound = bind_call(e, infer) if isinstance(e, n.Call | n.Op) else None
    return bound is not None and any(
        isinstance(infer(operand), TupleOf | ItemsOf | DictOf)
        and not isinstance(operand, n.Tuple | n.List)
        and smooth_names(operand, infer) & varied
        for operand in bound.operands.values()
    )


def why(e: n.Expr, infer: Inference) -> tuple[str, str | None]:
    """Why nothing is known of an expression, and what to write instead."""
    if isinstance(e, n.OpaqueExpr):
        name = type(e.node).__name__
        what = _OPAQUE.get(name, "this expression")
        return (
            f"{what} of values that are differentiated is not supported.",
            _INSTEAD.get(name, "write a loop over arrays."),
        )
    if isinstance(e, n.Starred):
        return (
            f"it is not known how many values {show(e)} stands for.",
            "write them one by one, or make a tuple of them: (x[0], x[1]).",
        )
    through = _through(e, infer)
    if through is not None:
        return f"a value that is differentiated goes through {through}.", "keep it a number."
    try:
        bound = bind_or_raise(e, infer) if isinstance(e, n.Op | n.Call | n.Field) else None
    except NoRule as error:
        return _no_rule(e, error, infer)
    if isinstance(e, n.Call) and is_reader(e.callee):
        return "a value that is differentiated goes through text.", "keep it a number."
    if bound is None and isinstance(e, n.Call):
        return unknown_callee(e, infer)
    if bound is not None and infer(e) != UNKNOWN:
        return f"{subject(e)} is given a tuple as a whole.", "write its items out: (t[0], t[1])."
    if isinstance(e, n.Index):
        return _index(e, infer)
    part = _unknown_part(e, infer)
    return (
        f"it is not known what {show(part)} is: the arguments do not tell its type.",
        f"make it a number with float({show(part)}), or pass it as an argument of its own.",
    )


# What makes bytes or text of values, by the modules of the functions that do.
_WRITERS = {"pickle": "pickle", "_pickle": "pickle", "json": "JSON", "struct": "bytes"}
_WRITERS |= {"_struct": "bytes", "marshal": "bytes", "base64": "text"}


def _through(e: n.Expr, infer: Inference) -> str | None:
    """Text or bytes, where an expression makes such of its operands."""
    if isinstance(e, n.Op):
        first = infer(e.args[0])
        return "text" if e.op == "mod" and _is_text(first) else None
    if not isinstance(e, n.Call):
        return None
    if isinstance(e.callee, n.Field):
        if e.callee.name == "tobytes":
            return "bytes"
        return "text" if _is_text(infer(e.callee.base)) else None
    module = getattr(getattr(e.callee, "value", None), "__module__", None) or ""
    return _WRITERS.get(module.partition(".")[0])


def _is_text(kind: Kind) -> bool:
    return isinstance(kind, Known) and isinstance(kind.value, str)


def _unknown_part(e: n.Expr, infer: Inference) -> n.Expr:
    """The first operand of unknown kind; the expression where all are known."""
    parts = e.args if isinstance(e, n.Op) else ()
    return next((part for part in parts if infer(part) == UNKNOWN), e)


def _no_rule(e: n.Expr, error: NoRule, infer: Inference) -> tuple[str, str]:
    """A rule's reason as a sentence, and a remedy."""
    remedy = error.remedy
    if remedy is None:
        dtypes = [dtype_of(infer(part)) for part in children(e)]
        remedy = "write it with functions that have a derivative."
        if any(dtype is not None and dtype.kind == "c" for dtype in dtypes):
            remedy = "compute with the real and the imaginary part."
    return f"{subject(e)}: {_sentence(error.reason)}", _sentence(remedy)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def unknown_callee(e: n.Call, infer: Inference) -> tuple[str, str | None]:
    """Why a call cannot be differentiated."""
    remedy = (
        "write it with functions that have a derivative, or take the value out of the "
        "derivative with stop_gradient."
    )
    if isinstance(e.callee, n.Field) and isinstance(infer(e.callee.base), ListOf):
        return (
            f"{subject(e)} of a list of values that are differentiated is not supported here.",
            "change lists with append, pop and assignments to items, in statements of their own.",
        )
    if isinstance(e.callee, n.Ref) and e.callee.value is sorted:
        return "a sorted list of values that are differentiated is not supported.", "use np.sort."
    return f"no derivative is known for {subject(e)}.", remedy


def _index(e: n.Index, infer: Inference) -> tuple[str, str | None]:
    if infer(e.base) == UNKNOWN or isinstance(infer(e.base), ListOf):
        return f"it is not known what {show(e.base)} holds.", "use an array."
    return (
        f"the index {show(e.key)} is not supported on an array that is differentiated.",
        "index it by integers, slices, or arrays of integers or bools.",
    )


def bound_or_refused(
    e: n.Op | n.Call | n.Field | n.Index, infer: Inference, span: Span | None
) -> Bound:
    """The rule for an expression that carries a derivative.

    Raises:
        UnsupportedError: there is none, or it does not cover these arguments.
    """
    try:
        bound = bind_or_raise(e, infer)
    except NoRule as error:
        raise UnsupportedError(f"{subject(e)}: {error.reason}", span, None, error.remedy) from None
    if bound is None:
        reason, remedy = why(e, infer)
        raise UnsupportedError(reason, span, None, remedy)
    return bound


def subject(e: n.Expr) -> str:
    """What an operation is called in an error."""
    if isinstance(e, n.Call):
        return f".{e.callee.name}()" if isinstance(e.callee, n.Field) else show(e.callee)
    if isinstance(e, n.Field):
        return f".{e.name}"
    return f"the operator {e.op!r}" if isinstance(e, n.Op) else show(e)
