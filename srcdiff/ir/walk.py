"""Walking and rebuilding trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.inplace import written_places

# Most expressions: trees are walked very often, and this spares the questions below.
_LEAVES = (n.Var, n.Const, n.Ref)


def children(e: n.Expr) -> tuple[n.Expr, ...]:
    """The expressions directly below an expression, in order of evaluation."""
    if type(e) in _LEAVES:
        return ()
    match e:
        case n.Index():
            return (e.base, e.key)
        case n.Field():
            return (e.base,)
        case n.Starred():
            return (e.value,)
        case n.Slice():
            return tuple(x for x in (e.lower, e.upper, e.step) if x is not None)
        case n.Op() | n.Compare():
            return e.args
        case n.Choose():
            return (e.test, e.a, e.b)
        case n.Call():
            return (e.callee, *e.args, *(value for _, value in e.keywords))
        case n.Tuple() | n.List() | n.Dict():
            return e.items
        case n.Closure():
            return tuple(value for _, value in e.defaults)
    return ()


def rebuild(e: n.Expr, f: Callable[[n.Expr], n.Expr]) -> n.Expr:
    """The expression with `f` applied to its direct children; itself where nothing changes."""

    def optional(x: n.Expr | None) -> n.Expr | None:
        return None if x is None else f(x)

    def many(xs: tuple[n.Expr, ...]) -> tuple[n.Expr, ...]:
        new = tuple(f(x) for x in xs)
        return xs if all(a is b for a, b in zip(xs, new, strict=True)) else new

    match e:
        case n.Index():
            base, key = f(e.base), f(e.key)
            same = base is e.base and key is e.key
            return e if same else n.Index(base, key, span=e.span)
        case n.Field():
            base = f(e.base)
            return e if base is e.base else n.Field(base, e.name, span=e.span)
        case n.Starred():
            value = f(e.value)
            return e if value is e.value else n.Starred(value, span=e.span)
        case n.Slice():
            lower, upper, step = optional(e.lower), optional(e.upper), optional(e.step)
            same = lower is e.lower and upper is e.upper and step is e.step
            return e if same else n.Slice(lower, upper, step, span=e.span)
        case n.Op() | n.Compare():
            args = many(e.args)
            return e if args is e.args else replace(e, args=args)
        case n.Choose():
            test, a, b = f(e.test), f(e.a), f(e.b)
            same = test is e.test and a is e.a and b is e.b
            return e if same else n.Choose(test, a, b, span=e.span)
        case n.Call():
            callee, args = f(e.callee), many(e.args)
            values = many(tuple(value for _, value in e.keywords))
            same = callee is e.callee and args is e.args
            if same and all(a is b for (_, a), b in zip(e.keywords, values, strict=True)):
                return e
            names = (name for name, _ in e.keywords)
            return n.Call(callee, args, tuple(zip(names, values, strict=True)), span=e.span)
        case n.Tuple() | n.List() | n.Dict():
            items = many(e.items)
            return e if items is e.items else replace(e, items=items)
        case n.Closure():
            names = (name for name, _ in e.defaults)
            values = many(tuple(value for _, value in e.defaults))
            if all(a is b for (_, a), b in zip(e.defaults, values, strict=True)):
                return e
            return replace(e, defaults=tuple(zip(names, values, strict=True)))
    return e


def subexpressions(e: n.Expr) -> Iterator[n.Expr]:
    """The expression and everything below it."""
    rest = [e]
    while rest:
        e = rest.pop()
        yield e
        rest.extend(reversed(children(e)))


def substitute(e: n.Expr, values: Mapping[str, n.Expr]) -> n.Expr:
    """The expression with variables replaced."""
    if isinstance(e, n.Var):
        return values.get(e.name, e)
    return rebuild(e, lambda child: substitute(child, values))


def comprehended(e: n.OpaqueExpr, inner: n.Comprehension) -> n.OpaqueExpr:
    """A comprehension with other parts; itself where they are the same."""
    if inner == e.inner:
        return e
    parts = [inner.element]
    bound: set[str] = set()
    for clause in inner.clauses:
        parts += [clause.iter, *clause.tests]
        bound.update(target_names(clause.target))
    reads = tuple(sorted(frozenset().union(*map(names_in, parts)) - bound))
    below = [x for part in parts for x in subexpressions(part)]
    free: list[n.Expr] = [x for x in below if isinstance(x, n.Ref | n.Global)]
    free += [f for x in below if isinstance(x, n.OpaqueExpr) for f in x.free]
    return replace(e, reads=reads, free=tuple(free), inner=inner, rebuilt=True)


def names_in(e: n.Expr) -> frozenset[str]:
    """Every variable that the expression mentions."""
    out = set()
    for x in subexpressions(e):
        if isinstance(x, n.Var):
            out.add(x.name)
        elif isinstance(x, n.OpaqueExpr):
            out.update(x.reads)
        elif isinstance(x, n.Closure):
            out.update(x.code.captured)
    return frozenset(out)


def expressions(s: n.Stmt) -> tuple[n.Expr, ...]:
    """The expressions that stand directly in a statement, targets included, blocks excluded."""
    match s:
        case n.Assign() | n.Update():
            return (s.value, s.target)
        case n.If() | n.While():
            classes = (h.cls for h in s.handlers) if isinstance(s, n.Attempt) else ()
            return (s.test, *(cls for cls in classes if cls is not None))
        case n.For():
            return (s.iter, s.target)
        case n.With() | n.Open():
            return tuple(e for item in s.items for e in item if e is not None)
        case n.Try():
            return tuple(h.cls for h in s.handlers if h.cls is not None)
        case n.Return() | n.Effect():
            return () if s.value is None else (s.value,)
        case n.Raise():
            return tuple(x for x in (s.value, s.cause) if x is not None)
        case n.Assert():
            return tuple(x for x in (s.test, s.message) if x is not None)
        case n.Save() | n.Restore():
            return (s.slot.place,)
    return ()


def blocks(s: n.Stmt) -> tuple[n.Block, ...]:
    """The blocks directly inside a statement."""
    match s:
        case n.If():
            return (s.body, s.orelse)
        case n.While() | n.For():
            return (s.body,)
        case n.Define():
            return (s.function.body,)
        case n.With():
            return (s.body, s.final)
        case n.Try():
            return (s.body, *(h.body for h in s.handlers), s.orelse)
    return ()


def with_blocks(s: n.Stmt, new: tuple[n.Block, ...]) -> n.Stmt:
    """The statement with its blocks replaced."""
    if all(a is b for a, b in zip(blocks(s), new, strict=True)):
        return s
    match s:
        case n.If():
            return replace(s, body=new[0], orelse=new[1])
        case n.While() | n.For():
            return replace(s, body=new[0])
        case n.Define():
            return replace(s, function=replace(s.function, body=new[0]))
        case n.With():
            return replace(s, body=new[0], final=new[1])
        case n.Try():
            pairs = zip(s.handlers, new[1:-1], strict=True)
            handlers = tuple(replace(h, body=b) for h, b in pairs)
            return replace(s, body=new[0], handlers=handlers, orelse=new[-1])
    raise TypeError(f"{type(s).__name__} has no blocks")


def map_expressions(s: n.Stmt, f: Callable[[n.Expr], n.Expr]) -> n.Stmt:
    """The statement with `f` applied to the expressions that stand directly in it."""
    match s:
        case n.Assign() | n.Update():
            return replace(s, target=_place(f(s.target)), value=f(s.value))
        case n.Attempt():
            return replace(s, test=f(s.test), handlers=_handlers(s.handlers, f))
        case n.If() | n.While():
            return replace(s, test=f(s.test))
        case n.Try():
            return replace(s, handlers=_handlers(s.handlers, f))
        case n.With() | n.Open():
            items = tuple((f(e), None if x is None else f(x)) for e, x in s.items)
            return replace(s, items=items)  # type: ignore[arg-type]
        case n.For():
            return replace(s, target=_place(f(s.target)), iter=f(s.iter))
        case n.Return() | n.Effect():
            return s if s.value is None else replace(s, value=f(s.value))
        case n.Raise():
            value = None if s.value is None else f(s.value)
            return replace(s, value=value, cause=None if s.cause is None else f(s.cause))
        case n.Assert():
            message = None if s.message is None else f(s.message)
            return replace(s, test=f(s.test), message=message)
    return s


def _handlers(
    handlers: tuple[n.Handler, ...], f: Callable[[n.Expr], n.Expr]
) -> tuple[n.Handler, ...]:
    return tuple(h if h.cls is None else replace(h, cls=f(h.cls)) for h in handlers)


def map_block(block: n.Block, f: Callable[[n.Expr], n.Expr]) -> n.Block:
    """The block with `f` applied to every expression that stands in a statement."""
    return tuple(
        with_blocks(map_expressions(s, f), tuple(map_block(b, f) for b in blocks(s))) for s in block
    )


def _place(e: n.Expr) -> Any:
    """A target after a mapping, which must leave it one."""
    assert isinstance(e, n.Var | n.Index | n.Field | n.Tuple)
    return e


def statements(block: n.Block) -> Iterator[n.Stmt]:
    """Every statement of a block, those in inner blocks included, in order of the text."""
    for s in block:
        yield s
        for inner in blocks(s):
            yield from statements(inner)


def target_names(target: n.Expr) -> tuple[str, ...]:
    """The variables that an assignment to the target binds (stores into arrays bind none)."""
    match target:
        case n.Var():
            return (target.name,)
        case n.Tuple():
            return tuple(name for item in target.items for name in target_names(item))
        case n.Starred():
            return target_names(target.value)
    return ()


def base_name(place: n.Expr) -> str | None:
    """The variable that a place is part of: `A` for `A[i][j].real`; None where there is none."""
    while isinstance(place, n.Index | n.Field):
        place = place.base
    return place.name if isinstance(place, n.Var) else None


def bound_names(block: n.Block) -> frozenset[str]:
    """The variables that a block may bind anew."""
    out: set[str] = set()
    for s in statements(block):
        match s:
            case n.Assign() | n.For():
                out.update(target_names(s.target))
            case n.Update() if isinstance(s.target, n.Var):
                out.add(s.target.name)
            case n.Restore() if isinstance(s.slot.place, n.Var):
                out.add(s.slot.place.name)
            case n.Opaque():
                out.update(s.writes)
            case n.With() | n.Open():
                out.update(x.name for _, x in s.items if x is not None)
            case n.Try() | n.Attempt():
                out.update(h.name for h in s.handlers if h.name is not None)
                out.update(target_names(s.test) if isinstance(s, n.Attempt) else ())
    return frozenset(out)


# Methods that change the list (or other object) they are called on.
MUTATORS = frozenset(
    ("append", "pop", "extend", "insert", "remove", "clear", "reverse", "sort", "update", "fill")
)


def mutated_names(s: n.Stmt) -> frozenset[str]:
    """The variables that a statement changes by a method, `xs.append(x)`, `y = xs.pop()`, or by a
    call of a function that writes into its arguments.
    """
    out: set[str] = set()
    for e in expressions(s):
        for x in subexpressions(e):
            if not isinstance(x, n.Call):
                continue
            if isinstance(x.callee, n.Field):
                if x.callee.name in MUTATORS and isinstance(x.callee.base, n.Var):
                    out.add(x.callee.base.name)
            else:
                out |= written_names_of(x)
    return frozenset(out)


def given(call: n.Call) -> tuple[n.Expr, ...]:
    """What a call is given, by position and by keyword."""
    return (*call.args, *(value for _, value in call.keywords))


def argument_at(call: n.Call, place: int | str) -> n.Expr:
    """The argument at a place of a call: its position, or its keyword."""
    return call.args[place] if isinstance(place, int) else dict(call.keywords)[place]


def written_arguments_of(e: n.Expr | None) -> tuple[n.Expr, ...]:
    """The arguments that a call writes into, as far as that was looked up."""
    if not isinstance(e, n.Call) or not isinstance(e.callee, n.Ref) or e.callee.memory is None:
        return ()
    return tuple(argument_at(e, place) for place in e.callee.memory.writes)


def changed_lists_of(call: n.Call) -> tuple[n.Expr, ...]:
    """The arguments of a call that are lists which it changes."""
    memory = call.callee.memory if isinstance(call.callee, n.Ref) else None
    return tuple(argument_at(call, place) for place in memory.lists) if memory else ()


def written_names_of(e: n.Expr | None) -> frozenset[str]:
    """The variables into whose memory a call writes."""
    names = (base_name(arg) for arg in written_arguments_of(e))
    return frozenset(name for name in names if name is not None)


def lent_names(s: n.Stmt) -> frozenset[str]:
    """The variables into whose memory the calls in a statement write."""
    calls = (x for e in expressions(s) for x in subexpressions(e))
    return frozenset().union(*map(written_names_of, calls))


def writing_call(s: n.Stmt) -> n.Call | None:
    """The call that is the whole of a statement, or its right side, if it writes into arrays."""
    value = s.value if isinstance(s, n.Assign | n.Effect) else None
    return value if isinstance(value, n.Call) and written_arguments_of(value) else None


def stored_names(block: n.Block) -> frozenset[str]:
    """The variables whose contents a block writes into: `A[i] = ...`, `xs.append(x)`."""
    out: set[str] = set()
    for s in statements(block):
        out |= mutated_names(s)
        calls = (x for e in expressions(s) for x in subexpressions(e) if isinstance(x, n.Call))
        names = {base_name(place) for call in calls for place in written_places(call)}
        out |= {name for name in names if name is not None}
        place: n.Expr | None = None
        match s:
            case n.Assign() | n.Update():
                place = s.target
            case n.Restore():
                place = s.slot.place
        for item in place.items if isinstance(place, n.Tuple) else (place,):
            if isinstance(item, n.Index | n.Field):
                name = base_name(item)
                if name is not None:
                    out.add(name)
    return frozenset(out)


def written_names(block: n.Block) -> frozenset[str]:
    """The variables that a block may bind anew or write into."""
    return bound_names(block) | stored_names(block)


def names_of(function: n.Function) -> frozenset[str]:
    """Every variable that a function mentions."""
    out = set(function.param_names)
    for s in statements(function.body):
        for e in expressions(s):
            out |= names_in(e)
        if isinstance(s, n.Opaque):
            out |= {*s.reads, *s.writes}
        elif isinstance(s, n.Define):
            out |= {s.function.name, *s.function.param_names}
    return frozenset(out)


def closing(block: n.Block, start: int) -> int:
    """Where what an Open begins ends."""
    depth = 0
    for at in range(start, len(block)):
        depth += isinstance(block[at], n.Open) - isinstance(block[at], n.Close)
        if not depth:
            return at
    raise ValueError("an Open without its Close")


def passed(block: n.Block) -> int:
    """Where what an attempt tries ends: the place of its mark."""
    found = (i for i, s in enumerate(block) if isinstance(s, n.Passed))
    return next(found, len(block))


def quiet(s: n.Open) -> bool:
    """Whether a `with` only tells NumPy what to warn of."""
    return bool(s.items) and all(
        isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is np.errstate
        for e, _ in s.items
    )


def constant_slice(e: n.Slice) -> slice | None:
    """The slice that literals in a key make."""
    parts = (e.lower, e.upper, e.step)
    values = [p.value if isinstance(p, n.Const) else p for p in parts]
    if not all(v is None or type(v) is int for v in values) or values[2] == 0:
        return None
    return slice(*values)
