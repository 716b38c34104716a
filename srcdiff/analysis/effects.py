"""Effects: what may be written behind our back is refused where it matters."""

from __future__ import annotations

import ast

from srcdiff.analysis.activity import SUMS, Activity, is_reader, smooth_names
from srcdiff.analysis.alias import updated_item
from srcdiff.analysis.bind import bind_call
from srcdiff.analysis.given import check_writing_calls
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.errors import Span, UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.attributes import left_behind
from srcdiff.ir.kinds import Array, ListOf, is_number
from srcdiff.ir.lists import appended
from srcdiff.ir.reads import value_reads
from srcdiff.ir.show import show
from srcdiff.ir.walk import (
    base_name,
    expressions,
    lent_names,
    passed,
    statements,
    subexpressions,
)
from srcdiff.rules.registry import method_names

Names = frozenset[str]


def check_statements(function: n.Function, kinds: Kinds, facts: Activity) -> None:
    """Refuses statements that are kept as they are where they meet active values, and stores into
    what lives outside of the function.

    Raises:
        UnsupportedError: at the first such place.
    """
    params = frozenset(function.param_names)
    for s in statements(function.body):
        if not kinds.reached(s):
            continue
        if isinstance(s, n.Opaque):
            _check_opaque(s, facts.varied_before.get(s, frozenset()), kinds.at(s))
        if isinstance(s, n.Assign | n.Update):
            _check_outside(s, kinds.at(s), params)


def check_effects(function: n.Function, kinds: Kinds, facts: Activity) -> None:
    """Refuses active values in what is not modelled, and stores into what has no name.

    Raises:
        UnsupportedError: at the first such place.
    """
    params = frozenset(function.param_names)
    for s in statements(function.body):
        if not kinds.reached(s) or isinstance(s, n.Opaque):
            continue
        if isinstance(s, n.Attempt):
            _check_tried(s)
        varied = facts.varied_before.get(s, frozenset())
        infer = kinds.at(s)
        if isinstance(s, n.Effect):
            _check_effect(s, varied, infer)
        _check_calls(s, varied, infer)
        check_writing_calls(s, infer)
        if isinstance(s, n.Assign | n.Update):
            _check_nameless(s)
            _check_holders(s, varied, infer)
        item = updated_item(s, infer)
        if item in params:
            raise UnsupportedError(
                f"this writes into an array that the argument {item!r} holds, which is not "
                "supported yet.",
                s.span,
                None,
                "put a new array into the list: xs[k] = xs[k] + y.",
            )


def _check_tried(s: n.Attempt) -> None:
    """A function that writes into its argument and then raises leaves half of its work behind."""
    for x in statements(s.orelse[: passed(s.orelse)]):
        if lent_names(x):
            raise UnsupportedError(
                f"a call in try writes into {sorted(lent_names(x))[0]!r}, and may raise half-way.",
                x.span,
                None,
                "call it outside of the try, or let it return a new array.",
            )


def _active(names: Names, varied: Names, infer: Inference) -> list[str]:
    return sorted(x for x in names & varied if smooth_names(n.Var(x), infer))


# What a statement is called that is kept as it is, and what to write instead.
_STATEMENT = (
    "this statement",
    "write it with assignments, if, for and while, or keep such values out of it.",
)
_STATEMENTS = {
    "Try": ("try", "test with if what would raise, or keep such values out of it."),
    "With": ("a with block", "take the computation out of the block."),
    "Match": ("match", "write it with if and elif."),
    "FunctionDef": (
        "a nested function",
        "make it a function of the module, and pass it all that it needs.",
    ),
    "ClassDef": ("a nested class", "use local names."),
    "Delete": ("del", "keep such values out of it."),
}


def _check_opaque(s: n.Opaque, varied: Names, infer: Inference) -> None:
    active = _active(frozenset(s.reads) | frozenset(s.writes), varied, infer)
    if active:
        what, remedy = _STATEMENTS.get(type(s.node).__name__, _STATEMENT)
        raise UnsupportedError(
            f"{what} is not supported where it meets {active[0]!r}, which is differentiated.",
            s.span,
            None,
            remedy,
        )


def _check_effect(s: n.Effect, varied: Names, infer: Inference) -> None:
    e = s.value
    kept = left_behind(s)
    if kept is not None and not isinstance(_root(kept[0]), n.Var):
        if smooth_names(kept[1], infer) & varied:
            raise _outside(kept[0], s)
    if isinstance(e, n.Call) and is_reader(e.callee):
        return
    if isinstance(e, n.Call) and infer.world.user_kind(e, infer) is not None:
        return
    active = _active(value_reads(e), varied, infer)
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field) and active:
        added = appended(s)
        if added is not None and isinstance(infer(added[0]), ListOf):
            return
        if isinstance(infer(e.callee.base), ListOf):
            raise UnsupportedError(
                f"the method {e.callee.name!r} of a list of values that are differentiated is not "
                "supported.",
                s.span,
                None,
                "change the list with append, pop and assignments to items.",
            )
    if active:
        what = show(e.callee) if isinstance(e, n.Call) else show(e)
        raise UnsupportedError(
            f"{what} may keep or change {active[0]!r}, which is differentiated.",
            s.span,
            None,
            _INSTEAD.get(
                what.rpartition(".")[2],
                "pass it a copy made with stop_gradient, or assign the result to a name.",
            ),
        )


