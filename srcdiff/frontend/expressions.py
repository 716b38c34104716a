"""gast expressions → IR expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from types import CellType, ModuleType
from typing import Any, Protocol

import gast

from srcdiff.errors import Span, UnsupportedError
from srcdiff.frontend.closures import local_names, made, parameters
from srcdiff.frontend.iterators import as_generator
from srcdiff.ir import nodes as n
from srcdiff.ir.names import DERIVATIVE, PRIMAL, TRANSFORM

_BINARY = {
    "Add": "add",
    "Sub": "sub",
    "Mult": "mul",
    "Div": "div",
    "FloorDiv": "floordiv",
    "Mod": "mod",
    "Pow": "pow",
    "MatMult": "matmul",
    "LShift": "lshift",
    "RShift": "rshift",
    "BitAnd": "bitand",
    "BitOr": "bitor",
    "BitXor": "bitxor",
}
_UNARY = {"USub": "neg", "UAdd": "pos", "Not": "not", "Invert": "invert"}
_COMPARE = {
    "Eq": "eq",
    "NotEq": "ne",
    "Lt": "lt",
    "LtE": "le",
    "Gt": "gt",
    "GtE": "ge",
    "Is": "is",
    "IsNot": "is_not",
    "In": "in",
    "NotIn": "not_in",
}


# What no expression may hold: what it is called, and what to write instead.
_REFUSED = {
    "Yield": ("yield", "return an array of all values."),
    "YieldFrom": ("yield from", "return an array of all values."),
    "Await": ("await", "compute in a plain function, and call that where it is awaited."),
    "NamedExpr": ("an assignment inside an expression", "assign in a statement of its own."),
}


def _refused(node: Any, span: Span | None) -> UnsupportedError:
    what, remedy = _REFUSED[type(node).__name__]
    return UnsupportedError(f"{what} is not supported.", span, remedy=remedy)


class Resolver(Protocol):
    """What lowering an expression needs to know of its surroundings."""

    # What the expression assigns, in statements that come before its own.
    before: list[n.Stmt]

    def span(self, node: Any) -> Span | None: ...

    def assign(self, target: n.Var, value: Callable[[], n.Expr], span: Span | None) -> None: ...

    def binding(self, names: frozenset[str]) -> AbstractContextManager[None]: ...

    def name(self, name: str, span: Span | None) -> n.Expr: ...

    def attribute(self, base: n.Ref, name: str, span: Span | None) -> n.Expr | None: ...

    def nested(self, names: frozenset[str]) -> Resolver: ...

    def assigned_before(self) -> list[n.Stmt]: ...

    def fresh(self, wish: str) -> str: ...


def operator_name(node: Any) -> str:
    """The IR's name of a binary operator node."""
    return _BINARY[type(node).__name__]


def lower_expression(node: Any, scope: Resolver) -> n.Expr:
    """The IR of a gast expression; what the IR has no node for becomes an OpaqueExpr."""
    span = scope.span(node)
    handler = _HANDLERS.get(type(node).__name__)
    if handler is None:
        return _opaque(node, scope, span)
    return handler(node, scope, span)


