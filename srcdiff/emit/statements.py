"""IR → Python's syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gast

from srcdiff.emit.attempts import handled, silent_flags
from srcdiff.emit.printer import Comment
from srcdiff.ir import nodes as n
from srcdiff.ir.attributes import left_behind
from srcdiff.ir.scatter import as_call, is_scatter
from srcdiff.ir.walk import closing, names_in, passed

_BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "div": ast.Div,
    "floordiv": ast.FloorDiv,
    "mod": ast.Mod,
    "pow": ast.Pow,
    "matmul": ast.MatMult,
    "lshift": ast.LShift,
    "rshift": ast.RShift,
    "bitand": ast.BitAnd,
    "bitor": ast.BitOr,
    "bitxor": ast.BitXor,
}
_UNARY: dict[str, type[ast.unaryop]] = {
    "neg": ast.USub,
    "pos": ast.UAdd,
    "not": ast.Not,
    "invert": ast.Invert,
}
_COMPARE: dict[str, type[ast.cmpop]] = {
    "eq": ast.Eq,
    "ne": ast.NotEq,
    "lt": ast.Lt,
    "le": ast.LtE,
    "gt": ast.Gt,
    "ge": ast.GtE,
    "is": ast.Is,
    "is_not": ast.IsNot,
    "in": ast.In,
    "not_in": ast.NotIn,
}
_LOAD, _STORE = ast.Load(), ast.Store()

# How a free name of the IR is spelled in the text.
Spell = Callable[[n.Ref | n.Global], str]


class Emitter:
    """Emits one function. `spell` gives the text's name of a module, function or global."""

    def __init__(self, spell: Spell) -> None:
        self._spell = spell
        # Flags of attempts that the text need not have.
        self._silent: frozenset[str] = frozenset()

    def function(self, function: n.Function) -> ast.FunctionDef:
        """The definition of a function."""
        body: list[ast.stmt] = []
        self._silent = silent_flags(function.body)
        if function.doc:
            body.append(ast.Expr(ast.Constant(function.doc)))
        body += self.block(function.body)
        return ast.FunctionDef(
            name=function.name,
            args=self._arguments(function),
            body=body or [ast.Pass()],
            decorator_list=[],
            returns=None,
        )

    def _arguments(self, function: n.Function) -> ast.arguments:
        params = function.params
        groups: dict[int, list[ast.arg]] = {kind: [] for kind in range(5)}
        for p in params:
            groups[p.passing].append(ast.arg(p.name))
        given = {p.name: self._default(p, function) for p in params if p.has_default}
        defaults = [given[p.name] for p in params if p.passing in (0, 1) and p.has_default]
        keyword = [given.get(p.name) for p in params if p.passing == 3]
        star, double_star = (next(iter(groups[kind]), None) for kind in (2, 4))
        return ast.arguments(groups[0], groups[1], star, groups[3], keyword, double_star, defaults)

    def _default(self, p: n.Param, function: n.Function) -> ast.expr:
        """A default; None where no literal says it and the caller always passes the value."""
        if p.ref is not None and function.origin is not None:
            return _path(self._spell(p.ref))
        return _literal(p.default) if p.ref is None else ast.Constant(None)

    # --- statements -----------------------------------------------------------------------------

    def block(self, block: n.Block) -> list[ast.stmt]:
        """The statements of a block; what follows a branch that jumps is not indented."""
        out: list[ast.stmt] = []
        at = 0
        while at < len(block):
            if isinstance(block[at], n.Open):
                end = closing(block, at)
                out += self._opened(block[at : end + 1])
                at = end + 1
            else:
                out += self._statement(block[at])
                at += 1
        return out

    def _opened(self, block: n.Block) -> list[ast.stmt]:
        """`with`, or `try` and `finally`, of what stands between Open and Close."""
        start, inner = block[0], block[1:-1]
        assert isinstance(start, n.Open)
        if start.items:
            return [self._with(start.items, inner)]
        at = next(i for i, s in enumerate(inner) if isinstance(s, n.Finally) and _level(inner, i))
        if not inner[at + 1 :]:
            # Nothing is left of what came finally.
            return self.block(inner[:at])
        return [ast.Try(self._body(inner[:at]), [], [], self._body(inner[at + 1 :]))]

    def _with(self, items: tuple[tuple[n.Expr, n.Var | None], ...], body: n.Block) -> ast.stmt:
        made = [ast.withitem(self.expr(e), None if x is None else self.target(x)) for e, x in items]
        return ast.With(made, self._body(body))

    def _handler(self, h: n.Handler, body: list[ast.stmt]) -> ast.ExceptHandler:
        cls = None if h.cls is None else self.expr(h.cls)
        return ast.ExceptHandler(cls, h.name, body or [ast.Pass()])

    def _statement(self, s: n.Stmt) -> list[ast.stmt]:
        if isinstance(s, n.Attempt):
            return self._attempt(s)
        if isinstance(s, n.If):
            return self._if(s)
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            if s.target.name in self._silent:
                return []
        node = self._simple(s)
        if s.note is not None:
            node.trailing_comment = s.note  # type: ignore[attr-defined]
        return [node]

    def _simple(self, s: n.Stmt) -> ast.stmt:
        match s:
            case n.Assign() if isinstance(s.value, n.Closure):
                return self._definition(s.value, s.target)
            case n.Assign():
                return ast.Assign([self.target(s.target)], self.expr(s.value))
            case n.Update() if is_scatter(s):
                return ast.Expr(self.expr(as_call(s)))
            case n.Update():
                target = self.target(s.target)
                assert isinstance(target, ast.Name | ast.Attribute | ast.Subscript)
                return self._update(s, target)
            case n.While():
                return ast.While(self.expr(s.test), self._body(s.body), [])
            case n.For():
                return ast.For(self.target(s.target), self.expr(s.iter), self._body(s.body), [])
            case n.Break():
                return ast.Break()
            case n.Continue():
                return ast.Continue()
            case n.Return():
                return ast.Return(None if s.value is None else self.expr(s.value))
            case n.Raise():
                parts = (None if e is None else self.expr(e) for e in (s.value, s.cause))
                return ast.Raise(*parts)
            case n.Assert():
                message = None if s.message is None else self.expr(s.message)
                return ast.Assert(self.expr(s.test), message)
            case n.Effect() if (kept := left_behind(s)) is not None:
                return ast.Assign([self.target(kept[0])], self.expr(kept[1]))
            case n.Effect():
                return ast.Expr(self.expr(s.value))
            case n.Opaque():
                return _plain(s.node)  # type: ignore[no-any-return]
            case n.Comment():
                return Comment(s.text)
            case n.Define():
                return self.function(s.function)
            case n.With() if s.items:
                return self._with(s.items, s.body)
            case n.With():
                return ast.Try(self._body(s.body), [], [], self._body(s.final))
            case n.Try():
                clauses = [self._handler(h, self.block(h.body)) for h in s.handlers]
                return ast.Try(self._body(s.body), clauses, self.block(s.orelse), [])
        raise TypeError(f"{type(s).__name__} cannot be emitted")

    def _definition(self, e: n.Closure, target: n.Target) -> ast.stmt:
        kept = _plain(e.code.kept.node)
        return kept if isinstance(kept, ast.stmt) else ast.Assign([self.target(target)], kept)

    def _update(self, s: n.Update, target: Any) -> ast.stmt:
        return ast.AugAssign(target, _BINARY[s.op](), self.expr(s.value))

    def _body(self, block: n.Block) -> list[ast.stmt]:
        return self.block(block) or [ast.Pass()]

    def _if(self, s: n.If) -> list[ast.stmt]:
        body = self._body(s.body)
        if s.orelse and isinstance(s.body[-1] if s.body else None, n.Break | n.Continue | n.Raise):
            return [ast.If(self.expr(s.test), body, []), *self.block(s.orelse)]
        return [ast.If(self.expr(s.test), body, self.block(s.orelse))]

    def _attempt(self, s: n.Attempt) -> list[ast.stmt]:
        """`try`, with the handlers' blocks where each belongs to one of them."""
        at = passed(s.orelse)
        blocks = handled(s)
        rest = self.block(s.orelse[at + 1 :])
        clauses: list[ast.ExceptHandler] = []
        for k, h in enumerate(s.handlers):
            flag: list[ast.stmt] = []
            if not names_in(s.test) <= self._silent:
                flag = [ast.Assign([self.target(s.test)], self.expr(h.code))]
            if blocks is None and h.name is not None:
                # The name is gone after the clause.
                caught = f"{h.name}_caught"
                flag.append(ast.Assign([ast.Name(h.name, _STORE)], ast.Name(caught, _LOAD)))
                h = replace(h, name=caught)
            body = flag + (self.block(blocks[k]) if blocks else [])
            clauses.append(self._handler(h, body))
        tried = self._body(s.orelse[:at])
        if blocks is not None:
            return [ast.Try(tried, clauses, rest, [])]
        branch = ast.If(self.expr(s.test), self._body(s.body), rest)
        return [ast.Try(tried, clauses, [], []), branch]

    def target(self, e: n.Expr) -> ast.expr:
        """An assignment's target."""
        node = self.expr(e)
        for inner in ast.walk(node) if isinstance(node, ast.Tuple) else (node,):
            if hasattr(inner, "ctx") and (inner is node or _is_item(node, inner)):
                inner.ctx = _STORE
        return node

    # --- expressions ----------------------------------------------------------------------------

    def expr(self, e: n.Expr) -> ast.expr:
        """An expression."""
        match e:
            case n.Var():
                return ast.Name(e.name, _LOAD)
            case n.Const():
                return _literal(e.value)
            case n.Ref() | n.Global():
                return _path(self._spell(e))
            case n.Index():
                return ast.Subscript(self.expr(e.base), self.expr(e.key), _LOAD)
            case n.Field():
                return ast.Attribute(self.expr(e.base), e.name, _LOAD)
            case n.Slice():
                parts = (e.lower, e.upper, e.step)
                return ast.Slice(*(None if p is None else self.expr(p) for p in parts))
            case n.Op():
                return self._op(e)
            case n.Compare():
                first, *rest = map(self.expr, e.args)
                return ast.Compare(first, [_COMPARE[op]() for op in e.ops], rest)
            case n.Choose():
                return ast.IfExp(self.expr(e.test), self.expr(e.a), self.expr(e.b))
            case n.Call():
                keywords = [
                    ast.keyword(None if name == "**" else name, self.expr(value))
                    for name, value in e.keywords
                ]
                return ast.Call(self.expr(e.callee), [self.expr(a) for a in e.args], keywords)
            case n.Tuple():
                return ast.Tuple([self.expr(item) for item in e.items], _LOAD)
            case n.List():
                return ast.List([self.expr(item) for item in e.items], _LOAD)
            case n.Dict():
                return ast.Dict([ast.Constant(k) for k in e.keys], [self.expr(i) for i in e.items])
            case n.Starred():
                return ast.Starred(self.expr(e.value), _LOAD)
            case n.OpaqueExpr() if e.rebuilt and e.inner is not None:
                return self._comprehension(e, e.inner)
            case n.OpaqueExpr():
                return _plain(e.node)  # type: ignore[no-any-return]
            case n.Closure():
                return _plain(e.code.kept.node)  # type: ignore[no-any-return]
        raise TypeError(f"{type(e).__name__} cannot be emitted")

    def _comprehension(self, e: n.OpaqueExpr, inner: n.Comprehension) -> ast.expr:
        clauses = [
            ast.comprehension(
                self.target(c.target), self.expr(c.iter), [self.expr(t) for t in c.tests], 0
            )
            for c in inner.clauses
        ]
        is_list = type(e.node).__name__ == "ListComp"
        element = self.expr(inner.element)
        return (ast.ListComp if is_list else ast.GeneratorExp)(element, clauses)

    def _op(self, e: n.Op) -> ast.expr:
        args = [self.expr(a) for a in e.args]
        if e.op in ("and", "or"):
            return ast.BoolOp(ast.And() if e.op == "and" else ast.Or(), args)
        if e.op in _UNARY:
            return ast.UnaryOp(_UNARY[e.op](), args[0])
        return ast.BinOp(args[0], _BINARY[e.op](), args[1])


def _level(block: n.Block, at: int) -> bool:
    """Whether as much is opened as closed before a place in a block."""
    return sum(isinstance(s, n.Open) - isinstance(s, n.Close) for s in block[:at]) == 0


def _is_item(node: ast.expr, inner: ast.AST) -> bool:
    items = node.elts if isinstance(node, ast.Tuple) else []
    items = [node.value] if isinstance(node, ast.Starred) else items
    return any(inner is item or _is_item(item, inner) for item in items)


def _literal(value: Any) -> ast.expr:
    """A literal; a negative number is a sign and a number, as the parser has it."""
    if type(value) is tuple:
        return ast.Tuple([_literal(item) for item in value], _LOAD)
    if type(value) in (int, float) and (value < 0 or str(value).startswith("-")):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    if type(value) is complex and repr(value).startswith("(-0-"):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _path(path: str) -> ast.expr:
    head, *rest = path.split(".")
    node: ast.expr = ast.Name(head, _LOAD)
    for name in rest:
        node = ast.Attribute(node, name, _LOAD)
    return node


def _plain(node: Any) -> Any:
    """A kept tree, as Python's own ast has it."""
    return gast.gast_to_ast(node)
