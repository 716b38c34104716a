"""Decorated functions as functions with parameters of their own.

    @timed                                  def f(x, n=2):
    def f(x, n=2): ...          →               return timed_f(x, n)

A decorator's wrapper takes `*args`; the signature that it shows is that of what it wraps.
"""

from __future__ import annotations

import inspect
import linecache
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

_MADE: WeakKeyDictionary[FunctionType, FunctionType] = WeakKeyDictionary()


def with_signature(function: FunctionType) -> FunctionType:
    """A function that calls a wrapper with the parameters of what it wraps; the function itself
    where it has parameters of its own.
    """
    code = function.__code__
    own = code.co_argcount + code.co_kwonlyargcount
    wrapped = getattr(function, "__wrapped__", None)
    if own or not code.co_flags & inspect.CO_VARARGS or not callable(wrapped):
        return function
    if function not in _MADE:
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return function
        _MADE[function] = _made(function, signature)
    return _MADE[function]


def _made(function: FunctionType, signature: inspect.Signature) -> FunctionType:
    name = function.__name__ if function.__name__.isidentifier() else "function"
    params = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    shown = str(inspect.Signature([_without_default(p) for p in params]))
    given = ", ".join(_argument(p) for p in params)
    text = f"def {name}{shown}:\n    return {name}_decorated({given})\n"
    file = f"<{name} of {function.__module__}, decorated>"
    space: dict[str, Any] = {
        "__name__": function.__module__,
        f"{name}_decorated": function,
    }
    exec(compile(text, file, "exec"), space)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    made: FunctionType = space[name]
    positional = (p for p in params if p.kind <= p.POSITIONAL_OR_KEYWORD)
    made.__defaults__ = tuple(p.default for p in positional if p.default is not p.empty) or None
    keyword = {
        p.name: p.default for p in params if p.kind is p.KEYWORD_ONLY and p.default is not p.empty
    }
    made.__kwdefaults__ = keyword or None
    made.__doc__ = function.__doc__
    return made


def _without_default(p: inspect.Parameter) -> inspect.Parameter:
    return p if p.default is p.empty else p.replace(default=_Dots())


class _Dots:
    """A default in a text, whose value is put in afterwards."""

    def __repr__(self) -> str:
        return "..."


def _argument(p: inspect.Parameter) -> str:
    if p.kind is p.VAR_POSITIONAL:
        return f"*{p.name}"
    if p.kind is p.VAR_KEYWORD:
        return f"**{p.name}"
    return f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name
