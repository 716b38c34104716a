"""Functions written out where they are called, and objects made by calls of classes."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from srcdiff.aggregates import classes, containers, statements
from srcdiff.aggregates.attributes import store_field
from srcdiff.aggregates.machine import Frame, Machine, as_value, reads_memory
from srcdiff.aggregates.values import Nested, Plain, Value
from srcdiff.errors import Span, UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    names_in,
    names_of,
    stored_names,
    subexpressions,
    written_names,
)
from srcdiff.ir.walk import statements as all_statements
from srcdiff.normalize.arguments import Default
from srcdiff.normalize.comments import without_comments
from srcdiff.normalize.jumps import explicit_ends, jumps_to_tails

# How deep calls that are written out may lie in each other, and those of one function.
_MAX_DEPTH = 60
_MAX_SAME = 25


# Kept as long as the functions are.
_READY: WeakKeyDictionary[n.Function, n.Function] = WeakKeyDictionary()


def ready(function: n.Function) -> n.Function:
    """A function with its returns at the ends of its paths."""
    known = _READY.get(function)
    if known is None:
        plain = without_comments(function)
        known = explicit_ends(jumps_to_tails(plain, Names(names_of(plain))))
        if known is not function:
            _READY[function] = known
    return known


def labels(function: n.Function) -> dict[int, int]:
    """A number for each statement of a function."""
    return {id(s): i for i, s in enumerate(all_statements(function.body))}


def invoke(
    m: Machine,
    function: Any,
    args: Sequence[Value],
    keywords: Mapping[str, Value],
    span: Span | None,
    wish: str | None,
) -> Value:
    """The value of a call of a function in Python, whose body is written out."""
    if classes.is_made(function):
        raise m.refuse(f"{function.__name__} is made by a library, and is not followed.", span)
    try:
        callee = m.world.callee(function)
    except UnsupportedError as error:
        raise error if error.span else m.refuse(error.reason, span, error.remedy) from None
    if not m.world.is_user_function(function):
        raise m.refuse(f"{function.__qualname__} belongs to a library.", span)
    frame = Frame(
        callee.name,
        "",
        callee.key,
        owner_of(function),
        callee.params[0].name if callee.params else "",
    )
    return _called(m, callee.function, frame, _bound(m, callee, args, keywords, span), span, wish)


def invoke_nested(
    m: Machine,
    nested: Nested,
    args: Sequence[Value],
    keywords: Mapping[str, Value],
    span: Span | None,
    wish: str | None,
) -> Value:
    """The same for a function that is defined inside."""
    code = nested.code
    if code.failure is not None:
        raise code.failure
    defaults = dict(nested.defaults)
    given = dict(keywords)
    positional = [p.name for p in code.function.params if p.passing < 2]
    for name, value in defaults.items():
        if name not in given and name not in positional[: len(args)]:
            given[name] = value
    bound = _bound(m, Callee(code, code.function), args, given, span)
    frame = Frame(code.function.name, "", code, names=nested.names)
    return _called(m, code.function, frame, bound, span, wish)


def owner_of(function: Any) -> type | None:
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    cell = cells.get("__class__")
    return None if cell is None else cell.cell_contents


# --- arguments ----------------------------------------------------------------------------------


def _bound(
    m: Machine,
    callee: Callee,
    args: Sequence[Value],
    keywords: Mapping[str, Value],
    span: Span | None,
) -> dict[str, Value]:
    parameters = [
        inspect.Parameter(
            p.name,
            inspect._ParameterKind(p.passing),
            default=Default(p.default, p.ref) if p.has_default else inspect.Parameter.empty,
        )
        for p in callee.params
    ]
    try:
        bound = inspect.Signature(parameters).bind(*args, **keywords)
    except TypeError as error:
        raise m.refuse(f"{callee.name}(): {error}.", span) from None
    bound.apply_defaults()
    out: dict[str, Value] = {}
    for p in callee.params:
        value: Any = bound.arguments[p.name]
        if p.passing == inspect.Parameter.VAR_POSITIONAL:
            value = containers.tuple_of(m, tuple(value), span)
        elif p.passing == inspect.Parameter.VAR_KEYWORD:
            value = containers.container(m, dict, dict(value), p.name, span)
        elif isinstance(value, Default):
            value = Plain(_display(value.expr))
        out[p.name] = value
    return out


def _display(e: n.Expr) -> n.Expr:
    """A default that is a tuple, written out."""
    if isinstance(e, n.Const) and type(e.value) is tuple:
        return n.Tuple(tuple(_display(n.Const(item)) for item in e.value), span=e.span)
    return e


@dataclass(frozen=True)
class _Use:
    """How a function uses its parameters."""

    rebound: frozenset[str]
    counts: Mapping[str, int]


# A parameter that is used more often than an expression can stand for it.
_OFTEN = 99


_USES: WeakKeyDictionary[n.Function, _Use] = WeakKeyDictionary()


def _use(function: n.Function) -> _Use:
    known = _USES.get(function)
    if known is None:
        counts: dict[str, int] = {}
        _count(function.body, counts, 1)
        known = _USES[function] = _Use(bound_names(function.body), counts)
    return known


def _count(block: n.Block, counts: dict[str, int], times: int) -> None:
    for s in block:
        often = set[str]()
        if isinstance(s, n.Opaque):
            often |= {*s.reads, *s.writes}
        for e in expressions(s):
            for x in subexpressions(e):
                if isinstance(x, n.Var):
                    counts[x.name] = counts.get(x.name, 0) + times
                elif isinstance(x, n.OpaqueExpr):
                    often |= set(x.reads)
                elif isinstance(x, n.Closure):
                    often |= set(x.code.captured)
        counts |= dict.fromkeys(often, _OFTEN)
        for inner in blocks(s):
            _count(inner, counts, times if isinstance(s, n.If) else _OFTEN)


def _called(
    m: Machine,
    function: n.Function,
    frame: Frame,
    bound: Mapping[str, Value],
    span: Span | None,
    wish: str | None,
) -> Value:
    function = ready(function)
    same = sum(f.key == frame.key for f in m.frames)
    if same > _MAX_SAME or len(m.frames) > _MAX_DEPTH:
        raise m.undecided(
            f"{frame.name} calls itself with objects, and it is not known how often.",
            span,
            "write it as a loop, or pass numbers and arrays.",
        )
    label = f"{m.where}/{function.name}"
    frame = replace(frame, label=label, labels=labels(function))
    before = m.state.copy(), m.names.copy(), len(m.out)
    found = _run(m, function, frame, bound, frozenset(), wish)
    # Arguments stand where their parameters stand, unless the function changes what they read.
    risky = _changed(m, function, bound, tuple(m.out[before[2] :]))
    if not risky:
        return found
    m.state, m.names, m.ended = before[0], before[1], False
    del m.out[before[2] :]
    return _run(m, function, frame, bound, risky, wish)


def _changed(
    m: Machine, function: n.Function, bound: Mapping[str, Value], written: n.Block
) -> frozenset[str]:
    """The parameters whose arguments read what these statements write."""
    if not written:
        return frozenset()
    names, stores = written_names(written), bool(stored_names(written))
    out = set()
    for name, value in bound.items():
        if not isinstance(value, Plain) or not _stays(m, value.expr, name, _use(function)):
            continue
        reads = reads_memory(value.expr)
        if names_in(value.expr) & names or (reads and stores):
            out.add(name)
    return frozenset(out)


def _run(
    m: Machine,
    function: n.Function,
    frame: Frame,
    bound: Mapping[str, Value],
    risky: frozenset[str],
    wish: str | None,
) -> Value:
    use = _use(function)
    names: dict[str, n.Expr] = dict(frame.names)
    own: list[str] = []
    params = set(bound)
    for name, value in bound.items():
        if isinstance(value, Plain) and name not in risky and _stays(m, value.expr, name, use):
            names[name] = value.expr
            continue
        new = m.fresh(name)
        names[name] = n.Var(new)
        own.append(new)
        if isinstance(value, Plain):
            m.emit(n.Assign(n.Var(new), as_value(value.expr), span=value.expr.span))
        else:
            m.state.env[new] = value
    local = use.rebound - params
    for name in sorted(local):
        new = m.fresh(name)
        names[name] = n.Var(new)
        own.append(new)
    where = m.where
    m.frames.append(replace(frame, names=names))
    loops, m.loops = m.loops, []
    try:
        value = tail(m, function.body, wish)
    except UnsupportedError as error:
        raise error.inside(frame.name) from None
    finally:
        m.frames.pop()
        m.loops = loops
        m.where = where
    for name in own:
        m.state.env.pop(name, None)
    return value


def _stays(m: Machine, e: n.Expr, name: str, use: _Use) -> bool:
    """Whether an argument can stand wherever its parameter stands."""
    if name in use.rebound:
        return False
    if isinstance(e, n.Const | n.Ref | n.Var | n.Global):
        return True
    if use.counts.get(name, 0) > 1:
        return False
    return all(_computes(m, x) for x in subexpressions(e))


def _computes(m: Machine, e: n.Expr) -> bool:
    """Whether evaluating an expression does nothing else."""
    if isinstance(e, n.OpaqueExpr | n.Closure):
        return False
    return not isinstance(e, n.Call) or m.world.is_pure(e)


def tail(m: Machine, block: n.Block, wish: str | None) -> Value:
    """What a function's body returns; each `return` is the last statement of its path."""
    *first, last = block or (n.Return(None),)
    for s in first:
        statements.statement(m, s)
        if m.ended:
            return Plain(n.Const(None))
    statements.locate(m, last)
    if isinstance(last, n.Return):
        return Plain(n.Const(None)) if last.value is None else m.value(last.value, wish)
    if not isinstance(last, n.If) or not _returns(last):
        statements.statement(m, last)
        return Plain(n.Const(None))
    decided = m.test(last.test)
    if isinstance(decided, bool):
        return tail(m, last.body if decided else last.orelse, wish)
    name: str = m.fresh(wish or "result")
    end = last.span

    def path(body: n.Block) -> None:
        found = tail(m, body, wish)
        if not m.ended:
            m.bind(name, found, end)

    m.either(decided, partial(path, last.body), partial(path, last.orelse), last.span)
    m.results.add(name)
    if m.ended:
        return Plain(n.Const(None))
    return m.known(m.popped(name), last.span)


