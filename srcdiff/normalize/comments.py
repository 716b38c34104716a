"""A generated function as a primal: without its comments, which tell of other sweeps.

What marks the stand-ins for variables that are not bound yet stays: the kinds go by it.
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.names import NOT_BOUND
from srcdiff.ir.walk import blocks, with_blocks


def without_comments(function: n.Function) -> n.Function:
    """The function without comments, those at the ends of statements included."""
    return replace(function, body=_plain(function.body))


def _plain(block: n.Block) -> n.Block:
    out = []
    for s in block:
        if not isinstance(s, n.Comment):
            s = with_blocks(s, tuple(_plain(b) for b in blocks(s)))
            out.append(replace(s, note=None) if s.note and s.note != NOT_BOUND else s)
    return tuple(out)
