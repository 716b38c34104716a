"""Calls of functions that write into their arguments, found and brought into their form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

from srcdiff.analysis.keys import copies
from srcdiff.analysis.kinds import Inference, Kinds, World, infer_kinds
from srcdiff.assemble.containers import Setting
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee, Derived
from srcdiff.ir.effects import Effects, Returned
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, Known, RangeOf, is_number
from srcdiff.ir.reads import value_reads
from srcdiff.ir.show import show
from srcdiff.ir.stars import is_starred
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    changed_lists_of,
    expressions,
    statements,
    subexpressions,
    with_blocks,
)
from srcdiff.normalize.arguments import Default, bind_arguments
from srcdiff.normalize.inline import inline_calls
from srcdiff.normalize.writes import (
    Places,
    Results,
    marked_calls,
    places_of,
    results_given,
    steady_arguments,
)


def with_memory(function: n.Function, setting: Setting) -> n.Function:
    """The function with calls that say what they do with the memory of their arguments."""
    if not _calls(function, setting.is_user_function):
        return function
    kinds = infer_kinds(function, setting.kinds, setting.world)
    return marked_calls(function, lambda s, call: _effects(kinds, s, call))


def with_lists_followed(function: n.Function, names: Names, setting: Setting) -> n.Function:
    """The function with calls written out that change lists which they are given: so it is known
    what these lists hold.
    """
    world = setting.world
    called = {
        world.callee(x.callee.value)
        for s in statements(function.body)
        for e in expressions(s)
        for x in subexpressions(e)
        if isinstance(x, n.Call) and isinstance(x.callee, n.Ref)
        if x.callee.memory is not None and x.callee.memory.lists
    }
    followed = {c for c in called if c not in _reached(c, world, setting.is_user_function)}
    if not followed:
        return function

    def wanted(value: Any) -> Callee | None:
        if not setting.is_user_function(value) or isinstance(value, Derived):
            return None
        callee = world.callee(value)
        return callee if callee in followed else None

    return inline_calls(function, names, wanted)


def _check_lists(function: n.Function, setting: Setting) -> None:
    """Refuses calls that change lists of what may carry a derivative, and were not written out.

    Raises:
        UnsupportedError: there is one.
    """
    found = [
        (s, x)
        for s in statements(function.body)
        for e in expressions(s)
        for x in subexpressions(e)
        if isinstance(x, n.Call) and changed_lists_of(x)
    ]
    if not found:
        return
    kinds = infer_kinds(function, setting.kinds, setting.world)
    for s, call in found:
        effects = _effects(kinds, s, call)
        if effects is not None and effects[0].active_lists:
            name = effects[0].active_lists[0]
            raise UnsupportedError(
                f"{show(call.callee)} calls itself and changes its argument {name!r}, a list of "
                "values that may carry a derivative, which is not supported yet.",
                call.span or s.span,
                None,
                "return the items, or fill an array.",
            )


def _reached(callee: Callee, world: World, ours: Callable[[Any], bool]) -> set[Callee]:
    """The functions that a function calls, directly or through others."""
    found: set[Callee] = set()
    todo = [callee]
    while todo:
        for s in statements(todo.pop().function.body):
            for x in (x for e in expressions(s) for x in subexpressions(e)):
                if isinstance(x, n.Ref) and isinstance(x.value, FunctionType | Callee):
                    if ours(x.value) and world.callee(x.value) not in found:
                        found.add(world.callee(x.value))
                        todo.append(world.callee(x.value))
    return found


def writing_calls_apart(function: n.Function, names: Names, setting: Setting) -> n.Function:
    """The function with its writing calls as statements whose arguments stay as they are."""
    function = with_memory(function, setting)
    _check_lists(function, setting)
    if not any(_writes(s) for s in statements(function.body)):
        return function
    kinds = infer_kinds(function, setting.kinds, setting.world)
    world = setting.world

    def wish(s: n.Stmt, call: n.Call, place: int | str) -> str:
        assert isinstance(call.callee, n.Ref)
        arguments = bind_arguments(call, world.callee(call.callee.value))
        at = places_of(call, arguments)
        return next((name for name, places in at.items() if place in places), "given")

    known = Places(
        wish,
        lambda s, e: kinds.reached(s) and is_place(e, kinds.at(s)),
        lambda s, e: kinds.reached(s) and _is_plain(e, kinds.at(s)),
    )
    function = steady_arguments(function, names, known)
    kinds = infer_kinds(function, setting.kinds, setting.world)

    def returned(s: n.Stmt, call: n.Call) -> Returned:
        found = _effects(kinds, s, call)
        return None if found is None else found[0].returned

    def is_nothing(s: n.Stmt, call: n.Call) -> bool:
        return kinds.reached(s) and kinds.at(s)(call) == Known(None)

    def given(s: n.Stmt, call: n.Call, name: str) -> n.Expr:
        assert isinstance(call.callee, n.Ref)
        value = bind_arguments(call, world.callee(call.callee.value))[name]
        return value.expr if isinstance(value, Default) else value

    return results_given(function, Results(returned, given, is_nothing))


def _calls(function: n.Function, ours: Callable[[Any], bool]) -> bool:
    return any(
        isinstance(x, n.Call) and isinstance(x.callee, n.Ref) and ours(x.callee.value)
        for s in statements(function.body)
        for e in expressions(s)
        for x in subexpressions(e)
    )


def _writes(s: n.Stmt) -> bool:
    return any(
        isinstance(x, n.Ref) and x.memory is not None and x.memory.writes
        for e in expressions(s)
        for x in subexpressions(e)
    )


def _effects(
    kinds: Kinds, s: n.Stmt, call: n.Call
) -> tuple[Effects, Mapping[str, n.Expr | Default]] | None:
    if not kinds.reached(s) or is_starred(call) or not isinstance(call.callee, n.Ref):
        return None
    found = kinds.world.effects(call, kinds.at(s))
    if found is None:
        return None
    return found, bind_arguments(call, kinds.world.callee(call.callee.value))


def is_place(e: n.Expr, infer: Inference) -> bool:
    """Whether an expression is a name, or a view of one that reads the same when it is evaluated
    again.
    """
    match e:
        case n.Var():
            return True
        case n.Index():
            if not isinstance(infer(e), Array) or not isinstance(infer(e.base), Array):
                return False
            return not copies(e.key, infer) and _is_plain(e.key, infer) and is_place(e.base, infer)
        case n.Field():
            return e.name == "T" and isinstance(infer(e.base), Array) and is_place(e.base, infer)
    return False


def _is_plain(e: n.Expr, infer: Inference) -> bool:
    """Whether an expression reads no memory that could be written into."""
    if any(isinstance(x, n.Call) and not _is_cheap(x) for x in subexpressions(e)):
        return False
    kinds = (infer(n.Var(name)) for name in value_reads(e))
    return all(is_number(kind) or isinstance(kind, Known | RangeOf) for kind in kinds)


def _is_cheap(e: n.Call) -> bool:
    return isinstance(e.callee, n.Ref) and e.callee.value in (len, abs, min, max)


def updates_in_place(function: n.Function, written: frozenset[str]) -> n.Function:
    """The function with updates of these parameters as stores: they are not bound anew.

    Raises:
        UnsupportedError: one is.
    """
    if not written:
        return function

    def block(old: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in old:
            if isinstance(s, n.Update) and isinstance(s.target, n.Var) and s.target.name in written:
                whole = n.Index(s.target, n.Const(Ellipsis), span=s.target.span)
                s = replace(s, target=whole)
            elif not blocks(s) or isinstance(s, n.For):
                _check_not_bound(s, written)
            out.append(with_blocks(s, tuple(block(b) for b in blocks(s))))
        return tuple(out)

    return replace(function, body=block(function.body))


def _check_not_bound(s: n.Stmt, written: frozenset[str]) -> None:
    names = bound_names((with_blocks(s, tuple(() for _ in blocks(s))),)) & written
    if names:
        name = sorted(names)[0]
        raise UnsupportedError(
            f"{name!r} is bound anew, and stands for an array of the caller that is written into.",
            s.span,
            None,
            "use another name.",
        )
