"""Calls of functions that write into their arguments, as statements like stores.

    y = 2.0 * fill(buf, x[0] + 1.0)     →       x_arg = x[0] + 1.0
                                                fill(buf, x_arg)
                                                y = 2.0 * buf

Such a call is a statement of its own. What it is given is a place (a name, or a view of one), a
constant, or a name: the reverse sweep gives it again when the call has changed what it wrote into.
Where the function returns what it was given, that is what its result is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.effects import Effects, Returned
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    map_block,
    map_expressions,
    rebuild,
    statements,
    subexpressions,
    substitute,
    with_blocks,
    writing_call,
    written_arguments_of,
)
from srcdiff.normalize.arguments import Default

# What a call does with the memory of its arguments; None for what is no call of a known function.
EffectsOf = Callable[[n.Stmt, n.Call], "tuple[Effects, Mapping[str, n.Expr | Default]] | None"]


@dataclass(frozen=True)
class Places:
    """What is known of arguments.

    Attributes:
        is_place: whether an expression is a name, or a view of one by keys that stay as they are.
        is_plain: whether it reads no memory that a call might write into.
        wish: what an argument of a call is called.
    """

    wish: Callable[[n.Stmt, n.Call, int | str], str]
    is_place: Callable[[n.Stmt, n.Expr], bool]
    is_plain: Callable[[n.Stmt, n.Expr], bool]


@dataclass(frozen=True, eq=False)
class _Second(n.Assign):
    """An assignment of what a call returned and was given."""


def marked_calls(function: n.Function, effects: EffectsOf) -> n.Function:
    """The function with calls that say what they do with memory."""
    return replace(function, body=_Marker(effects).block(function.body))


@dataclass(frozen=True)
class _Marker:
    effects: EffectsOf

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = s
            if any(isinstance(x, n.Call) for e in expressions(s) for x in subexpressions(e)):
                new = map_expressions(s, functools.partial(self._marked, s))
            out.append(with_blocks(new, tuple(self.block(b) for b in blocks(s))))
        return tuple(out)

    def _marked(self, s: n.Stmt, e: n.Expr) -> n.Expr:
        new = rebuild(e, functools.partial(self._marked, s))
        if not isinstance(e, n.Call) or not isinstance(e.callee, n.Ref):
            return new
        found = self.effects(s, e)
        if found is None:
            return new
        assert isinstance(new, n.Call)
        memory = found[0].memory(places_of(e, found[1]))
        return replace(new, callee=replace(e.callee, memory=memory))


def places_of(
    call: n.Call, arguments: Mapping[str, n.Expr | Default]
) -> dict[str, tuple[int | str, ...]]:
    """Where a call gives each parameter: several places for `*args` and `**kwargs`."""
    out: dict[str, tuple[int | str, ...]] = {}
    for name, value in arguments.items():
        items = value.items if isinstance(value, n.Tuple | n.Dict) else ()
        parts = (value, *items)
        at = [k for k, arg in enumerate(call.args) if any(arg is x for x in parts)]
        keys = [key for key, arg in call.keywords if any(arg is x for x in parts)]
        out[name] = (*at, *keys)
    return out


def writes(e: n.Expr) -> bool:
    """Whether evaluating an expression writes into an array."""
    return any(written_arguments_of(x) for x in subexpressions(e))


def tests_apart(function: n.Function) -> n.Function:
    """The function with `while g(A):` as `while True:` and a test of its own, where g writes."""
    whiles = (s for s in statements(function.body) if isinstance(s, n.While))
    if not any(writes(s.test) for s in whiles):
        return function
    return replace(function, body=_tests_apart(function.body))


def _tests_apart(block: n.Block) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        s = with_blocks(s, tuple(_tests_apart(b) for b in blocks(s)))
        if isinstance(s, n.While) and writes(s.test):
            leave = n.If(s.test, (), (n.Break(span=s.span),), span=s.test.span)
            s = replace(s, test=n.Const(True, span=s.test.span), body=(leave, *s.body))
        out.append(s)
    return tuple(out)


def steady_arguments(function: n.Function, names: Names, known: Places) -> n.Function:
    """The function with names for arguments that a call might change."""

    def block(old: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in old:
            if isinstance(s, n.Assign | n.Effect) and writing_call(s) is not None:
                before, new = _steady(s, s.value, names, known)
                out += [*before, replace(s, value=new)]
            else:
                out.append(with_blocks(s, tuple(block(b) for b in blocks(s))))
        return tuple(out)

    return replace(function, body=block(function.body))


def _steady(s: n.Stmt, call: n.Expr, names: Names, known: Places) -> tuple[list[n.Stmt], n.Call]:
    assert isinstance(call, n.Call)
    before: list[n.Stmt] = []

    def named(e: n.Expr, wish: str) -> n.Expr:
        if isinstance(e, n.Var | n.Const | n.Ref | n.Starred):
            return e
        if known.is_place(s, e) or known.is_plain(s, e):
            return e
        name = n.Var(names.fresh(wish), span=e.span)
        before.append(n.Assign(name, e, span=e.span))
        return name

    args = tuple(named(arg, known.wish(s, call, k)) for k, arg in enumerate(call.args))
    keywords = tuple((key, named(arg, known.wish(s, call, key))) for key, arg in call.keywords)
    return before, replace(call, args=args, keywords=keywords)


@dataclass(frozen=True)
class Results:
    """What is known of the results of calls.

    Attributes:
        returned: the parameters that they are.
        given: what a call gives for a parameter.
        is_nothing: whether a call returns None.
    """

    returned: Callable[[n.Stmt, n.Call], Returned]
    given: Callable[[n.Stmt, n.Call, str], n.Expr]
    is_nothing: Callable[[n.Stmt, n.Call], bool]


def results_given(function: n.Function, known: Results) -> n.Function:
    """The function with what a call was given in place of results that are just that."""

    def block(old: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in old:
            s = with_blocks(s, tuple(block(b) for b in blocks(s)))
            call = s.value if isinstance(s, n.Assign) else None
            if isinstance(call, n.Call) and written_arguments_of(call):
                out += _given(s, call, known)
            else:
                out.append(s)
        return tuple(out)

    function = replace(function, body=block(function.body))
    return replace(function, body=_one_name(function.body, function))


def _given(s: n.Stmt, call: n.Call, known: Results) -> list[n.Stmt]:
    """The call, and what its results are."""
    assert isinstance(s, n.Assign)
    returned = known.returned(s, call)
    alone = n.Effect(call, span=s.span)
    if known.is_nothing(s, call):
        return [alone, replace(s, value=n.Const(None))]
    if isinstance(returned, str):
        return [alone, _Second(s.target, known.given(s, call, returned), span=s.span)]
    items = s.target.items if isinstance(s.target, n.Tuple) else ()
    if not isinstance(returned, tuple) or len(returned) != len(items):
        return [s]
    kept: list[n.Expr] = []
    later: list[n.Stmt] = []
    for item, name in zip(items, returned, strict=True):
        if isinstance(name, str) and isinstance(item, n.Var | n.Index | n.Field):
            later.append(_Second(item, known.given(s, call, name), span=s.span))
            item = n.Var("_")
        kept.append(item)
    if all(item == n.Var("_") for item in kept):
        return [alone, *later]
    return [replace(s, target=n.Tuple(tuple(kept), span=s.target.span)), *later]


def _one_name(block: n.Block, function: n.Function) -> n.Block:
    """The block with one name instead of two for what a call returned and was given."""
    out: list[n.Stmt] = []
    items = list(block)
    while items:
        s = items.pop(0)
        if not isinstance(s, _Second):
            out.append(with_blocks(s, tuple(_one_name(b, function) for b in blocks(s))))
        elif _is_second_name(s, tuple(items), function):
            assert isinstance(s.target, n.Var)
            new = {s.target.name: s.value}
            items = list(map_block(tuple(items), functools.partial(_substituted, new)))
        else:
            out.append(n.Assign(s.target, s.value, span=s.span))
    return tuple(out)


def _substituted(new: Mapping[str, n.Expr], e: n.Expr) -> n.Expr:
    return substitute(e, new)


def _is_second_name(s: n.Assign, rest: n.Block, function: n.Function) -> bool:
    """Whether both names stand for the same array wherever the new one is read."""
    if not isinstance(s.target, n.Var) or not isinstance(s.value, n.Var):
        return False
    if {s.target.name, s.value.name} & bound_names(rest):
        return False
    return _mentions(s.target.name, function.body) - 1 == _mentions(s.target.name, rest)


def _mentions(name: str, block: n.Block) -> int:
    """How often a variable stands in a block."""
    count = 0
    for s in statements(block):
        if isinstance(s, n.Opaque):
            count += 2 * (name in (*s.reads, *s.writes))
        for e in expressions(s):
            count += sum(x == n.Var(name) for x in subexpressions(e))
            opaque = (x for x in subexpressions(e) if isinstance(x, n.OpaqueExpr))
            count += sum(2 * (name in x.reads) for x in opaque)
    return count
