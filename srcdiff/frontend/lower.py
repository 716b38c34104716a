"""gast → IR: statements and whole functions.

def f(x, n=2):              Function("f", (Param("x"), Param("n", default=2)),
x += 1            →         (Update(Var("x"), "add", Const(1)),
return x ** n                Return(Op("pow", (Var("x"), Var("n"))))))
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import gast

from srcdiff.errors import UnsupportedError
from srcdiff.frontend.closures import local_names, made, named, parameters
from srcdiff.frontend.expressions import constant_cells, lower_expression, operator_name
from srcdiff.frontend.imports import import_statement, imported_names
from srcdiff.frontend.loops import loop_with_else, while_assigning
from srcdiff.frontend.managers import try_statement, with_statement
from srcdiff.frontend.match import match_statement
from srcdiff.frontend.retrieve import Retrieved, retrieve
from srcdiff.frontend.scope import Home, Imported, Scope
from srcdiff.frontend.walk import declared_names, walk_here
from srcdiff.ir import nodes as n
from srcdiff.ir.scatter import as_update
from srcdiff.ir.walk import rebuild


@dataclass(frozen=True, eq=False)
class Lowered:
    """A lowered function, the free names that it reads and those that it imports."""

    function: n.Function
    free: dict[str, Home]
    source: Retrieved
    imports: Mapping[str, Imported]
    # Names for the values of defaults, which texts need that call the function.
    defaults: Mapping[str, Home] = field(default_factory=dict)


def lower_function(function: Callable[..., Any]) -> Lowered:
    """The IR of a Python function.

    Raises:
        UnsupportedError: the function uses what the IR cannot say, or has no source.
    """
    source = retrieve(function)
    scope = Scope(source, _local_names(source), imports=imported_names(source))
    try:
        body = _body(source.node, scope)
    except UnsupportedError as error:
        raise error.inside(source.name) from None
    ir = n.Function(
        source.name,
        _params(source, scope),
        body,
        inspect.getdoc(function),
        source.span(),
        function,
    )
    return Lowered(ir, scope.free, source, scope.imports, scope.defaults)


@functools.cache
def lower_template(template: Callable[..., Any]) -> tuple[tuple[str, ...], n.Expr]:
    """The parameters and the expression of a rule's template, a lambda that is never run."""
    source = retrieve(template)
    params = tuple(p.name for p in _params(source))
    scope = Scope(source, frozenset(params), constant_cells(source.cells))
    return params, _without_spans(lower_expression(source.node.body, scope))


def _without_spans(e: n.Expr) -> n.Expr:
    """Errors must never point into a rule: its text is not the user's."""
    return rebuild(replace(e, span=None), _without_spans)


def _local_names(source: Retrieved) -> frozenset[str]:
    code = source.function.__code__
    return frozenset(code.co_varnames) | frozenset(code.co_cellvars)


def _params(source: Retrieved, scope: Scope | None = None) -> tuple[n.Param, ...]:
    signature = inspect.signature(source.function, follow_wrapped=False)
    empty = inspect.Parameter.empty
    out = []
    for p in signature.parameters.values():
        default = None if p.default is empty else p.default
        ref = None
        if scope is not None and not _is_literal(default):
            ref = scope.default(p.name, default)
        out.append(n.Param(p.name, int(p.kind), default, p.default is not empty, ref))
    return tuple(out)


def _is_literal(value: Any) -> bool:
    """Whether source can say a value."""
    if type(value) is tuple:
        return all(map(_is_literal, value))
    return value is None or type(value) in (bool, int, float, complex, str, bytes)


def _body(node: Any, scope: Scope) -> n.Block:
    if isinstance(node, gast.Lambda):
        value = lower_expression(node.body, scope)
        return (*scope.assigned_before(), n.Return(value, span=value.span))
    if isinstance(node, gast.AsyncFunctionDef):
        raise UnsupportedError(
            "async functions are not supported.",
            scope.span(node),
            remedy="compute in a plain function, and call that where it is awaited.",
        )
    body = node.body
    if body and isinstance(body[0], gast.Expr) and isinstance(body[0].value, gast.Constant):
        body = body[1:]
    return _block(body, scope)


def _block(body: list[Any], scope: Scope) -> n.Block:
    out: list[n.Stmt] = []
    for node in body:
        out += _statement(node, scope)
    return tuple(out)


def _statement(node: Any, scope: Scope) -> list[n.Stmt]:
    handler = _HANDLERS.get(type(node).__name__)
    if handler is None:
        return [_opaque(node, scope)]
    out = handler(node, scope)
    return [*scope.assigned_before(), *out]