def _opaque(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    for inner in gast.walk(node):
        if type(inner).__name__ in _REFUSED:
            raise _refused(inner, span)
    names = [x for x in gast.walk(node) if isinstance(x, gast.Name)]
    bound = {x.id for x in names if not isinstance(x.ctx, gast.Load)}
    reads = {x.id for x in names} - bound
    found = {name: scope.name(name, span) for name in sorted(reads)}
    free = tuple(e for e in found.values() if not isinstance(e, n.Var))
    local = tuple(name for name, e in found.items() if isinstance(e, n.Var))
    text = ast.unparse(gast.gast_to_ast(node))
    return n.OpaqueExpr(node, text, local, free, span=span)


def verbatim(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    """An expression that stays as it stands."""
    return _opaque(node, scope, span)


def _comprehension(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    """A list comprehension or generator: kept as it is, with what it consists of beside it."""
    kept = _opaque(node, scope, span)
    assert isinstance(kept, n.OpaqueExpr)
    clauses: list[n.Clause] = []
    bound = frozenset[str]()
    if any(generator.is_async for generator in node.generators):
        return kept
    for generator in node.generators:
        with scope.binding(bound):
            over = lower_expression(generator.iter, scope)
        names = {x.id for x in gast.walk(generator.target) if isinstance(x, gast.Name)}
        bound |= names
        with scope.binding(bound):
            target = lower_expression(generator.target, scope)
            tests = tuple(lower_expression(test, scope) for test in generator.ifs)
        if not isinstance(target, n.Var | n.Tuple):
            return kept
        clauses.append(n.Clause(target, over, tests))
    with scope.binding(bound):
        if isinstance(node, gast.DictComp):
            pair = (lower_expression(x, scope) for x in (node.key, node.value))
            return replace(kept, pairs=n.Comprehension(n.Tuple(tuple(pair)), tuple(clauses)))
        element = lower_expression(node.elt, scope)
    listed = None
    if isinstance(node, gast.GeneratorExp):
        as_list = gast.copy_location(gast.ListComp(node.elt, node.generators), node)
        listed = replace(kept, node=as_list, text=f"[{kept.text[1:-1]}]")
    inner = n.Comprehension(element, tuple(clauses))
    if listed is not None:
        inner = replace(inner, listed=replace(listed, inner=inner))
    return replace(kept, inner=inner)


def _name(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    return scope.name(node.id, span)


def _constant(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    return n.Const(node.value, span=span)


def _attribute(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    base = lower_expression(node.value, scope)
    if isinstance(base, n.Ref):
        found = scope.attribute(base, node.attr, span)
        if found is not None:
            return found
    return n.Field(base, node.attr, span=span)


def _subscript(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    return n.Index(
        lower_expression(node.value, scope), lower_expression(node.slice, scope), span=span
    )


def _slice(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    parts = (node.lower, node.upper, node.step)
    return n.Slice(*(None if p is None else lower_expression(p, scope) for p in parts), span=span)


def _binary(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    args = (lower_expression(node.left, scope), lower_expression(node.right, scope))
    return n.Op(operator_name(node.op), args, span=span)


def _unary(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    operand = lower_expression(node.operand, scope)
    op = _UNARY[type(node.op).__name__]
    if (
        op == "neg"
        and isinstance(operand, n.Const)
        and type(operand.value) in (int, float, complex)
    ):
        return n.Const(-operand.value, span=span)
    return n.Op(op, (operand,), span=span)


def _compare(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    ops = tuple(_COMPARE[type(op).__name__] for op in node.ops)
    first = tuple(lower_expression(a, scope) for a in (node.left, node.comparators[0]))
    return n.Compare(ops, first + _sometimes(node.comparators[1:], scope), span=span)


def _boolean(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    op = "and" if isinstance(node.op, gast.And) else "or"
    args = [lower_expression(node.values[0], scope)]
    for at, value in enumerate(node.values[1:], 1):
        lowered, before = _maybe(value, scope)
        if before:
            # What comes first is kept under a name, and decides whether the rest is evaluated.
            name = n.Var(scope.fresh("test"), span=span)
            so_far = args[0] if at == 1 else n.Op(op, tuple(args), span=span)
            test = name if op == "and" else n.Op("not", (name,))
            then = (*before, n.Assign(name, lowered, span=lowered.span))
            scope.before += [n.Assign(name, so_far, span=so_far.span), n.If(test, then, span=span)]
            args = [name]
        else:
            args.append(lowered)
    return args[0] if len(args) == 1 else n.Op(op, tuple(args), span=span)


def _choose(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    test = lower_expression(node.test, scope)
    (a, before_a), (b, before_b) = (_maybe(x, scope) for x in (node.body, node.orelse))
    if not before_a and not before_b:
        return n.Choose(test, a, b, span=span)
    name = n.Var(scope.fresh("value"), span=span)
    body, orelse = (*before_a, n.Assign(name, a)), (*before_b, n.Assign(name, b))
    scope.before.append(n.If(test, body, orelse, span=span))
    return name


def _maybe(node: Any, scope: Resolver) -> tuple[n.Expr, list[n.Stmt]]:
    """An expression that may not be evaluated, and what it assigns if it is."""
    count = len(scope.before)
    lowered = lower_expression(node, scope)
    before = scope.before[count:]
    del scope.before[count:]
    return lowered, before


def _sometimes(nodes: Iterable[Any], scope: Resolver) -> tuple[n.Expr, ...]:
    """Expressions that may not be evaluated: they cannot assign in a statement before."""
    count = len(scope.before)
    out = tuple(lower_expression(node, scope) for node in nodes)
    for s in scope.before[count:]:
        raise UnsupportedError(
            "an assignment inside an expression that may not be evaluated is not supported.",
            s.span,
            remedy=_REFUSED["NamedExpr"][1],
        )
    return out


def _named(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    """`name := value`: assigned in a statement before."""
    target = n.Var(node.target.id, span=scope.span(node.target))
    scope.assign(target, lambda: lower_expression(node.value, scope), span)
    return target


def _call(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    callee = lower_expression(node.func, scope)
    if isinstance(callee, n.Ref):
        generator = as_generator(node, callee.value, scope.fresh)
        if generator is not None:
            return lower_expression(generator, scope)
    args = tuple(lower_expression(a, scope) for a in node.args)
    keywords = tuple((k.arg or "**", lower_expression(k.value, scope)) for k in node.keywords)
    if isinstance(callee, n.Ref) and callee.value is getattr and not keywords:
        return _got(args, scope, span) or n.Call(callee, args, span=span)
    return n.Call(callee, args, keywords, span=span)


def _got(args: tuple[n.Expr, ...], scope: Resolver, span: Span | None) -> n.Expr | None:
    """`getattr(x, "name")` as `x.name`."""
    if len(args) not in (2, 3) or not isinstance(args[1], n.Const):
        return None
    name = args[1].value
    if not isinstance(name, str) or not name.isidentifier():
        return None
    found: n.Expr = n.Field(args[0], name, span=span)
    if isinstance(args[0], n.Ref):
        found = scope.attribute(args[0], name, span) or found
    if len(args) == 2:
        return found
    test = n.Call(n.Ref("hasattr", hasattr, hasattr), args[:2], span=span)
    return n.Choose(test, found, args[2], span=span)


def _sequence(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    items = tuple(lower_expression(item, scope) for item in node.elts)
    return n.Tuple(items, span=span) if isinstance(node, gast.Tuple) else n.List(items, span=span)


def _dict(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    keys = tuple(
        k.value for k in node.keys if isinstance(k, gast.Constant) and type(k.value) is str
    )
    if len(set(keys)) < len(node.keys):
        kept = _opaque(node, scope, span)
        assert isinstance(kept, n.OpaqueExpr)
        pairs = zip(node.keys, node.values, strict=True)
        entries = (
            (None if k is None else lower_expression(k, scope), lower_expression(v, scope))
            for k, v in pairs
        )
        return replace(kept, entries=tuple(entries))
    return n.Dict(keys, tuple(lower_expression(v, scope) for v in node.values), span=span)


def _starred(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    return n.Starred(lower_expression(node.value, scope), span=span)


def _lambda(node: Any, scope: Resolver, span: Span | None) -> n.Expr:
    kept = _opaque(node, scope, span)
    assert isinstance(kept, n.OpaqueExpr)
    inner = scope.nested(local_names(node))

    def body() -> n.Block:
        value = lower_expression(node.body, inner)
        return (*inner.assigned_before(), n.Return(value, span=value.span))

    parts = parameters(node.args, lambda default: lower_expression(default, scope))
    return made(node, "lambda", span, kept, parts, body)


_HANDLERS: dict[str, Callable[[Any, Resolver, Span | None], n.Expr]] = {
    "Name": _name,
    "Constant": _constant,
    "Attribute": _attribute,
    "Subscript": _subscript,
    "Slice": _slice,
    "BinOp": _binary,
    "UnaryOp": _unary,
    "Compare": _compare,
    "BoolOp": _boolean,
    "IfExp": _choose,
    "Call": _call,
    "Tuple": _sequence,
    "List": _sequence,
    "Dict": _dict,
    "Starred": _starred,
    "ListComp": _comprehension,
    "GeneratorExp": _comprehension,
    "DictComp": _comprehension,
    "NamedExpr": _named,
    "Lambda": _lambda,
}


def module_attribute(base: n.Ref, name: str, span: Span | None) -> n.Ref | None:
    """`base.name` as a Ref, where the base is a module or type and the attribute never changes."""
    if not isinstance(base.value, ModuleType | type) or not hasattr(base.value, name):
        return None
    value = getattr(base.value, name)
    return n.Ref(f"{base.path}.{name}", value, base.root, span=span)


def derivative_attribute(base: n.Ref, owner: Any, name: str, span: Span | None) -> n.Ref | None:
    """`f.grad` of a decorated function, as a Ref to the derivative."""
    if not hasattr(type(owner), PRIMAL) or not hasattr(type(owner), name):
        return None
    value = getattr(owner, name)
    known = hasattr(type(value), DERIVATIVE) or hasattr(type(value), TRANSFORM)
    return n.Ref(f"{base.path}.{name}", value, owner, span=span) if known else None


def cell_constant(cell: CellType) -> n.Expr:
    """What a rule's template reads from its rule function: a constant, inlined by value."""
    return _as_constant(cell.cell_contents)


def _as_constant(value: Any) -> n.Expr:
    if isinstance(value, tuple):
        return n.Tuple(tuple(_as_constant(item) for item in value))
    if value is None or isinstance(value, int | float | complex | str):
        return n.Const(value)
    raise TypeError(f"a template cannot inline {value!r}")


def constant_cells(cells: Mapping[str, CellType]) -> dict[str, n.Expr]:
    """The constants behind a template's closure."""
    return {name: cell_constant(cell) for name, cell in cells.items()}
