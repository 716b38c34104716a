"""Kinds of parameters without a call: from annotations, defaults and use."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from srcdiff.frontend.lower import lower_function
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import (
    FLOAT,
    INT,
    Array,
    DictOf,
    Dim,
    Kind,
    Known,
    Number,
    Scalar,
    TupleOf,
)
from srcdiff.ir.walk import expressions, names_in, statements, subexpressions
from srcdiff.signature import kind_of

_FLOAT64 = np.dtype(np.float64)


def guess_kinds(function: Callable[..., Any]) -> dict[str, Kind] | None:
    """The kinds of a function's parameters, as far as the function itself tells them.

    An annotation decides, then a default. A parameter that is indexed is a float64 array with as
    many dimensions as the index has entries; one that is a bound of `range` or an index is an int;
    one that only takes part in arithmetic is a float.

    Returns:
        Parameter name -> kind, or None where some parameter stays open.
    """
    assert isinstance(function, FunctionType)
    lowered = lower_function(function)
    uses = _Uses.of(lowered.function)
    hints = _annotations(function)
    out: dict[str, Kind] = {}
    for p in lowered.function.params:
        if p.passing in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            is_tuple = p.passing == inspect.Parameter.VAR_POSITIONAL
            out[p.name] = TupleOf(()) if is_tuple else DictOf((), ())
            continue
        kind = _annotated(hints.get(p.name), p.name, uses)
        if kind is None and p.has_default and p.default is not None:
            kind = kind_of(p.default, p.name)
        kind = kind or uses.kind(p.name)
        if kind is None:
            return None
        out[p.name] = kind
    return out


def describe(kinds: dict[str, Kind]) -> str:
    """What was assumed, for the docstring: "x a float, A a 2-d float64 array"."""
    return ", ".join(f"{name} {_described(kind)}" for name, kind in kinds.items())


def _described(kind: Kind) -> str:
    match kind:
        case Number():
            return f"{'an' if kind.type is int else 'a'} {kind.type.__name__}"
        case Scalar():
            return f"a {kind.dtype.name}"
        case Array():
            return f"a {kind.ndim}-d {kind.dtype.name} array"
        case Known():
            return repr(kind.value)
    return "an object"


def _annotations(function: FunctionType) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError):
        return inspect.get_annotations(function)


def _annotated(hint: Any, name: str, uses: _Uses) -> Kind | None:
    if hint in (float, "float"):
        return FLOAT
    if hint in (int, "int"):
        return INT
    if isinstance(hint, type) and issubclass(hint, np.floating):
        return Scalar(np.dtype(hint))
    origin = typing.get_origin(hint) or hint
    if origin in (np.ndarray, "np.ndarray"):
        ndim = uses.ndim.get(name)
        return None if ndim is None else _array(name, ndim)
    return None


def _array(name: str, ndim: int) -> Array:
    return Array(_FLOAT64, tuple(Dim(f"{name}.{i}", not_one=True) for i in range(ndim)))


class _Uses:
    """How a function uses its parameters."""

    def __init__(self) -> None:
        self.ndim: dict[str, int] = {}
        self.ints: set[str] = set()
        # Used in a way that tells nothing of the dimensions: an attribute, a function's argument.
        self.open: set[str] = set()

    @classmethod
    def of(cls, function: n.Function) -> _Uses:
        uses = cls()
        for s in statements(function.body):
            if isinstance(s, n.For) and isinstance(s.iter, n.Var):
                uses._at_least(s.iter.name, 1)
            for e in expressions(s):
                for x in subexpressions(e):
                    uses._see(x)
        return uses

    def kind(self, name: str) -> Kind | None:
        if name in self.ints:
            return INT
        if name in self.ndim:
            return _array(name, self.ndim[name])
        return None if name in self.open else FLOAT

    def _at_least(self, name: str, ndim: int) -> None:
        self.ndim[name] = max(ndim, self.ndim.get(name, 0))

    def _see(self, e: n.Expr) -> None:
        match e:
            case n.Index() if isinstance(e.base, n.Var):
                items = e.key.items if isinstance(e.key, n.Tuple) else (e.key,)
                axes = [i for i in items if not (isinstance(i, n.Const) and i.value is None)]
                self._at_least(e.base.name, len(axes))
                for item in axes:
                    self.ints |= names_in(item)
            case n.Call() if isinstance(e.callee, n.Ref):
                self._call(e, e.callee)
            case n.Field() if isinstance(e.base, n.Var):
                self.open.add(e.base.name)
            case n.Op() if e.op == "matmul":
                self.open |= {a.name for a in e.args if isinstance(a, n.Var)}

    def _call(self, e: n.Call, callee: n.Ref) -> None:
        names = {a.name for a in e.args if isinstance(a, n.Var)}
        if callee.value is range:
            self.ints |= names
        elif callee.value is len:
            for name in names:
                self._at_least(name, 1)
        elif not isinstance(callee.value, np.ufunc) and getattr(
            callee.value, "__module__", ""
        ) not in ("math", "builtins"):
            self.open |= names
