"""Which errors a statement may raise, as far as its text tells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import blocks, expressions, subexpressions

Errors = tuple[type[BaseException], ...]
ANYTHING: Errors = (BaseException,)

_ARITHMETIC: Errors = (ValueError, TypeError, FloatingPointError)
_OPERATORS: dict[str, Errors] = {
    "div": (ZeroDivisionError, OverflowError),
    "floordiv": (ZeroDivisionError,),
    "mod": (ZeroDivisionError,),
    "pow": (ZeroDivisionError, OverflowError),
}
_NUMPY: Errors = (*_ARITHMETIC, IndexError, OverflowError)
_LOOKUP: Errors = (IndexError, KeyError, TypeError)
_CALLS: dict[Any, Errors] = {
    print: (),
    len: (TypeError,),
    abs: (TypeError,),
    range: (TypeError,),
    isinstance: (TypeError,),
    type: (),
    str: (),
    repr: (),
    float: (ValueError, TypeError, OverflowError),
    int: (ValueError, TypeError, OverflowError),
    list: (TypeError,),
    enumerate: (TypeError,),
    zip: (TypeError,),
    min: (ValueError, TypeError),
    max: (ValueError, TypeError),
}
_METHODS = frozenset(
    ("sum", "mean", "dot", "copy", "reshape", "max", "min", "prod", "ravel", "astype", "flatten")
)


def caught_by(cls: n.Expr | None) -> Errors:
    """The errors that an `except` handles."""
    if cls is None:
        return ANYTHING
    if isinstance(cls, n.Tuple):
        return tuple(error for item in cls.items for error in caught_by(item))
    value = cls.value if isinstance(cls, n.Ref) else None
    if isinstance(value, type) and issubclass(value, BaseException):
        return (value,)
    return ANYTHING


def raises(s: n.Stmt, errors: Errors) -> bool:
    """Whether a statement may raise one of these, itself or in its blocks."""
    if any(raises(inner, errors) for b in blocks(s) for inner in b):
        return True
    return _meets(_own(s), errors) or any(may_raise(e, errors) for e in expressions(s))


def may_raise(e: n.Expr, errors: Errors) -> bool:
    """Whether evaluating an expression may raise one of these."""
    return any(_meets(_of(x), errors) for x in subexpressions(e))


def raised(s: n.Raise) -> type[BaseException] | None:
    """The class of what is raised, where it is known."""
    value = s.value.callee if isinstance(s.value, n.Call) else s.value
    cls = value.value if isinstance(value, n.Ref) else None
    return cls if isinstance(cls, type) and issubclass(cls, BaseException) else None


def _meets(found: Iterable[type[BaseException]], errors: Errors) -> bool:
    return any(issubclass(x, c) or x is BaseException for x in found for c in errors)


def _own(s: n.Stmt) -> Errors:
    match s:
        case n.Assign():
            stored = not isinstance(s.target, n.Var)
            return _LOOKUP + _ARITHMETIC if stored else ()
        case n.Update():
            return _ARITHMETIC + _OPERATORS.get(s.op, ())
        case n.Raise():
            cls = raised(s)
            return ANYTHING if cls is None else (cls,)
        case n.Assert():
            return (AssertionError,)
        case n.For():
            return (TypeError, ValueError)
        case n.Opaque() | n.With() | n.Try():
            return ANYTHING
    return ()


def _of(e: n.Expr) -> Errors:
    match e:
        case n.Op():
            return _ARITHMETIC + _OPERATORS.get(e.op, ())
        case n.Compare():
            return (TypeError, ValueError)
        case n.Index():
            return _LOOKUP
        case n.Field():
            return () if isinstance(e.base, n.Ref) else (AttributeError,)
        case n.Global():
            return (NameError,)
        case n.Call():
            return _call(e)
        case n.OpaqueExpr():
            return () if type(e.node).__name__ == "JoinedStr" else ANYTHING
    return ()


def _call(e: n.Call) -> Errors:
    if isinstance(e.callee, n.Field):
        if e.callee.name == "append":
            return ()
        return _NUMPY if e.callee.name in _METHODS else ANYTHING
    value = e.callee.value if isinstance(e.callee, n.Ref) else None
    try:
        if value in _CALLS:
            return _CALLS[value]
    except TypeError:
        return ANYTHING
    if isinstance(value, type) and issubclass(value, BaseException):
        return ()
    module = getattr(value, "__module__", None) or ""
    if module == math.__name__:
        return (ValueError, OverflowError, TypeError)
    if module.startswith("numpy.linalg"):
        return (*_NUMPY, np.linalg.LinAlgError)
    if isinstance(value, np.ufunc) or module.startswith("numpy"):
        return _NUMPY
    return ANYTHING
