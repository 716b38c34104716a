"""An array by its name, where all of it is read.

dx[...] = -dx[...]          →       dx[...] = -dx
x_old = x[...].copy()               x_old = x.copy()
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import blocks, rebuild, with_blocks

_Rewrite = Callable[[n.Expr], n.Expr]


def whole_names(forward: n.Block, reverse: n.Block) -> n.Block:
    """Both sweeps; of the forward one, whose text is the user's, only copies are rewritten."""
    return (*_block(forward, _copied), *_block(reverse, _read))


def _block(block: n.Block, f: _Rewrite) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        s = with_blocks(s, tuple(_block(b, f) for b in blocks(s)))
        if isinstance(s, n.Assign | n.Update):
            # A target, and a view under another name, stay what they are.
            bare = _is_whole(s.value) and isinstance(s.target, n.Index)
            s = replace(s, value=s.value.base if bare else _inside(s.value, f))  # type: ignore[attr-defined]
        elif isinstance(s, n.Effect):
            s = replace(s, value=f(s.value))
        out.append(s)
    return tuple(out)


def _inside(e: n.Expr, f: _Rewrite) -> n.Expr:
    return rebuild(e, f) if _is_whole(e) else f(e)


def _is_whole(e: n.Expr) -> bool:
    return isinstance(e, n.Index) and isinstance(e.base, n.Var) and e.key == n.Const(...)


def _read(e: n.Expr) -> n.Expr:
    return e.base if isinstance(e, n.Index) and _is_whole(e) else rebuild(e, _read)


def _copied(e: n.Expr) -> n.Expr:
    """The expression with `x[...].copy()` as `x.copy()`, and so for the shape."""
    if isinstance(e, n.Field) and e.name in ("copy", "shape"):
        return n.Field(_read(e.base), e.name, span=e.span)
    return rebuild(e, _copied)
