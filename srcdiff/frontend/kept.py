"""Python that is kept as it stands, with other names in it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gast

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.walk import names_in

# A name and the attributes taken of it -> what stands for that.
NewName = Callable[[tuple[str, ...]], "n.Expr | None"]


def rewritten(
    e: n.OpaqueExpr | n.Opaque, changed: frozenset[str], new: NewName
) -> n.OpaqueExpr | n.Opaque:
    """The same code, where other expressions stand for these names and their attributes."""
    transformer = _Renaming(changed, new, e)
    node = transformer.visit(copy.deepcopy(e.node))
    reads = tuple(sorted({*e.reads} - changed | transformer.reads))
    if isinstance(e, n.Opaque):
        writes = tuple(sorted(transformer.writes | {*e.writes} - changed))
        return replace(e, node=node, reads=reads, writes=writes)
    text = ast.unparse(gast.gast_to_ast(node))
    return replace(e, node=node, text=text, reads=reads, inner=None)


class _Renaming(gast.NodeTransformer):
    def __init__(self, changed: frozenset[str], new: NewName, e: n.OpaqueExpr | n.Opaque) -> None:
        self._changed, self._new, self._e = changed, new, e
        self.reads: set[str] = set()
        self.writes: set[str] = set()

    def visit_Name(self, node: Any) -> Any:
        if node.id not in self._changed:
            return node
        return self._node(self._new((node.id,)), node)

    def visit_Attribute(self, node: Any) -> Any:
        path: list[str] = []
        base = node
        while isinstance(base, gast.Attribute):
            path.insert(0, base.attr)
            base = base.value
        if not isinstance(base, gast.Name) or base.id not in self._changed:
            return self.generic_visit(node)
        return self._node(self._new((base.id, *path)), node)

    def _node(self, e: n.Expr | None, node: Any) -> Any:
        self.reads |= names_in(e) if e is not None else set()
        if not isinstance(node.ctx, gast.Load) and isinstance(e, n.Var):
            self.writes.add(e.name)
        made = _node_of(e, node.ctx)
        if made is None:
            raise UnsupportedError(
                "what is used here is not a variable.", self._e.span, None, "give it a name first."
            )
        return gast.copy_location(made, node)


def _node_of(e: n.Expr | None, ctx: Any) -> Any:
    match e:
        case n.Var() | n.Global():
            return gast.Name(e.name, ctx, None, None)
        case n.Const():
            return gast.Constant(e.value, None)
        case n.Field():
            base = _node_of(e.base, gast.Load())
            return None if base is None else gast.Attribute(base, e.name, ctx)
    return None
