"""Loops that say more than the IR's: with an `else`, and with an assignment in the test.

for x in xs:                    broke = False
    if x > 1.0:                 for x in xs:
        break           →           if x > 1.0:
else:                                   broke = True
    y = 0.0                             break
                                if not broke:
                                    y = 0.0
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.frontend.scope import Scope
from srcdiff.ir import nodes as n
from srcdiff.ir.walk import blocks, with_blocks


def loop_with_else(loop: n.For | n.While, orelse: n.Block, scope: Scope) -> list[n.Stmt]:
    """The loop, and what runs where it was not left by a break."""
    if not orelse or not _breaks(loop.body):
        return [loop, *orelse]
    flag = n.Var(scope.fresh("broke"))
    start = n.Assign(flag, n.Const(False))
    after = n.If(n.Op("not", (flag,)), orelse, span=orelse[0].span)
    return [start, replace(loop, body=_flagged(loop.body, flag)), after]


def while_assigning(loop: n.While, before: n.Block, orelse: n.Block, scope: Scope) -> list[n.Stmt]:
    """A loop whose test assigns, which it does anew in each trip."""
    lowered = loop_with_else(loop, orelse, scope)
    at = next(i for i, s in enumerate(lowered) if isinstance(s, n.While))
    body = lowered[at].body  # type: ignore[attr-defined]
    ends = n.If(n.Op("not", (loop.test,)), (n.Break(span=loop.span),), span=loop.span)
    lowered[at] = n.While(n.Const(True), (*before, ends, *body), span=loop.span)
    return lowered


def _breaks(block: n.Block) -> bool:
    """Whether a block breaks the loop that it belongs to."""
    return any(
        isinstance(s, n.Break)
        or (not isinstance(s, n.For | n.While) and any(map(_breaks, blocks(s))))
        for s in block
    )


def _flagged(block: n.Block, flag: n.Var) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, n.Break):
            out.append(n.Assign(flag, n.Const(True), span=s.span))
        if not isinstance(s, n.For | n.While):
            s = with_blocks(s, tuple(_flagged(b, flag) for b in blocks(s)))
        out.append(s)
    return tuple(out)
