"""Lists that grow and shrink: the calls that change them, and their zero."""

from __future__ import annotations

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import NOTHING, UNFILLED, Array, Kind, ListOf


def method_of(e: n.Expr | None, *names: str) -> str | None:
    """The variable on which the expression calls one of these methods, itself and nothing else."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field) and e.callee.name in names:
        return e.callee.base.name if isinstance(e.callee.base, n.Var) else None
    return None


def appended(s: n.Stmt) -> tuple[n.Var, n.Expr] | None:
    """The list and the value of `xs.append(v)`."""
    e = s.value if isinstance(s, n.Effect) else None
    name = method_of(e, "append")
    if name is None or not isinstance(e, n.Call) or len(e.args) != 1 or e.keywords:
        return None
    return n.Var(name), e.args[0]


def popped(s: n.Stmt) -> n.Var | None:
    """The list of `v = xs.pop()`."""
    return popped_from(s.value) if isinstance(s, n.Assign) else None


def popped_from(e: n.Expr) -> n.Var | None:
    """The list of `xs.pop()`."""
    name = method_of(e, "pop")
    if name is None or not isinstance(e, n.Call) or e.args or e.keywords:
        return None
    return n.Var(name)


def append(xs: n.Var, value: n.Expr) -> n.Effect:
    """`xs.append(value)`."""
    return n.Effect(n.Call(n.Field(xs, "append"), (value,)))


def pop(xs: n.Var) -> n.Call:
    """`xs.pop()`."""
    return n.Call(n.Field(xs, "pop"))


def length(xs: n.Expr) -> n.Call:
    """`len(xs)`."""
    return n.Call(n.Ref("len", len, len), (xs,))


def zeros(xs: n.Expr, kind: ListOf) -> n.Expr:
    """A list as long as `xs`, with a zero for each item."""
    if kind.item == NOTHING:
        return n.List(())
    if isinstance(kind.item, Array):
        items = n.Call(n.Ref("map", map, map), (np_call("zeros_like").callee, xs))
        return n.Call(n.Ref("list", list, list), (items,))
    return n.Op("mul", (n.List((n.Const(0.0),)), length(xs)))


def is_zeros(e: n.Expr) -> bool:
    """Whether the expression is one that `zeros` made, or an empty list."""
    if e == n.List(()):
        return True
    if isinstance(e, n.Op) and e.op == "mul":
        return e.args[0] == n.List((n.Const(0.0),))
    made = isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is list
    return made and mapped(e) is not None


def mapped(e: n.Expr) -> tuple[n.Expr, n.Expr] | None:
    """The function and the list of `list(map(f, xs))`."""
    if not (isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is list):
        return None
    inner = e.args[0] if len(e.args) == 1 else None
    if isinstance(inner, n.Call) and isinstance(inner.callee, n.Ref) and inner.callee.value is map:
        if len(inner.args) == 2:
            return inner.args[0], inner.args[1]
    return None


def is_unfilled(e: n.Expr) -> bool:
    """Whether the expression makes a list whose items come later: `[None] * n`."""
    if not isinstance(e, n.Op) or e.op != "mul" or not isinstance(e.args[0], n.List):
        return False
    return all(isinstance(x, n.Ref) and x.value is UNFILLED for x in e.args[0].items)


def zero_item(place: n.Expr, kind: Kind) -> n.Expr:
    """The zero for one item."""
    return np_call("zeros_like", place) if isinstance(kind, Array) else n.Const(0.0)
