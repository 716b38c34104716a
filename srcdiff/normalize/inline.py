"""Calls written out: the body of a called function in place of the call.

    y = g_fwd(x, tape)      →      tape.append(x)
                                   y = x * x

That is how a function that changes what it is given (a list that it appends to) becomes a part of
its caller, where such changes are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    changed_lists_of,
    expressions,
    map_expressions,
    names_of,
    statements,
    subexpressions,
    substitute,
    with_blocks,
    written_arguments_of,
)
from srcdiff.normalize.arguments import Default, bind_arguments
from srcdiff.normalize.calls import calls_to_statements
from srcdiff.normalize.jumps import explicit_ends, jumps_to_tails

# The function whose calls are to be written out, of what a call refers to; None for other calls.
Wanted = Callable[[Any], "Callee | None"]


def inline_calls(function: n.Function, names: Names, wanted: Wanted) -> n.Function:
    """The function with these calls written out; those of functions that call themselves stay."""
    refs = (e for s in statements(function.body) for x in expressions(s) for e in subexpressions(x))
    if not any(isinstance(e, n.Ref) and wanted(e.value) for e in refs):
        return function
    function = _as_statements(function, names, wanted)
    return replace(function, body=_Inliner(names, wanted).block(function.body))


def _as_statements(function: n.Function, names: Names, wanted: Wanted) -> n.Function:
    return calls_to_statements(function, names, lambda value: wanted(value) is not None)


@dataclass
class _Inliner:
    names: Names
    wanted: Wanted
    _inside: list[Callee] = field(default_factory=list)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Assign | n.Effect) and isinstance(s.value, n.Call):
                ref = s.value.callee
                callee = self.wanted(ref.value) if isinstance(ref, n.Ref) else None
                if callee is not None and callee not in self._inside:
                    out += self._inlined(s, s.value, callee)
                    continue
            out.append(with_blocks(s, tuple(self.block(b) for b in blocks(s))))
        return tuple(out)

    def _inlined(self, s: n.Assign | n.Effect, call: n.Call, callee: Callee) -> list[n.Stmt]:
        own = Names(names_of(callee.function))
        function = _as_statements(callee.function, own, self.wanted)
        function = explicit_ends(jumps_to_tails(function, own))
        arguments = bind_arguments(call, callee)
        rebound = bound_names(function.body)
        kept = rebound - bound_names(_but_updates(function.body))
        written = (*written_arguments_of(call), *changed_lists_of(call))
        before: list[n.Stmt] = []
        new: dict[str, n.Expr] = {}
        for name in sorted(names_of(function)):
            value = arguments.get(name)
            if value is None:
                new[name] = n.Var(self.names.fresh(name))
                continue
            given = n.Const(value.value) if isinstance(value, Default) else value
            # An update of an array that was passed is one of the caller's.
            same = name in kept and any(given is x for x in written)
            if isinstance(given, n.Var | n.Const) and (name not in rebound or same):
                new[name] = given
                continue
            local = new[name] = n.Var(self.names.fresh(name))
            before.append(n.Assign(local, given, span=s.span))
        target = s.target if isinstance(s, n.Assign) else None
        self._inside.append(callee)
        body = self.block(_written_out(function.body, new, target))
        self._inside.pop()
        return [*before, *body]


def _but_updates(block: n.Block) -> n.Block:
    """All statements of a block that are no updates, each by itself."""
    alone = (with_blocks(s, tuple(() for _ in blocks(s))) for s in statements(block))
    return tuple(s for s in alone if not isinstance(s, n.Update))


def _written_out(block: n.Block, new: Mapping[str, n.Expr], target: n.Target | None) -> n.Block:
    """The block with other names, and with assignments to the target in place of returns."""
    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, n.Return):
            if target is not None:
                value = n.Const(None) if s.value is None else substitute(s.value, new)
                out.append(n.Assign(target, value, span=s.span))
            continue
        s = map_expressions(s, lambda e: substitute(e, new))
        out.append(with_blocks(s, tuple(_written_out(b, new, target) for b in blocks(s))))
    return tuple(out)