# What to write instead of calls that change an array.
_INSTEAD = {
    "shuffle": "make a shuffled copy: x = x[np.random.permutation(len(x))].",
    "resize": "make a new array: x = np.resize(x, shape).",
    "setfield": "assign to the array: x[...] = value.",
    "byteswap": "make a new array with .astype(...).",
    **dict.fromkeys(("sort", "partition"), "make a sorted copy: x = np.sort(x, axis)."),
    **dict.fromkeys(
        ("put", "putmask", "place", "copyto", "put_along_axis", "fill_diagonal", "itemset"),
        "assign by index: x[places] = values.",
    ),
    "at": "write it as a loop over the indices.",
}


def _check_outside(s: n.Assign | n.Update, infer: Inference, params: Names) -> None:
    """Stores into globals, and into what an object holds that came as an argument."""
    for target in s.target.items if isinstance(s.target, n.Tuple) else (s.target,):
        if not isinstance(target, n.Index | n.Field):
            continue
        root = _root(target)
        held = isinstance(root, n.Var) and root.name in params
        if isinstance(root, n.Global | n.Ref) or (held and _through_an_object(target, infer)):
            raise _outside(target, s)


def _outside(target: n.Index | n.Field, s: n.Stmt) -> UnsupportedError:
    return UnsupportedError(
        f"{show(target.base)} lives outside of the function; stores into it are not supported yet.",
        target.span or s.span,
        None,
        "copy it into a local name first.",
    )


def _check_nameless(s: n.Assign | n.Update) -> None:
    """The result of an expression that is written into may share any memory."""
    for target in s.target.items if isinstance(s.target, n.Tuple) else (s.target,):
        if isinstance(target, n.Index | n.Field) and base_name(target) is None:
            raise UnsupportedError(
                f"{show(_root(target))} is written into, and has no name; stores into shared "
                "memory are not supported yet.",
                target.span or s.span,
                None,
                "assign it to a local name first.",
            )


def _root(e: n.Expr) -> n.Expr:
    while isinstance(e, n.Index | n.Field):
        e = e.base
    return e


def _through_an_object(target: n.Expr, infer: Inference) -> bool:
    while isinstance(target, n.Index | n.Field):
        if isinstance(target, n.Field) and not isinstance(infer(target.base), Array):
            return True
        target = target.base
    return False


def _check_holders(s: n.Assign | n.Update, varied: Names, infer: Inference) -> None:
    """A container or an object that an active value is put into would hide it."""
    for target in s.target.items if isinstance(s.target, n.Tuple) else (s.target,):
        if not isinstance(target, n.Index | n.Field) or isinstance(infer(target.base), Array):
            continue
        if isinstance(target, n.Index) and isinstance(infer(target.base), ListOf):
            if isinstance(target.base, n.Var) and not isinstance(target.key, n.Slice):
                continue
        if smooth_names(s.value, infer) & varied:
            raise UnsupportedError(
                f"{show(target.base)} is not an array, and a value that is differentiated is "
                "put into it, which is not supported yet.",
                s.span,
                None,
                "keep the value in a local name or in an array.",
            )


def _check_calls(s: n.Stmt, varied: Names, infer: Inference) -> None:
    """An unknown callable may write into an active array that it is given."""
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.OpaqueExpr):
                _check_text(x, varied, infer, s.span)
            if not isinstance(x, n.Call) or is_reader(x.callee) or bind_call(x, infer) is not None:
                continue
            if infer.world.user_kind(x, infer) is not None or _is_list_method(x, infer):
                continue
            for name in sorted(value_reads(x) & varied):
                if not is_number(infer(n.Var(name))) and not _is_known_method(x, infer):
                    _refuse_call(x, name, s.span)


def _is_list_method(x: n.Call, infer: Inference) -> bool:
    """Whether a call is one that lists of differentiated values are known to take."""
    if isinstance(x.callee, n.Ref):
        return x.callee.value in (list, map, *SUMS)
    return (
        isinstance(x.callee, n.Field)
        and isinstance(infer(x.callee.base), ListOf)
        and x.callee.name in ("append", "pop", "copy", "index", "count")
    )


def _check_text(x: n.OpaqueExpr, varied: Names, infer: Inference, span: Span | None) -> None:
    """A call inside kept Python, such as an f-string, may write into an array it is given."""
    arrays = {v for v in frozenset(x.reads) & varied if not is_number(infer(n.Var(v)))}
    for call in (c for c in ast.walk(ast.parse(x.text, mode="eval")) if isinstance(c, ast.Call)):
        names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
        method = call.func.attr if isinstance(call.func, ast.Attribute) else None
        reads = method in method_names() if method else getattr(call.func, "id", "") in _LOOKERS
        if names & arrays and not reads:
            raise UnsupportedError(
                f"{ast.unparse(call)} may write into {sorted(names & arrays)[0]!r}, which is "
                "differentiated.",
                x.span or span,
                None,
                "call it in a statement of its own.",
            )


# Builtins that a kept expression may call on an array.
_LOOKERS = frozenset(
    ("len", "str", "repr", "format", "type", "float", "int", "abs", "round", "sum")
)


def _is_known_method(x: n.Call, infer: Inference) -> bool:
    return isinstance(x.callee, n.Ref) and getattr(x.callee.value, "__module__", "") == "numpy"


def _refuse_call(x: n.Call, name: str, span: Span | None) -> None:
    raise UnsupportedError(
        f"no derivative is known for {show(x.callee)}, and it may write into {name!r}.",
        x.span or span,
        None,
        "write it with functions that have a derivative, or pass stop_gradient of a copy.",
    )
