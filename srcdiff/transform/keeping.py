"""Copies of what a reverse sweep that is run again would otherwise find written over."""

from __future__ import annotations

from collections.abc import Iterable

from srcdiff.ir import nodes as n
from srcdiff.runtime.copies import copied_together, strided_copy


def copies_of(pairs: Iterable[tuple[n.Var, n.Var]]) -> n.Block:
    """Statements that bind copies, which share memory among each other as the originals do.

    Args:
        pairs: each original with the name of its copy.
    """
    pairs = tuple(pairs)
    if not pairs:
        return ()
    originals, names = zip(*pairs, strict=True)
    function = n.Ref("copied_together", copied_together, copied_together)
    return (n.Assign(n.Tuple(names), n.Call(function, originals), note="views stay views"),)


def strided_owned(name: str) -> n.Stmt:
    """A parameter's array replaced by a copy that lies in memory as it does."""
    copy = n.Ref("strided_copy", strided_copy, strided_copy)
    return n.Assign(n.Var(name), n.Call(copy, (n.Var(name),)))
