"""Arguments that are tuples or dicts, and carry derivatives, as arguments of their own.

def g(x, *ws):                      def g(x, ws_0, ws_1):
    return x * ws[0] * ws[1]            ws = (ws_0, ws_1)
                              →         return x * ws[0] * ws[1]
y = g(x, a, b)                      y = g(x, a, b)

A function is made for each such combination of arguments. A tuple that a function of a library is
given is written out in the call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import DictOf, Kind, ListOf, TupleOf
from srcdiff.ir.stars import is_starred
from srcdiff.ir.walk import blocks, map_expressions, names_of, rebuild, with_blocks
from srcdiff.normalize.arguments import Default, bind_arguments
from srcdiff.normalize.tuples import part_name
from srcdiff.rules.registry import lookup


@dataclass(frozen=True)
class Splitting:
    """What is known of calls.

    Attributes:
        reached: whether control reaches a statement.
        infer: the kinds before a statement.
        active: whether an expression that a statement reads carries a derivative.
        only_reads: whether evaluating the expressions of a statement changes nothing.
        callee: the user's function that a value stands for; None where it is none.
        variant: the function made for a key, made at first use.
        is_pure: whether a call changes nothing that it is given.
    """

    reached: Callable[[n.Stmt], bool]
    infer: Callable[[n.Stmt], Callable[[n.Expr], Kind]]
    active: Callable[[n.Stmt, n.Expr], bool]
    only_reads: Callable[[n.Stmt], bool]
    callee: Callable[[Any], Callee | None]
    variant: Callable[[Hashable, Callable[[], n.Function]], Callee]
    is_pure: Callable[[n.Call], bool]


def split_arguments(function: n.Function, names: Names, facts: Splitting) -> n.Function:
    """The function with such calls rewritten; itself where there are none."""
    body = _Split(names, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


@dataclass
class _Split:
    names: Names
    facts: Splitting
    before: list[n.Stmt] = field(default_factory=list)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = s
            if self.facts.reached(s) and isinstance(s, n.Assign | n.Update | n.Return | n.Effect):
                self.before = []
                found = map_expressions(s, functools.partial(self._expr, s))
                new = found if _changed(s, found) else s
                out += self.before
            out.append(with_blocks(new, tuple(self.block(b) for b in blocks(new))))
        return block if tuple(out) == block else tuple(out)

    def _expr(self, s: n.Stmt, e: n.Expr) -> n.Expr:
        new = rebuild(e, lambda child: self._expr(s, child))
        if not isinstance(new, n.Call) or not isinstance(new.callee, n.Ref) or is_starred(new):
            return new
        callee = self.facts.callee(new.callee.value)
        if callee is not None:
            return self._call(new, callee, s)
        return new if lookup(new.callee.value) is None else self._displayed(new, s)

    def _displayed(self, call: n.Call, s: n.Stmt) -> n.Expr:
        """`sum(t)` as `sum((t[0], t[1]))`: a rule has to be told the items."""
        infer = self.facts.infer(s)
        args: list[n.Expr] = []
        for arg in call.args:
            kind = infer(arg)
            whole = isinstance(arg, n.Var | n.Index) and isinstance(kind, TupleOf)
            if whole and self.facts.active(s, arg):
                items = (n.Index(arg, n.Const(key), span=arg.span) for key in keys_of(kind))
                args.append(n.Tuple(tuple(items), span=arg.span))
            else:
                args.append(arg)
        same = all(a is b for a, b in zip(args, call.args, strict=True))
        return call if same else replace(call, args=tuple(args))

    def _call(self, call: n.Call, callee: Callee, s: n.Stmt) -> n.Expr:
        infer = self.facts.infer(s)
        given = bind_arguments(call, callee)
        split: dict[str, Kind] = {}
        split_values: list[n.Expr] = []
        for name, value in given.items():
            if isinstance(value, Default):
                continue
            kind = infer(value)
            if isinstance(kind, TupleOf | DictOf) and self.facts.active(s, value):
                if _may_change(kind) and not self.facts.is_pure(call):
                    return call  # What it does to a list or dict would be lost.
                split[name] = kind
                split_values.append(value)
        if not split or not (self.facts.only_reads(s) or all(map(_is_plain, split_values))):
            return call
        shape = tuple((name, keys_of(kind)) for name, kind in split.items())
        made = self.facts.variant(
            (callee.key, "split", shape),
            lambda: _made(callee.function, dict(shape)),
        )
        args: list[n.Expr] = []
        for name, value in given.items():
            if isinstance(value, Default):
                args.append(value.expr)
            else:
                args += self._items(value, split[name]) if name in split else (value,)
        ref = n.Ref(made.name, made, made)
        return n.Call(ref, tuple(args), span=call.span)

    def _items(self, e: n.Expr, kind: Kind) -> list[n.Expr]:
        if isinstance(e, n.Tuple | n.Dict):
            return list(e.items)
        if not isinstance(e, n.Var | n.Index):
            name = n.Var(self.names.fresh("items"), span=e.span)
            self.before.append(n.Assign(name, e, span=e.span))
            e = name
        return [n.Index(e, n.Const(key), span=e.span) for key in keys_of(kind)]


def _may_change(kind: Kind) -> bool:
    """Whether a function may change what it is given: a dict or list is in it."""
    if isinstance(kind, TupleOf):
        return any(map(_may_change, kind.items))
    return isinstance(kind, DictOf | ListOf)


def _is_plain(e: n.Expr) -> bool:
    """Whether an argument gets no name of its own, and so stays where it is evaluated."""
    return isinstance(e, n.Var | n.Tuple | n.Dict)


def keys_of(kind: Kind) -> tuple[int | str, ...]:
    """The keys of the items of a tuple or dict."""
    if isinstance(kind, DictOf):
        return kind.keys
    assert isinstance(kind, TupleOf)
    return tuple(range(len(kind.items)))


def _changed(s: n.Stmt, new: n.Stmt) -> bool:
    value, found = getattr(s, "value", None), getattr(new, "value", None)
    return value is not found or getattr(s, "target", None) is not getattr(new, "target", None)


def _made(function: n.Function, split: dict[str, tuple[int | str, ...]]) -> n.Function:
    """The function with parameters for the items."""
    names = Names(names_of(function))
    params: list[n.Param] = []
    start: list[n.Stmt] = []
    for p in function.params:
        if p.name not in split:
            params.append(n.Param(p.name, 1))
            continue
        keys = split[p.name]
        parts = tuple(n.Var(names.fresh(part_name(p.name, key, i))) for i, key in enumerate(keys))
        params += (n.Param(part.name, 1) for part in parts)
        whole: n.Expr = n.Tuple(parts)
        strings = tuple(key for key in keys if isinstance(key, str))
        if strings:
            whole = n.Dict(strings, parts)
        start.append(n.Assign(n.Var(p.name), whole, span=function.span))
    body = (*start, *function.body)
    return replace(function, params=tuple(params), body=body, origin=None)
