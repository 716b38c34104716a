"""What is differentiated: a callable, taken apart into a plain function and what is bound to it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, MethodType
from typing import Any

from srcdiff.errors import SourceError, UnsupportedError
from srcdiff.ir.callee import Step
from srcdiff.ir.names import DERIVATIVE, PRIMAL
from srcdiff.shims import with_signature


@dataclass(frozen=True, eq=False)
class Target:
    """A callable taken apart.

    Attributes:
        function: the plain function that does the work.
        origin: the callable itself.
        name: what it is called in texts.
        fixed: the arguments that come before those of a call, such as `self`.
        keywords: the keyword arguments that `functools.partial` binds.
        inner: what is derived from the function first, where the callable is a derivative.
    """

    function: FunctionType
    origin: Any
    name: str
    fixed: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    inner: tuple[Step, ...] = ()

    @classmethod
    def of(cls, f: Any) -> Target:
        """Take a callable apart.

        Functions, lambdas, bound methods, functions decorated with `differentiate`,
        `functools.partial` of these, and objects of classes with a `__call__` in Python. A wrapper
        made by a decorator is differentiated as it is: what it wraps is only part of what it does.

        Raises:
            TypeError: it is not callable.
            UnsupportedError: it is a class, or has no Python source.
        """
        if isinstance(f, FunctionType):
            name = "lambda" if f.__name__ == "<lambda>" else f.__name__
            return cls(with_signature(f), f, name)
        if isinstance(f, MethodType):
            return cls.of(f.__func__).with_fixed((f.__self__,), f)
        if hasattr(type(f), DERIVATIVE):
            return f.as_target()  # type: ignore[no-any-return]
        if isinstance(f, staticmethod):
            return cls.of(f.__func__)
        if hasattr(type(f), PRIMAL):
            # The origin is the decorated function: pickle finds it, but not the plain one.
            inner = cls.of(getattr(f, PRIMAL))
            return replace(inner, origin=f)
        if isinstance(f, functools.partial):
            inner = cls.of(f.func).with_fixed(f.args, f)
            keywords = {**inner.keywords, **f.keywords}
            return replace(inner, keywords=keywords)
        return cls._of_object(f)

    @classmethod
    def _of_object(cls, f: Any) -> Target:
        if isinstance(f, type):
            raise UnsupportedError(
                "it is a class.",
                subject=f.__name__,
                remedy="differentiate a function that uses it.",
            )
        if not callable(f):
            shown = f"{type(f).__name__} {f!r}"
            raise TypeError(f"a function is needed, not the {shown[:80]}")
        call = type(f).__call__
        if isinstance(call, FunctionType) or hasattr(type(call), PRIMAL):
            inner = cls.of(call).with_fixed((f,), f)
            return replace(inner, name=type(f).__name__)
        name = getattr(f, "__name__", None)
        shown = name if isinstance(name, str) else type(f).__name__
        raise SourceError(
            "it has no Python source.",
            subject=shown,
            remedy="call it from a function written in Python, and differentiate that.",
        )

    @property
    def binds(self) -> bool:
        """Whether, as an attribute of a class, it would be bound as functions are."""
        return getattr(self.origin, PRIMAL, self.origin) is self.function

    def with_fixed(self, values: tuple[Any, ...], origin: Any) -> Target:
        """The target with more arguments bound, after those that are bound already."""
        return replace(self, origin=origin, fixed=(*self.fixed, *values))
