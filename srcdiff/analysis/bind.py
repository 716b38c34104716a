"""A call, operator or attribute and the rule that covers it, with its arguments bound."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, Kind, Known, Number, Scalar, TupleOf, dtype_of, is_complex
from srcdiff.ir.show import show
from srcdiff.rules.registry import Entry, NoRule, Rule, lookup, method_function

Infer = Callable[[n.Expr], Kind]


@dataclass(frozen=True)
class Bound:
    """An expression that a rule covers: the rule, made for its kinds, and its operands."""

    rule: Rule
    operands: Mapping[str, n.Expr]
    # The kinds that the operands were found to have.
    kinds: tuple[Kind, ...] = ()

    @property
    def kind(self) -> Kind:
        return self.rule.kind

    @functools.cached_property
    def parts(self) -> Mapping[str, n.Expr]:
        """The operands by name, and the items of those that are displays as `arrays[0]`."""
        out: dict[str, n.Expr] = {}
        for name, operand in self.operands.items():
            _add_parts(name, operand, out)
        return out


def _add_parts(name: str, e: n.Expr, out: dict[str, n.Expr]) -> None:
    out[name] = e
    if isinstance(e, n.Tuple | n.List):
        for i, item in enumerate(e.items):
            _add_parts(f"{name}[{i}]", item, out)


def bind_call(e: n.Expr, infer: Infer) -> Bound | None:
    """The rule for an expression, or None where there is none or it does not cover the case."""
    try:
        return bind_or_raise(e, infer)
    except NoRule:
        return None


def bind_or_raise(e: n.Expr, infer: Infer) -> Bound | None:
    """The rule for an expression; None where no rule is registered.

    Raises:
        NoRule: one is registered, but it does not cover these arguments.
    """
    match e:
        case n.Op():
            entry = lookup(e.op)
            return None if entry is None else _bound(e, entry, e.args, (), infer)
        case n.Field():
            function = method_function(infer(e.base), f"attribute:{e.name}")
            entry = lookup(function) if function is not None else lookup(f"attribute:{e.name}")
            return None if entry is None else _bound(e, entry, (e.base,), (), infer)
        case n.Call():
            return _call(e, infer)
        case n.Index() if isinstance(e.base, n.Call):
            return _item(_call(e.base, infer), e.key)
    return None


def _item(whole: Bound | None, key: n.Expr) -> Bound | None:
    """The rule of one item of a call that returns a tuple."""
    if whole is None or not isinstance(key, n.Const) or type(key.value) is not int:
        return None
    count = len(whole.rule.items)
    if not -count <= key.value < count:
        return None
    return Bound(whole.rule.items[key.value], whole.operands, whole.kinds)


def items_of_call(e: n.Expr, infer: Infer) -> tuple[n.Index, ...] | None:
    """`f(x)[0]`, `f(x)[1]`, ... for a call whose rule has items; else None."""
    bound = bind_call(e, infer) if isinstance(e, n.Call) else None
    if bound is None or not bound.rule.items:
        return None
    return tuple(n.Index(e, n.Const(i), span=e.span) for i in range(len(bound.rule.items)))


def _call(e: n.Call, infer: Infer) -> Bound | None:
    if isinstance(e.callee, n.Ref):
        entry = lookup(e.callee.value)
        return None if entry is None else _bound(e, entry, e.args, e.keywords, infer)
    if isinstance(e.callee, n.Field):
        function = method_function(infer(e.callee.base), e.callee.name)
        entry = None if function is None else lookup(function)
        if entry is not None:
            return _bound(e, entry, (e.callee.base, *e.args), e.keywords, infer)
    return None


def with_operands(e: n.Expr, infer: Infer, values: Mapping[str, n.Expr]) -> n.Expr:
    """The expression that a rule covers, with other expressions as these operands.

    Example:
        `np.dot(x, y)` with `{"b": z}` is `np.dot(x, z)`; `np.stack((x, y))` with
        `{"arrays[1]": z}` is `np.stack((x, z))`.
    """
    args: tuple[n.Expr, ...]
    keywords: tuple[tuple[str, n.Expr], ...] = ()
    match e:
        case n.Index():
            return n.Index(with_operands(e.base, infer, values), e.key)
        case n.Op():
            entry = lookup(e.op)
            args = e.args
        case n.Field():
            entry = lookup(method_function(infer(e.base), f"attribute:{e.name}"))
            entry = entry or lookup(f"attribute:{e.name}")
            args = (e.base,)
        case n.Call(callee=n.Field() as callee):
            entry = lookup(method_function(infer(callee.base), callee.name))
            args, keywords = (callee.base, *e.args), e.keywords
        case n.Call(callee=n.Ref() as callee):
            entry = lookup(callee.value)
            args, keywords = e.args, e.keywords
        case _:
            raise TypeError(f"not an operation: {e}")
    assert entry is not None
    # Which argument went to which parameter, by position or by keyword.
    numbers = tuple(n.Const(i) for i in range(len(args)))
    places = _arguments(entry, numbers, tuple((name, n.Const(name)) for name, _ in keywords))
    new: dict[Any, n.Expr] = {}
    given: dict[Any, n.Expr] = {**dict(enumerate(args)), **dict(keywords)}
    for part, value in values.items():
        name, *path = part.replace("]", "").split("[")
        place = places[name]
        if isinstance(place, tuple) and path:
            place, path = place[int(path[0])], path[1:]
        if isinstance(place, tuple):
            assert isinstance(value, n.Tuple)
            new |= {p.value: item for p, item in zip(place, value.items, strict=True)}
        else:
            new[place.value] = _with_item(new.get(place.value, given[place.value]), path, value)
    return _rebuilt(e, tuple(new.get(i, arg) for i, arg in enumerate(args)), new)


def _with_item(e: n.Expr, path: Sequence[str], value: n.Expr) -> n.Expr:
    """Nested displays with one item replaced."""
    if not path:
        return value
    assert isinstance(e, n.Tuple | n.List)
    items = list(e.items)
    items[int(path[0])] = _with_item(items[int(path[0])], path[1:], value)
    return replace(e, items=tuple(items))


def _rebuilt(e: n.Expr, args: tuple[n.Expr, ...], keywords: Mapping[Any, n.Expr]) -> n.Expr:
    """The operation on other arguments, a method's object among them."""
    match e:
        case n.Op():
            return n.Op(e.op, args)
        case n.Field():
            return n.Field(args[0], e.name)
        case n.Call():
            named = tuple((name, keywords.get(name, value)) for name, value in e.keywords)
            if isinstance(e.callee, n.Field):
                return n.Call(n.Field(args[0], e.callee.name), args[1:], named)
            return n.Call(e.callee, args, named)
    raise TypeError(f"not an operation: {e}")