def _assign(node: Any, scope: Scope) -> list[n.Stmt]:
    span = scope.span(node)
    value = lower_expression(node.value, scope)
    targets = [_target(t, scope) for t in node.targets]
    if isinstance(value, n.Closure) and isinstance(targets[0], n.Var):
        value = named(value, targets[0].name)
    if len(targets) == 1:
        return [n.Assign(targets[0], value, span=span)]
    first: n.Expr = targets[0]
    out: list[n.Stmt] = []
    if not isinstance(first, n.Var):
        first = n.Var(scope.fresh("value"), span=value.span)
        targets.insert(0, first)
    out.append(n.Assign(first, value, span=span))
    return out + [n.Assign(target, first, span=span) for target in targets[1:]]


def _target(node: Any, scope: Scope) -> n.Target:
    count = len(scope.before)
    target = lower_expression(node, scope)
    if len(scope.before) > count:
        raise UnsupportedError(
            "an assignment inside a target is not supported.",
            target.span,
            remedy="assign in a statement of its own.",
        )
    if isinstance(target, n.List):
        target = n.Tuple(target.items, span=target.span)
    if isinstance(target, n.Var | n.Index | n.Field | n.Tuple):
        return target
    if isinstance(target, n.Global):
        raise UnsupportedError(
            f"assigning to the global {target.name!r} is not supported.",
            target.span,
            remedy="return the value instead.",
        )
    raise UnsupportedError(
        "this assignment is not supported.",
        target.span,
        remedy="assign to names, elements or attributes.",
    )


def _annotated(node: Any, scope: Scope) -> list[n.Stmt]:
    if node.value is None:
        return []
    value = lower_expression(node.value, scope)
    return [n.Assign(_target(node.target, scope), value, span=scope.span(node))]


def _update(node: Any, scope: Scope) -> list[n.Stmt]:
    target = _target(node.target, scope)
    assert not isinstance(target, n.Tuple)
    value = lower_expression(node.value, scope)
    return [n.Update(target, operator_name(node.op), value, span=scope.span(node))]


def _if(node: Any, scope: Scope) -> list[n.Stmt]:
    test = lower_expression(node.test, scope)
    before = scope.assigned_before()
    body, orelse = _block(node.body, scope), _block(node.orelse, scope)
    return [*before, n.If(test, body, orelse, span=test.span)]


def _while(node: Any, scope: Scope) -> list[n.Stmt]:
    test = lower_expression(node.test, scope)
    before = tuple(scope.assigned_before())
    body, orelse = _block(node.body, scope), _block(node.orelse, scope)
    loop = n.While(test, body, span=test.span)
    if before:
        return while_assigning(loop, before, orelse, scope)
    return loop_with_else(loop, orelse, scope)


def _for(node: Any, scope: Scope) -> list[n.Stmt]:
    iterable = lower_expression(node.iter, scope)
    before = scope.assigned_before()
    target = _target(node.target, scope)
    loop = n.For(target, iterable, _block(node.body, scope), span=iterable.span)
    return [*before, *loop_with_else(loop, _block(node.orelse, scope), scope)]


def _return(node: Any, scope: Scope) -> list[n.Stmt]:
    value = None if node.value is None else lower_expression(node.value, scope)
    return [n.Return(value, span=scope.span(node))]


def _expression(node: Any, scope: Scope) -> list[n.Stmt]:
    if isinstance(node.value, gast.Constant):
        return []
    effect = n.Effect(lower_expression(node.value, scope), span=scope.span(node))
    return [as_update(effect) or effect]


def _raise(node: Any, scope: Scope) -> list[n.Stmt]:
    parts = (node.exc, node.cause)
    value, cause = (None if p is None else lower_expression(p, scope) for p in parts)
    return [n.Raise(value, cause, span=scope.span(node))]


def _assert(node: Any, scope: Scope) -> list[n.Stmt]:
    message = None if node.msg is None else lower_expression(node.msg, scope)
    return [n.Assert(lower_expression(node.test, scope), message, span=scope.span(node))]


def _nested(node: Any, scope: Scope) -> list[n.Stmt]:
    """A nested function; one with decorators is kept as it stands."""
    span = scope.span(node)
    decorators = [d for d in node.decorator_list if not _only_names(d, scope)]
    if decorators:
        return _decorated(node, decorators, scope)
    names = scope.nested(local_names(node))
    parts = parameters(node.args, lambda default: lower_expression(default, scope))
    kept = _opaque(node, scope)
    closure = made(node, node.name, span, kept, parts, lambda: _body(node, names))
    return [n.Assign(n.Var(node.name), closure, span=span)]


