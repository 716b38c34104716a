"""Nested functions and lambdas, as far as their own scope goes: names, parameters, what they take
from the function around them.

def g(y, k=2 * a):          Closure(Code("g", (Param("y"), Param("k")), body, captured=("x",)),
    return k * x * y    →           defaults=(("k", Op("mul", ...)),))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gast

from srcdiff.errors import Span, UnsupportedError
from srcdiff.frontend.walk import captured_names
from srcdiff.ir import nodes as n
from srcdiff.ir.walk import names_in, names_of

_FUNCTIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)
_OWN_SCOPE = (
    *_FUNCTIONS,
    gast.ClassDef,
    gast.ListComp,
    gast.SetComp,
    gast.DictComp,
    gast.GeneratorExp,
)


def own_nodes(node: Any) -> Iterator[Any]:
    """The nodes below a function's that belong to its own scope, those of inner scopes excluded."""
    waiting = [node.body] if isinstance(node, gast.Lambda) else list(reversed(node.body))
    while waiting:
        inner = waiting.pop()
        yield inner
        if not isinstance(inner, _OWN_SCOPE):
            waiting.extend(reversed(list(gast.iter_child_nodes(inner))))


def declared(node: Any) -> tuple[str, ...]:
    """The names that a function declares nonlocal or global."""
    found = (x for x in own_nodes(node) if isinstance(x, gast.Nonlocal | gast.Global))
    return tuple(name for x in found for name in x.names)


def nonlocals(node: Any) -> tuple[str, ...]:
    """The names that a function declares nonlocal, and assigns to."""
    names = set(declared(node))
    bound = (x.id for x in own_nodes(node) if isinstance(x, gast.Name) and _is_bound(x))
    return tuple(sorted(names & set(bound)))


def _is_bound(name: Any) -> bool:
    return not isinstance(name.ctx, gast.Load)


def local_names(node: Any) -> frozenset[str]:
    """The names that belong to a function: its parameters, and what it binds."""
    out = {name.id for name in _parameter_names(node.args)}
    for x in own_nodes(node):
        if isinstance(x, gast.Name) and not isinstance(x.ctx, gast.Load):
            out.add(x.id)
        elif isinstance(x, gast.FunctionDef | gast.AsyncFunctionDef | gast.ClassDef):
            out.add(x.name)
        elif isinstance(x, gast.Import | gast.ImportFrom):
            out |= {(alias.asname or alias.name).partition(".")[0] for alias in x.names}
    body = [node.body] if isinstance(node, gast.Lambda) else node.body
    return (frozenset(out) | captured_names(body)) - set(declared(node))


def _parameter_names(args: Any) -> list[Any]:
    starred = [a for a in (args.vararg, args.kwarg) if a is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *starred]


@dataclass(frozen=True)
class Parts:
    """The parameters of a nested function; defaults that are no literals are evaluated when the
    function is made.
    """

    params: tuple[n.Param, ...]
    defaults: tuple[tuple[str, n.Expr], ...]


def parameters(args: Any, lower: Callable[[Any], n.Expr]) -> Parts:
    """The parameters in a gast `arguments`; `lower` gives the IR of a default."""
    params: list[n.Param] = []
    late: list[tuple[str, n.Expr]] = []
    positional = [*args.posonlyargs, *args.args]
    missing = [None] * (len(positional) - len(args.defaults))
    pairs = [*zip(positional, [*missing, *args.defaults], strict=True)]
    pairs += [*zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    for i, (name, default) in enumerate(pairs):
        passing = 0 if i < len(args.posonlyargs) else 1 if i < len(positional) else 3
        value = None if default is None else lower(default)
        if value is not None and not isinstance(value, n.Const):
            late.append((name.id, value))
        known = value.value if isinstance(value, n.Const) else None
        params.append(n.Param(name.id, passing, known, value is not None))
    return Parts(tuple(params), tuple(late))


def made(
    node: Any,
    name: str,
    span: Span | None,
    kept: n.Opaque | n.OpaqueExpr,
    parts: Parts,
    body: Callable[[], n.Block],
) -> n.Closure:
    """The closure that a nested function's node makes; where its body is not in the language, that
    is an error only if it is called with what is differentiated.
    """
    failure = _not_supported(node, span)
    function = n.Function(name, parts.params, (), None, span)
    if failure is None:
        try:
            function = n.Function(name, parts.params, body(), None, span)
        except UnsupportedError as error:
            failure = error
    own = local_names(node)
    captured = () if failure else tuple(sorted(names_of(function) - own))
    text = name if isinstance(kept, n.Opaque) else kept.text
    if isinstance(kept, n.Opaque) and failure is None:
        reads = {x for _, value in parts.defaults for x in names_in(value)}
        kept = replace(kept, reads=tuple(sorted(reads | set(captured))), writes=(name,))
    code = n.Code(function, captured, kept, failure, nonlocals(node))
    return n.Closure(code, parts.defaults, text, span=span)


def named(closure: n.Closure, name: str) -> n.Closure:
    """A lambda, called by the name that it is given."""
    code = closure.code
    return replace(closure, code=replace(code, function=replace(code.function, name=name)))


def _not_supported(node: Any, span: Span | None) -> UnsupportedError | None:
    if node.args.vararg is not None or node.args.kwarg is not None:
        return UnsupportedError(
            "parameters such as *args are not supported in nested functions yet.",
            span,
            remedy="name each parameter.",
        )
    if isinstance(node, gast.AsyncFunctionDef) or any(
        isinstance(x, gast.Yield | gast.YieldFrom | gast.Await) for x in own_nodes(node)
    ):
        return UnsupportedError(
            "a nested generator or async function is not supported.",
            span,
            remedy="return an array of all values.",
        )
    return None