def _returns(s: n.If) -> bool:
    return any(isinstance(x, n.Return) for x in all_statements((s,)))


# --- objects ------------------------------------------------------------------------------------


def construct(
    m: Machine,
    cls: type,
    args: Sequence[Value],
    keywords: Mapping[str, Value],
    span: Span | None,
    wish: str | None,
) -> Value:
    """A new object."""
    problem = classes.trouble(cls)
    if problem is not None:
        raise m.refuse(problem[0], span, problem[1])
    made, _ = m.make(cls, wish or classes.snake(cls.__name__), span)
    if cls is types.SimpleNamespace:
        for name, given in keywords.items():
            store_field(m, made, name, given, span)
        return made
    with m.holding((made, *args, *keywords.values())):
        initialise(m, made, cls, args, keywords, span)
    return made


def initialise(
    m: Machine,
    made: Value,
    cls: type,
    args: Sequence[Value],
    keywords: Mapping[str, Value],
    span: Span | None,
) -> Value:
    """What the `__init__` of a class does to an object."""
    nothing = Plain(n.Const(None, span=span))
    specs = classes.fields_of(cls)
    if specs is not None:
        _bind_fields(m, made, cls, specs, args, keywords, span)
        return nothing
    found = classes.find(cls, "__init__")
    if found is None or not isinstance(found.value, FunctionType):
        if args or keywords:
            raise m.refuse(f"{cls.__name__}() takes no arguments.", span)
        return nothing
    m.world.rely_on(found.owner, "__init__", found.value)
    m.invoke(found.value, [made, *args], span, keywords)
    return nothing