def _bound(
    e: n.Expr,
    entry: Entry,
    args: tuple[n.Expr, ...],
    keywords: tuple[tuple[str, n.Expr], ...],
    infer: Infer,
) -> Bound:
    operands: dict[str, n.Expr] = {}
    values: dict[str, Any] = {}
    for name, value in _arguments(entry, args, keywords).items():
        parameter = entry.signature.parameters[name]
        if name in entry.operands:
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                value = n.Tuple(value)
            operands[name] = value
            values[name] = operand_kind(value, infer)
            if f"{name}_value" in entry.signature.parameters:
                values[f"{name}_value"] = value.value if isinstance(value, n.Const) else None
        else:
            values[name] = constant_value(value, infer)
    kinds = tuple(values[name] for name in operands)
    if "at" in entry.signature.parameters and "at" not in values:
        # One statement may hold the same call twice, on different operands.
        values["at"] = f"{getattr(infer, 'at', '?')}|{show(e)}"
    return Bound(_made(entry, values), operands, kinds)


# What to write instead of an argument that is not supported.
_FEWER = "write it without the arguments that it need not have."
_KEYWORDS = {
    "out": "assign the result to a name.",
    "dtype": "convert the array with .astype(...) first.",
    "where": "choose the elements with np.where first.",
}


