"""A function's parameters: binding arguments to them, and choosing some of them by `argnums`."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType, MappingProxyType
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedError
from srcdiff.ir import kinds as k
from srcdiff.signature import describe

Argnums = int | str | tuple[int | str, ...]


@dataclass(frozen=True)
class Parameters:
    """The parameters of a code object.

    Attributes:
        positional: those that can be passed by position.
        only_positional: how many of these cannot be passed by name.
        star: the name of `*args`, if there is one.
        keywords: those that can only be passed by name.
        double_star: the name of `**kwargs`, if there is one.
    """

    positional: tuple[str, ...]
    only_positional: int
    star: str | None
    keywords: tuple[str, ...]
    double_star: str | None

    @classmethod
    def of(cls, code: CodeType) -> Parameters:
        """The parameters of a function with this code."""
        names = iter(code.co_varnames)
        positional = tuple(next(names) for _ in range(code.co_argcount))
        keywords = tuple(next(names) for _ in range(code.co_kwonlyargcount))
        star = next(names) if code.co_flags & inspect.CO_VARARGS else None
        double_star = next(names) if code.co_flags & inspect.CO_VARKEYWORDS else None
        return cls(positional, code.co_posonlyargcount, star, keywords, double_star)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """All parameters, in the order of the signature."""
        star = (self.star,) if self.star else ()
        double_star = (self.double_star,) if self.double_star else ()
        return (*self.positional, *star, *self.keywords, *double_star)

    @property
    def are_positional(self) -> bool:
        """Whether every argument can be passed by position, so that values bind as they stand."""
        return len(self.names) == len(self.positional)

    def binder(self, name: str, defaults: Any, kwdefaults: Any) -> Callable[..., tuple[Any, ...]]:
        """A function with these parameters that returns its arguments, one for each of `names`.

        Python itself thus binds arguments: fast, and with its own messages, about `name`.

        Args:
            name: what errors call the function.
            defaults: its `__defaults__`.
            kwdefaults: its `__kwdefaults__`.
        """
        code = _binder_code(self).replace(co_name=name, co_qualname=name)
        bind = FunctionType(code, {}, name, defaults)
        bind.__kwdefaults__ = kwdefaults
        return bind

    def call(
        self,
        function: Callable[..., Any],
        values: tuple[Any, ...],
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> Any:
        """Call a function that has these parameters with what the binder gave.

        Args:
            function: the function.
            values: what the binder gave.
            more: arguments for further parameters of the function.
        """
        if self.are_positional:
            return function(*values, **more)
        arguments = dict(zip(self.names, values, strict=True))
        named = {name: arguments[name] for name in self.keywords}
        if self.double_star:
            named |= arguments[self.double_star]
        rest = arguments[self.star] if self.star else ()
        return function(*values[: len(self.positional)], *rest, **named, **more)


@functools.lru_cache(maxsize=256)
def _binder_code(parameters: Parameters) -> CodeType:
    """The code of a function that returns the tuple of its arguments."""
    items = list(parameters.positional)
    if parameters.only_positional:
        items.insert(parameters.only_positional, "/")
    if parameters.star:
        items.append(f"*{parameters.star}")
    elif parameters.keywords:
        items.append("*")
    items += parameters.keywords
    if parameters.double_star:
        items.append(f"**{parameters.double_star}")
    result = "".join(f"{name}, " for name in parameters.names)
    # A default makes no difference to the code, where the function object has the defaults.
    module = compile(f"lambda {', '.join(items)}: ({result})", "<srcdiff binder>", "eval")
    return next(c for c in module.co_consts if isinstance(c, CodeType))


# --- argnums ------------------------------------------------------------------------------------


def check_argnums(argnums: Any) -> Argnums:
    """`argnums` with its numbers as ints.

    Raises:
        TypeError: it is not an int, a name or a tuple of these, or an empty tuple.
    """
    if type(argnums) is tuple:
        if not argnums:
            raise TypeError("argnums is empty: name at least one parameter")
        return tuple(map(_check_argnum, argnums))
    return _check_argnum(argnums)


def _check_argnum(argnum: Any) -> int | str:
    if isinstance(argnum, str):
        return str(argnum)
    if not isinstance(argnum, bool | np.bool_):
        try:
            return operator.index(argnum)
        except TypeError:
            pass
    shown = f"{type(argnum).__name__} {argnum!r}"
    raise TypeError(f"argnums takes an int, a parameter's name, or a tuple of these, not {shown}")


def resolve_argnums(
    argnums: Argnums, parameters: Parameters, fixed: int, function: str
) -> tuple[str, ...]:
    """The names of the parameters that `argnums` chooses.

    Args:
        argnums: as `check_argnums` returned it.
        parameters: the function's.
        fixed: how many arguments are bound already (`self` of a bound method): not counted.
        function: the function's name, for errors.

    Raises:
        TypeError: there is no such parameter, it collects arguments, or it is named twice.

    Example:
        >>> resolve_argnums((0, -1), Parameters.of((lambda x, y, z: x).__code__), 0, "f")
        ('x', 'z')
    """
    names = parameters.names[min(fixed, len(parameters.positional)) :]
    chosen: list[str] = []
    for argnum in argnums if isinstance(argnums, tuple) else (argnums,):
        name = _resolve(argnum, names, function)
        if name in (parameters.star, parameters.double_star):
            stars = "*" if name == parameters.star else "**"
            raise TypeError(
                f"argnums {argnum!r} is {stars}{name} of {function}, which collects arguments: "
                f"give the argument a parameter of its own"
            )
        if name in chosen:
            raise TypeError(f"argnums {argnums!r} names the parameter {name!r} of {function} twice")
        chosen.append(name)
    return tuple(chosen)


def _resolve(argnum: int | str, names: tuple[str, ...], function: str) -> str:
    if isinstance(argnum, str) and argnum in names:
        return argnum
    if isinstance(argnum, int) and -len(names) <= argnum < len(names):
        return names[argnum]
    has = f"has the parameters {', '.join(names)}" if len(names) > 1 else "has no parameters"
    if len(names) == 1:
        has = f"has one parameter, {names[0]}"
    what = "names no parameter" if isinstance(argnum, str) else "is out of range"
    raise TypeError(f"argnums {argnum!r} {what}: {function} {has}")


# --- what can be differentiated -----------------------------------------------------------------


class UnsupportedArgumentError(UnsupportedError, TypeError):
    """An argument that has a derivative in principle, but is not supported yet."""


def check_differentiable(kind: k.Kind, name: str, function: str) -> None:
    """Check that a function can be differentiated with respect to an argument of this kind.

    Args:
        kind: the argument's.
        name: the parameter's.
        function: the function's name.

    Raises:
        TypeError: the argument is no floating-point number or array.
    """
    if k.carries(kind):
        return
    subject = f"{function} with respect to {name!r}"
    if _has_float(kind):
        return
    if isinstance(kind, k.TupleOf | k.ListOf | k.ItemsOf | k.DictOf | k.RecordOf):
        raise TypeError(
            f"{subject} cannot be differentiated: the argument is a {_container(kind)} that holds "
            "no float and no array of floats."
        )
    fix = _fix(kind, name)
    raise TypeError(
        f"{subject} cannot be differentiated: the argument is {_a(kind)}"
        + (f". Instead: {fix}." if fix else "")
    )


def _has_float(kind: k.Kind) -> bool:
    """Whether a leaf of the tree can be differentiated."""
    if isinstance(kind, k.TupleOf | k.ItemsOf | k.DictOf | k.RecordOf):
        return any(map(_has_float, kind.items))
    return k.carries(kind.item if isinstance(kind, k.ListOf) else kind)


def _container(kind: k.Kind) -> str:
    if isinstance(kind, k.RecordOf):
        return kind.cls.__name__
    names = {k.TupleOf: "tuple", k.DictOf: "dict"}
    return names.get(type(kind), "list")


def _a(kind: k.Kind) -> str:
    """What the argument is, with its article."""
    match kind:
        case k.Array(dtype):
            return f"an array of dtype {dtype}"
        case k.Known(value) if value is not None:
            name = type(value).__name__
        case k.Known():
            return "None"
        case _:
            name = describe(kind)
    return f"an {name}" if name[0] in "aeio" else f"a {name}"


def _fix(kind: k.Kind, name: str) -> str | None:
    """What to write instead."""
    match kind:
        case k.Array(dtype):
            return f"pass {name}.astype(float)" if dtype.kind in "biu" else None
        case k.Number(cls) if cls is int:
            return "pass a float, such as 3.0 instead of 3"
        case k.Scalar() | k.Number():
            return f"pass float({name})"
        case k.Known(value) if type(value) is bool:
            return "pass a float, such as 1.0 instead of True"
    return None