def _bind_fields(
    m: Machine,
    made: Value,
    cls: type,
    specs: tuple[classes.FieldSpec, ...],
    args: Sequence[Value],
    keywords: Mapping[str, Value],
    span: Span | None,
) -> None:
    """What the `__init__` of a dataclass or namedtuple does."""
    parameters = [
        inspect.Parameter(
            spec.name,
            inspect.Parameter.KEYWORD_ONLY
            if spec.only_keyword
            else inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=spec
            if spec.default is not classes.MISSING or spec.factory
            else inspect.Parameter.empty,
        )
        for spec in specs
        if spec.in_init
    ]
    parameters.sort(key=lambda p: p.kind)
    try:
        bound = inspect.Signature(parameters).bind(*args, **keywords)
    except TypeError as error:
        raise m.refuse(f"{cls.__name__}(): {error}.", span) from None
    only: list[Value] = []
    for spec in specs:
        value = bound.arguments.get(spec.name)
        if value is None:
            if spec.default is classes.MISSING and spec.factory is None:
                continue
            value = _default(m, cls, spec, span)
        if spec.only_init:
            only.append(value)
        else:
            store_field(m, made, spec.name, value, span)
    after = classes.find(cls, "__post_init__")
    if after is not None and not classes.is_namedtuple(cls):
        m.world.rely_on(after.owner, "__post_init__", after.value)
        m.invoke(after.value, [made, *only], span)


def _default(m: Machine, cls: type, spec: classes.FieldSpec, span: Span | None) -> Value:
    if spec.factory is not None:
        return called_value(m, spec.factory, span, spec.name)
    value = spec.default
    if value is None or isinstance(value, bool | int | float | complex | str):
        return Plain(n.Const(value, span=span))
    ref = n.Ref(cls.__name__, cls, cls)
    if isinstance(vars(cls).get(spec.name), types.MemberDescriptorType) or not hasattr(
        cls, spec.name
    ):
        return Plain(n.Ref(spec.name, value, value))
    if callable(value):
        return Plain(n.Ref(f"{ref.path}.{spec.name}", value, cls))
    return Plain(n.Field(ref, spec.name, span=span))


def called_value(m: Machine, function: Any, span: Span | None, wish: str | None) -> Value:
    """The value of calling a function without arguments: the factory of a default."""
    if function is list:
        return Plain(n.List((), span=span))
    if function is dict:
        return containers.container(m, dict, {}, wish, span)
    if classes.is_record(function):
        return construct(m, function, [], {}, span, wish)
    if isinstance(function, FunctionType):
        return m.invoke(function, [], span, wish=wish)
    name = getattr(function, "__name__", "factory")
    return Plain(n.Call(n.Ref(name, function, function), (), span=span))
