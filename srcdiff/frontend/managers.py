"""`with` and `try`.

with suppress(ValueError):          try:
    y = math.sqrt(x)         →          y = math.sqrt(x)
                                    except ValueError:
                                        pass
"""

from __future__ import annotations

import contextlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import gast

from srcdiff.errors import UnsupportedError
from srcdiff.frontend.expressions import lower_expression, verbatim
from srcdiff.frontend.scope import Scope
from srcdiff.ir import nodes as n

Lower = Callable[[list[Any]], n.Block]


def with_statement(node: Any, scope: Scope, block: Lower) -> list[n.Stmt]:
    """A `with`; the managers that do nothing, or what `try` does, are not kept."""
    return _with(list(node.items), node, scope, block)


def _with(items: list[Any], node: Any, scope: Scope, block: Lower) -> list[n.Stmt]:
    kept: list[tuple[n.Expr, n.Var | None]] = []
    while items:
        item = items[0]
        entered = _entered(item.context_expr, scope)
        if entered is contextlib.nullcontext or entered is contextlib.suppress:
            break
        kept.append((_header(item.context_expr, scope), _name(item, scope)))
        items = items[1:]
    if kept:
        body = tuple(_with(items, node, scope, block)) if items else block(node.body)
        return [n.With(tuple(kept), body, span=kept[0][0].span)]
    return _replaced(items, node, scope, block)


def _replaced(items: list[Any], node: Any, scope: Scope, block: Lower) -> list[n.Stmt]:
    """A `with` whose first manager is `nullcontext` or `suppress`."""
    item, rest = items[0], items[1:]
    call = item.context_expr
    args = tuple(lower_expression(a, scope) for a in call.args)
    before = scope.assigned_before()
    name = _name(item, scope)
    if _entered(call, scope) is contextlib.nullcontext:
        if name is not None:
            value = args[0] if args else n.Const(None)
            before.append(n.Assign(name, value, span=name.span))
        return [*before, *(_with(rest, node, scope, block) if rest else block(node.body))]
    body = tuple(_with(rest, node, scope, block)) if rest else block(node.body)
    cls = args[0] if len(args) == 1 else n.Tuple(args)
    return [*before, n.Try(body, (n.Handler(cls, None),), span=scope.span(call))]


def _header(node: Any, scope: Scope) -> n.Expr:
    lowered = lower_expression(node, scope)
    if scope.before:
        raise UnsupportedError(
            "an assignment inside the head of a with block is not supported.",
            scope.before[0].span,
            None,
            "assign in a statement of its own.",
        )
    _check_swallows(node, lowered, scope)
    if isinstance(lowered, n.Call) and isinstance(lowered.callee, n.Ref):
        if str(lowered.callee.path).startswith("np."):
            return lowered
    return verbatim(node, scope, lowered.span)


def _name(item: Any, scope: Scope) -> n.Var | None:
    if item.optional_vars is None:
        return None
    if isinstance(item.optional_vars, gast.Name):
        return n.Var(item.optional_vars.id, span=scope.span(item.optional_vars))
    raise UnsupportedError(
        "unpacking what a with block gives is not supported.",
        scope.span(item.optional_vars),
        None,
        "give it a name, and unpack that.",
    )


def _entered(node: Any, scope: Scope) -> Any:
    """What is called to make a context manager, where that is known."""
    if not isinstance(node, gast.Call):
        return None
    callee = lower_expression(node.func, scope)
    return callee.value if isinstance(callee, n.Ref) else None


def _check_swallows(node: Any, lowered: n.Expr, scope: Scope) -> None:
    """A manager that swallows exceptions leaves no trace of how far its body got."""
    value = _entered(node, scope)
    if value is None and isinstance(lowered, n.Global):
        value = type(lowered.home.read(lowered.name))
    if value is None and isinstance(node, gast.Call) and isinstance(node.func, gast.Name):
        inner = (x for x in gast.walk(scope.source.node) if isinstance(x, gast.ClassDef))
        for cls in (x for x in inner if x.name == node.func.id):
            ways = (x for x in cls.body if getattr(x, "name", "") == "__exit__")
            if any(_returns_true(way) for way in ways):
                raise _swallowed(lowered)
    leaves = getattr(value, "__exit__", None)
    made = inspect.unwrap(value) if callable(value) else None
    if made is not value and inspect.isgeneratorfunction(made):
        swallows = _handles(made)
    elif value is contextlib.ExitStack:
        named = (getattr(x, "id", getattr(x, "attr", "")) for x in gast.walk(scope.source.node))
        swallows = "suppress" in named
    else:
        swallows = inspect.isfunction(leaves) and _returns(leaves)
    if swallows:
        raise _swallowed(lowered)


def _swallowed(e: n.Expr) -> UnsupportedError:
    return UnsupportedError(
        "this context manager may swallow exceptions, and it is not recorded how far its body got.",
        e.span,
        None,
        "write it with try and except.",
    )


def _tree(function: Any) -> Any:
    try:
        return gast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return gast.parse("")


def _returns(function: Any) -> bool:
    """Whether `__exit__` may return something true."""
    return _returns_true(_tree(function))


def _returns_true(tree: Any) -> bool:
    values = (x.value for x in gast.walk(tree) if isinstance(x, gast.Return))
    return any(v is not None and not (isinstance(v, gast.Constant) and not v.value) for v in values)


def _handles(function: Any) -> bool:
    """Whether a generator yields where it handles exceptions without raising them again."""
    for x in gast.walk(_tree(function)):
        if isinstance(x, gast.Try) and x.handlers:
            inside = (y for part in x.body for y in gast.walk(part))
            ends = (isinstance(h.body[-1], gast.Raise) for h in x.handlers)
            if any(isinstance(y, gast.Yield) for y in inside) and not all(ends):
                return True
    return False


def try_statement(node: Any, scope: Scope, block: Lower) -> list[n.Stmt]:
    """A `try`."""
    span = scope.span(node)
    handlers = []
    for handler in node.handlers:
        cls = None if handler.type is None else lower_expression(handler.type, scope)
        name = None if handler.name is None else str(getattr(handler.name, "id", handler.name))
        handlers.append(n.Handler(cls, name, block(handler.body)))
    body, orelse = block(node.body), block(node.orelse)
    tried: n.Block = (*body, *orelse)
    if handlers:
        tried = (n.Try(body, tuple(handlers), orelse, span=span),)
    final = block(node.finalbody)
    return [n.With((), tried, final, span=span)] if final else list(tried)