def _decorated(node: Any, decorators: list[Any], scope: Scope) -> list[n.Stmt]:
    """`@scaled(2.0) def g(x)` as `g = scaled(2.0)(g)`."""
    plain = copy.copy(node)
    plain.decorator_list = []
    plain.name = scope.fresh(node.name)
    span = scope.span(node)
    value: n.Expr = n.Var(plain.name, span=span)
    found = [lower_expression(d, scope) for d in decorators]
    for decorator in reversed(found):
        value = n.Call(decorator, (value,), span=decorator.span)
    before = scope.assigned_before()
    return [*before, *_nested(plain, scope), n.Assign(n.Var(node.name), value, span=span)]


def _only_names(decorator: Any, scope: Scope) -> bool:
    """Whether a decorator is `functools.wraps(f)`, which gives a function another name."""
    if not isinstance(decorator, gast.Call):
        return False
    callee = lower_expression(decorator.func, scope)
    return isinstance(callee, n.Ref) and callee.value is functools.wraps


def _scope_statement(node: Any, scope: Scope) -> list[n.Stmt]:
    """`global` and `nonlocal`: where the names are only read, they say nothing."""
    bound = {
        x.id
        for x in gast.walk(scope.source.node)
        if isinstance(x, gast.Name) and not isinstance(x.ctx, gast.Load)
    }
    bound |= set(declared_names(scope.source.node.body))
    if not bound & set(node.names):
        return []
    if isinstance(node, gast.Nonlocal) and all(map(scope.is_outer, node.names)):
        return []
    word = type(node).__name__.lower()
    raise UnsupportedError(
        f"a function that assigns to {word} variables is not supported.",
        scope.span(node),
        remedy="pass the value in and return the new one.",
    )


def _import(node: Any, scope: Scope) -> list[n.Stmt]:
    lowered = import_statement(node, scope)
    return [_opaque(node, scope)] if lowered is None else lowered


def _delete(node: Any, scope: Scope) -> list[n.Stmt]:
    """`del`: of names it says nothing of what is computed; of items it is kept, one by one."""
    out: list[n.Stmt] = []
    for target in node.targets:
        if isinstance(target, gast.Name):
            continue
        one = gast.copy_location(gast.Delete([target]), node)
        place = lower_expression(target, scope) if isinstance(target, gast.Subscript) else None
        out.append(replace(_opaque(one, scope), deleted=place))
    return out


def _opaque(node: Any, scope: Scope) -> n.Opaque:
    """A statement kept verbatim; a jump or a yield inside it could not be followed."""
    span = scope.span(node)
    for inner in walk_here([node]):
        if isinstance(
            inner, gast.Return | gast.Break | gast.Continue | gast.Yield | gast.YieldFrom
        ):
            raise UnsupportedError(
                f"{_describe(node)} is not supported here.",
                span,
                remedy="take it out of the function.",
            )
    names = [x for x in gast.walk(node) if isinstance(x, gast.Name)]
    writes = {x.id for x in names if isinstance(x.ctx, gast.Store | gast.Del)} & scope.locals
    writes |= set(declared_names([node]))
    reads = {x.id for x in names if x.id in scope.locals}
    bound = {x.id for x in names if not isinstance(x.ctx, gast.Load)}
    others = sorted({x.id for x in names} - scope.locals - bound)
    free = tuple(scope.name(name, span) for name in others)
    return n.Opaque(node, tuple(sorted(reads)), tuple(sorted(writes)), free, span=span)


def _describe(node: Any) -> str:
    names = {
        "With": "a with block",
        "Try": "try",
        "Match": "match",
        "FunctionDef": "a nested function",
    }
    return names.get(type(node).__name__, type(node).__name__)


_HANDLERS: dict[str, Callable[[Any, Scope], list[n.Stmt]]] = {
    "With": lambda node, scope: with_statement(node, scope, lambda body: _block(body, scope)),
    "Try": lambda node, scope: try_statement(node, scope, lambda body: _block(body, scope)),
    "Assign": _assign,
    "AnnAssign": _annotated,
    "AugAssign": _update,
    "If": _if,
    "While": _while,
    "For": _for,
    "Return": _return,
    "Delete": _delete,
    "Expr": _expression,
    "Raise": _raise,
    "Assert": _assert,
    "Import": _import,
    "ImportFrom": _import,
    "FunctionDef": _nested,
    "Match": lambda node, scope: match_statement(node, scope, lambda body: _block(body, scope)),
    "Global": _scope_statement,
    "Nonlocal": _scope_statement,
    "Break": lambda node, scope: [n.Break(span=scope.span(node))],
    "Continue": lambda node, scope: [n.Continue(span=scope.span(node))],
    "Pass": lambda node, scope: [],
}