def _arguments(
    entry: Entry, args: tuple[n.Expr, ...], keywords: tuple[tuple[str, n.Expr], ...]
) -> Mapping[str, Any]:
    """The arguments by parameter name."""
    if any(isinstance(arg, n.Starred) for arg in args) or any(k == "**" for k, _ in keywords):
        raise NoRule(
            "it is not known how many arguments a star stands for.",
            "write the arguments one by one.",
        )
    if not keywords and len(args) <= len(entry.positional):
        if len(args) >= entry.required:
            return dict(zip(entry.positional, args, strict=False))
    keywords = tuple((entry.spelled.get(name, name), value) for name, value in keywords)
    if len({name for name, _ in keywords}) < len(keywords):
        raise NoRule("an argument is given twice.", _FEWER)
    for name, _ in keywords:
        if name not in entry.signature.parameters:
            remedy = _KEYWORDS.get(name, "write it without that argument.")
            raise NoRule(f"the argument {name!r} is not supported.", remedy)
    try:
        return entry.signature.bind(*args, **dict(keywords)).arguments
    except TypeError as error:
        raise NoRule(f"these arguments are not supported: {error}.", _FEWER) from None


def _made(entry: Entry, values: Mapping[str, Any]) -> Rule:
    """The rule for these kinds and constants; most are asked for many times."""
    if not all(map(_lasting, values.values())):
        return _call_maker(entry, values)
    try:
        return _cached(entry, tuple(values.items()))
    except TypeError:  # a constant that is not hashable
        return _call_maker(entry, values)


def _lasting(value: Any) -> bool:
    """Whether a cache may hold on to the value: to nothing of the user's."""
    if isinstance(value, TupleOf):
        return all(map(_lasting, value.items))
    if isinstance(value, Known):
        return value.value is None or isinstance(value.value, str | bool | np.dtype)
    return isinstance(value, Number | Scalar | Array | str | int | float | tuple | None)


@functools.lru_cache(maxsize=4096)
def _cached(entry: Entry, values: tuple[tuple[str, Any], ...]) -> Rule:
    return _call_maker(entry, dict(values))


def _call_maker(entry: Entry, values: Mapping[str, Any]) -> Rule:
    """Calls the rule function; what stands before a starred parameter goes by position."""
    parameters = entry.signature.parameters.values()
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    args: list[Any] = []
    keywords = dict(values)
    for p in parameters:
        if p.name not in keywords:
            continue
        if p.kind is p.VAR_POSITIONAL:
            args.extend(keywords.pop(p.name).items)
        elif p.kind is p.POSITIONAL_ONLY or (starred and p.kind is p.POSITIONAL_OR_KEYWORD):
            args.append(keywords.pop(p.name))
    made = entry.maker(*args, **keywords)
    if not entry.complex and (_is_smooth(made) or is_complex(made.kind)):
        dtypes = [dtype for value in values.values() for dtype in _complex_dtypes(value)]
        if dtypes:
            raise NoRule(f"values of type {dtypes[0]} are not differentiated here")
    return made


def _is_smooth(rule: Rule) -> bool:
    return bool(rule.pulls) or any(map(_is_smooth, rule.items))


def _complex_dtypes(value: Any) -> list[np.dtype[Any]]:
    """The complex dtypes in a kind."""
    if isinstance(value, TupleOf):
        return [dtype for item in value.items for dtype in _complex_dtypes(item)]
    dtype = dtype_of(value) if isinstance(value, Kind) else None
    return [dtype] if dtype is not None and dtype.kind == "c" else []


def operand_kind(e: n.Expr, infer: Infer) -> Kind:
    """An operand's kind; a list display counts as a tuple, as its length is known."""
    if isinstance(e, n.List | n.Tuple):
        return TupleOf(tuple(operand_kind(item, infer) for item in e.items))
    return infer(e)


def constant_value(e: n.Expr, infer: Infer) -> Any:
    """The value of an argument that must be known when the text is made, such as an axis.

    Raises:
        NoRule: it is not known.
    """
    if isinstance(e, n.Const):
        return e.value
    if isinstance(e, n.Ref):
        return e.value
    if isinstance(e, n.Tuple | n.List):
        return tuple(constant_value(item, infer) for item in e.items)
    if isinstance(e, n.Op) and e.op == "neg":
        return -constant_value(e.args[0], infer)
    kind = infer(e)
    if isinstance(kind, Known) and kind.value is not slice:
        return kind.value
    if isinstance(kind, Number) and type(kind.size) is int:
        return kind.size
    raise NoRule("an argument such as an axis must be a literal.", "write the number itself.")
