"""Nested functions that assign to variables of the function around them return these.

def add(v):                         def add(v):
nonlocal total                      total += v * v
total += v * v          →           return total
return v                            return v, total

y = add(x) + 1.0                    add_value, total = add(x)
y = add_value + 1.0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    map_expressions,
    names_in,
    rebuild,
    statements,
    with_blocks,
)
from srcdiff.normalize.collecting import calling_comprehensions

Written = tuple[str, ...]


@dataclass(frozen=True)
class _Stateful:
    """A nested function that assigns to these, and whether it has a result besides."""

    written: Written
    gives: bool


def nonlocals_to_results(function: n.Function, names: Names) -> n.Function:
    """The function with what its nested functions assign to as results of theirs."""
    if not any(code.nonlocals for code in _codes(function.body)):
        return function
    called = frozenset(_stateful(function.body))
    function = calling_comprehensions(function, names, called)
    return replace(function, body=_rewritten(function, (), names))


def _codes(block: n.Block) -> list[n.Code]:
    """The nested functions in a block, those inside of others too."""
    out = []
    for s in statements(block):
        if isinstance(s, n.Assign) and isinstance(s.value, n.Closure):
            code = s.value.code
            out += [code, *_codes(code.function.body)]
    return out


def _closures(block: n.Block) -> dict[str, n.Code]:
    """The nested functions that have one name each, and keep it."""
    found: dict[str, list[n.Code | None]] = {}
    for s in statements(block):
        closure = isinstance(s, n.Assign) and isinstance(s.value, n.Closure)
        for name in bound_names((with_blocks(s, tuple(() for _ in blocks(s))),)):
            found.setdefault(name, []).append(
                s.value.code if closure else None  # type: ignore[attr-defined]
            )
    return {name: c[0] for name, c in found.items() if len(c) == 1 and c[0] is not None}


def _stateful(block: n.Block) -> dict[str, _Stateful]:
    """Which nested functions of a function assign to variables around them, through others too."""
    codes = _closures(block)
    out: dict[str, _Stateful] = {}
    while True:
        new = dict(out)
        for name, code in codes.items():
            written = _written(code, out)
            if written and not code.failure:
                values = (s for s in statements(code.function.body) if isinstance(s, n.Return))
                new[name] = _Stateful(written, any(s.value is not None for s in values))
        if new == out:
            return out
        out = new


def _written(code: n.Code, known: Mapping[str, _Stateful]) -> Written:
    """The variables outside of a nested function that running it may assign to."""
    function = code.function
    inner = {**known, **_stateful(function.body)}
    own = (bound_names(function.body) | set(function.param_names)) - set(code.nonlocals)
    called = {
        name
        for s in statements(function.body)
        for e in expressions(s)
        for name in names_in(e)
        if name in inner
    }
    through = {x for name in called for x in inner[name].written} - own
    return tuple(sorted(set(code.nonlocals) | through))


def _rewritten(
    function: n.Function,
    written: Written,
    names: Names,
    known: Mapping[str, _Stateful] | None = None,
) -> n.Block:
    """The body of a function, with calls of its nested functions as assignments of what these
    assign to, and with what it assigns to itself as results.
    """
    found = _stateful(function.body)
    known = {**(known or {}), **found}
    body = _Rewriting(names, known, written, _gives(function)).block(function.body)
    if not written:
        return body
    last = function.body[-1] if function.body else None
    if isinstance(last, n.Return | n.Raise):
        return body
    return (*body, n.Return(_results(None, written, _gives(function))))


def _gives(function: n.Function) -> bool:
    returns = (s for s in statements(function.body) if isinstance(s, n.Return))
    return any(s.value is not None for s in returns)


def _results(value: n.Expr | None, written: Written, gives: bool) -> n.Expr:
    items: list[n.Expr] = [n.Var(name) for name in written]
    if gives:
        items.insert(0, n.Const(None) if value is None else value)
    return items[0] if len(items) == 1 else n.Tuple(tuple(items))


@dataclass
class _Rewriting:
    names: Names
    known: Mapping[str, _Stateful]
    written: Written
    gives: bool
    _before: list[n.Stmt] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            out += self._statement(s)
        return tuple(out)

    def _statement(self, s: n.Stmt) -> list[n.Stmt]:
        if isinstance(s, n.Assign) and isinstance(s.value, n.Closure):
            return [self._closure(s, s.value)]
        s = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
        self._before, self._read = [], set()
        if isinstance(s, n.Effect) and self._calls(s.value):
            self._called(s.value)
            return self._before
        if isinstance(s, n.Update):
            self._read |= names_in(s.target)
        new = map_expressions(s, self._expr)
        if isinstance(new, n.Return) and self.written:
            new = replace(new, value=_results(new.value, self.written, self.gives))
        if isinstance(new, n.While) and self._before:
            ends = n.If(n.Op("not", (new.test,)), (n.Break(),), span=s.span)
            return [replace(new, test=n.Const(True), body=(*self._before, ends, *new.body))]
        return [*self._before, new]

    def _closure(self, s: n.Assign, closure: n.Closure) -> n.Stmt:
        code = closure.code
        name = s.target.name if isinstance(s.target, n.Var) else ""
        found = self.known.get(name)
        if found is None:
            return s
        captured = tuple(sorted({*code.captured, *found.written}))
        inner = Names((*captured, *bound_names(code.function.body), *code.function.param_names))
        hidden = set(code.function.param_names) | _closures(code.function.body).keys()
        known = {k: v for k, v in self.known.items() if k not in hidden}
        body = _rewritten(code.function, found.written, inner, known)
        function = replace(code.function, body=body)
        made = replace(code, function=function, captured=captured, nonlocals=())
        return replace(s, value=replace(closure, code=made))

    # --- expressions, in the order in which they are evaluated ----------------------------------

    def _calls(self, e: n.Expr) -> bool:
        return isinstance(e, n.Call) and isinstance(e.callee, n.Var) and e.callee.name in self.known

    def _expr(self, e: n.Expr) -> n.Expr:
        if self._calls(e):
            return self._called(e)
        if isinstance(e, n.Var):
            if e.name in self.known:
                raise UnsupportedError(
                    f"the function {e.name!r} assigns to {self.known[e.name].written[0]!r} of the "
                    "function around it, and is used here otherwise than by calling it.",
                    e.span,
                    None,
                    "call it, or return the new value and assign that where it is called.",
                )
            self._read.add(e.name)
            return e
        if isinstance(e, n.Choose) or (isinstance(e, n.Op) and e.op in ("and", "or")):
            return self._sometimes(e)
        if isinstance(e, n.OpaqueExpr) and set(e.reads) & self.known.keys():
            raise self._refused(e, "inside of this expression")
        return rebuild(e, self._expr)

    def _sometimes(self, e: n.Expr) -> n.Expr:
        count = len(self._before)
        first = True

        def part(x: n.Expr) -> n.Expr:
            nonlocal first
            new = self._expr(x)
            if not first and len(self._before) > count:
                raise self._refused(x, "where it may not be called")
            first = False
            return new

        return rebuild(e, part)

    def _refused(self, e: n.Expr, where: str) -> UnsupportedError:
        return UnsupportedError(
            f"a function that assigns to variables of the function around it is called {where}.",
            e.span,
            None,
            "call it in a statement of its own.",
        )

    def _called(self, e: n.Expr) -> n.Expr:
        assert isinstance(e, n.Call)
        assert isinstance(e.callee, n.Var)
        name = e.callee.name
        found = self.known[name]
        args = tuple(self._expr(a) for a in e.args)
        keywords = tuple((k, self._expr(v)) for k, v in e.keywords)
        if self._read & set(found.written):
            raise self._refused(e, f"after {min(self._read & set(found.written))!r} has been read")
        targets: list[n.Var] = [n.Var(x) for x in found.written]
        result: n.Expr = n.Const(None)
        if found.gives:
            result = n.Var(self.names.fresh(f"{name}_value"), span=e.span)
            targets.insert(0, result)
        target: n.Target = targets[0] if len(targets) == 1 else n.Tuple(tuple(targets))
        call = n.Call(e.callee, args, keywords, span=e.span)
        self._before.append(n.Assign(target, call, span=e.span))
        return result
