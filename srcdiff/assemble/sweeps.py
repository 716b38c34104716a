"""The two functions of a pair, as calls in a text refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind
from srcdiff.ir.walk import expressions, map_block, rebuild, statements, subexpressions


@dataclass(eq=False)
class Sweep:
    """One function of a pair. It has a name before it has a text, as it may call itself."""

    wish: str
    name: str = ""
    function: n.Function | None = None

    def named(self, names: Names) -> str:
        """Its name, which is chosen when it is first needed."""
        self.name = self.name or names.fresh(self.wish)
        return self.name


@dataclass(frozen=True, eq=False)
class Half:
    """What a call in the text refers to: one function of a pair, or one of forward mode.

    `results` are the kinds of what the reverse sweep returns. To the derivative that `owner` works
    for it is a part of the answer; to a derivative of that one, a function like any other.
    `keeps`: whether it is handed tapes. `fresh`: whether its results are in memory of their own.
    """

    sweep: Sweep
    primal: Callee
    forward: bool
    results: tuple[Kind, ...]
    owner: object
    keeps: bool = False
    fresh: bool = False

    @property
    def function(self) -> n.Function:
        """The function, once it is made."""
        assert self.sweep.function is not None
        return self.sweep.function

    @property
    def acts(self) -> bool:
        """Whether a call does more than compute, or may do so, as the function is not made yet."""
        return self.keeps or self.sweep.function is None


def is_sweep_call(e: n.Expr) -> bool:
    """Whether the expression calls one function of a pair."""
    return (
        isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and isinstance(e.callee.value, Half)
    )


def place_of(function: n.Function) -> str:
    """The function's name, and where it stands if it is the user's."""
    span = function.span
    if span is None:
        return function.name
    return f"{function.name} ({span.file.rpartition('/')[2]}:{span.line})"


def reachable(functions: Iterable[n.Function]) -> frozenset[n.Function]:
    """The functions of pairs that these call, directly or through others, and these."""
    found: set[n.Function] = set()
    todo = list(functions)
    while todo:
        function = todo.pop()
        if function in found:
            continue
        found.add(function)
        for s in statements(function.body):
            for e in expressions(s):
                for x in subexpressions(e):
                    if isinstance(x, n.Ref) and isinstance(x.value, Half):
                        todo += [x.value.function] if x.value.sweep.function else []
    return frozenset(found)


def renamed(function: n.Function, new: Mapping[str, str]) -> n.Function:
    """A function of a text in which functions of pairs have other names."""

    def called(e: n.Expr) -> n.Expr:
        e = rebuild(e, called)
        if isinstance(e, n.Ref) and isinstance(e.value, Half):
            return replace(e, path=new.get(e.path, e.path))
        return e

    name = new.get(function.name, function.name)
    return replace(function, name=name, body=map_block(function.body, called))
