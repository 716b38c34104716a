"""The functions and the decorator that users call."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import MethodType
from typing import Any, overload

from srcdiff.derivative import Derivative, derivative
from srcdiff.dispatch import Dispatcher
from srcdiff.ir.names import TRANSFORM
from srcdiff.options import Options
from srcdiff.parameters import Argnums
from srcdiff.products import (
    HessianProduct,
    Pushforward,
    Reverse,
    hessian_product,
    jvp,
    pushforward,
    reverse,
)
from srcdiff.target import Target


def grad(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    backend: str = "numpy",
    optimize: str = "fast",
) -> Derivative:
    """The gradient of a function that returns one real number.

    Args:
        f: the function. It is not run: the derivative has a text of its own.
        argnums: with respect to what: the position of a parameter (negative ones count from the
            end), its name, or a tuple of these, which gives a tuple.
        has_aux: whether `f` returns `(value, aux)`; the result is `(gradient, aux)` then.
        backend: "numpy".
        optimize: "fast" or "readable".

    Returns:
        A derivative, called as `f` is.

    Raises:
        TypeError: `f` is not callable, or `argnums` does not fit its parameters.
        UnsupportedError: `f` cannot be differentiated. Most reasons are found at the first call.

    Example:
        >>> grad(lambda x, y: x * y, argnums="y")
        <srcdiff gradient of lambda with respect to y>
    """
    return derivative(f, Options(argnums, has_aux, backend, optimize, "grad"))


def value_and_grad(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    backend: str = "numpy",
    optimize: str = "fast",
) -> Derivative:
    """The value of a function that returns one real number, and its gradient.

    Args:
        f: the function.
        argnums: as in `grad`.
        has_aux: whether `f` returns `(value, aux)`; the result is `((value, aux), gradient)` then.
        backend: as in `grad`.
        optimize: as in `grad`.

    Returns:
        A derivative, called as `f` is, that returns `(value, gradient)`.

    Raises:
        TypeError: `f` is not callable, or `argnums` does not fit its parameters.
        UnsupportedError: `f` cannot be differentiated. Most reasons are found at the first call.

    Example:
        >>> value_and_grad(lambda x: x * x)
        <srcdiff value and gradient of lambda with respect to x>
    """
    return derivative(f, Options(argnums, has_aux, backend, optimize, "value_and_grad"))


for _transform in (grad, value_and_grad, jvp):
    setattr(_transform, TRANSFORM, _transform.__name__)


@overload
def differentiate(
    f: None = None,
    *,
    argnums: Argnums = 0,
    has_aux: bool = False,
    backend: str = "numpy",
    optimize: str = "fast",
) -> Callable[[Any], Differentiable]: ...
@overload
def differentiate(
    f: Any,
    *,
    argnums: Argnums = 0,
    has_aux: bool = False,
    backend: str = "numpy",
    optimize: str = "fast",
) -> Differentiable: ...
def differentiate(
    f: Any = None,
    *,
    argnums: Argnums = 0,
    has_aux: bool = False,
    backend: str = "numpy",
    optimize: str = "fast",
) -> Any:
    """Give a function its derivatives as attributes: `f.grad`, `f.jvp`, `f.hessian` and so on.

    A decorator, bare or with options. On a static or class method it goes outside:
    `@differentiate` above `@staticmethod` or `@classmethod`.

    Args:
        f: the function.
        argnums: as in `grad`.
        has_aux: as in `grad`.
        backend: as in `grad`.
        optimize: as in `grad`.

    Returns:
        The function, with attributes; without `f`, a decorator.

    Raises:
        TypeError: `f` is not callable, or an option is of another type.
        UnsupportedError: `f` is a class, or has no Python source.

    Example:
        >>> @differentiate
        ... def f(x):
        ...     return x * x
        >>> f(3.0), f.grad
        (9.0, <srcdiff gradient of f with respect to x>)
    """
    options = Options(argnums, has_aux, backend, optimize)
    if f is None:
        return lambda function: Differentiable(function, options)
    return Differentiable(f, options)


class _Derivatives:
    """The derivatives that a decorated function has, bound to an object or not, as attributes."""

    # None, so that what inherits from this may choose its own.
    __slots__ = ()

    @property
    def grad(self) -> Derivative:
        """The gradient; see `srcdiff.grad`."""
        return self._derivative("grad")

    @property
    def value_and_grad(self) -> Derivative:
        """The value and the gradient; see `srcdiff.value_and_grad`."""
        return self._derivative("value_and_grad")

    @property
    def jacobian(self) -> Derivative:
        """The Jacobian; see `srcdiff.jacobian`."""
        return self._derivative("jacobian")

    @property
    def hessian(self) -> Derivative:
        """The Hessian; see `srcdiff.hessian`."""
        return self._derivative("hessian")

    def _derivative(self, mode: str) -> Derivative:
        """The derivative of a mode."""
        raise NotImplementedError


class Differentiable(_Derivatives):
    """A function that has its derivatives as attributes, made at first use.

    It is called as the function is, and has its name, signature and docstring. As an attribute of
    a class it is bound as the function would be.
    """

    # Slots, so that attributes of the function, which are copied, cannot clash with these.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_binds_to",
        "_derivatives",
        "_dispatchers",
        "_function",
        "_hessian_product",
        "_options",
        "_pushforward",
        "_reverse",
    )

    __name__: str
    __qualname__: str

    def __init__(self, function: Any, options: Options) -> None:
        """Decorate a function.

        Args:
            function: a callable, or a `staticmethod` or `classmethod` object.
            options: those of its derivatives.

        Raises:
            TypeError: it is not callable.
            UnsupportedError: it is a derivative, a class, or has no Python source.
        """
        self._function: Any
        self._binds_to: type | None = None
        if isinstance(function, staticmethod | classmethod):
            self._binds_to = type(function)
            function = function.__func__
        if isinstance(function, Differentiable):
            self._binds_to = self._binds_to or function._binds_to
            function = function._function
        if not Target.of(function).binds:
            # Neither bound methods nor partial or other objects are bound (again).
            self._binds_to = staticmethod
        self._function = function
        self._options = options
        self._derivatives: dict[str, Derivative] = {}
        self._pushforward: Pushforward | None = None
        self._reverse: Reverse | None = None
        self._hessian_product: HessianProduct | None = None
        # Those of its bound methods.
        self._dispatchers: dict[str, Dispatcher] = {}
        functools.update_wrapper(self, function)

    @property
    def __srcdiff_primal__(self) -> Any:
        return self._function

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self._function(*args, **kwargs)

    @property
    def jvp(self) -> Pushforward:
        """The forward derivative; see `srcdiff.jvp`."""
        if self._pushforward is None:
            self._pushforward = pushforward(self)
        return self._pushforward

    @property
    def vjp(self) -> Reverse:
        """The reverse derivative; see `srcdiff.vjp`."""
        if self._reverse is None:
            self._reverse = reverse(self)
        return self._reverse

    @property
    def hvp(self) -> HessianProduct:
        """The product of the Hessian with a vector; see `srcdiff.hvp`."""
        if self._hessian_product is None:
            self._hessian_product = hessian_product(self)
        return self._hessian_product

    def _derivative(self, mode: str) -> Derivative:
        found = self._derivatives.get(mode)
        if found is None:
            # setdefault, so that all threads get the same one.
            made = derivative(self, self._options.with_mode(mode))
            found = self._derivatives.setdefault(mode, made)
        return found

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if self._binds_to is classmethod:
            return BoundDifferentiable(self, type(instance) if owner is None else owner)
        if self._binds_to is staticmethod or instance is None:
            return self
        return BoundDifferentiable(self, instance)

    def __repr__(self) -> str:
        return f"<differentiable {self._function!r}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        # By name, as functions are, if the name stands for this object and not for the function.
        found: Any = sys.modules.get(self.__module__)
        for name in self.__qualname__.split("."):
            found = getattr(found, name, None)
        return (
            str(self.__qualname__)
            if found is self
            else (Differentiable, (self._function, self._options))
        )


class BoundDifferentiable(_Derivatives):
    """A method decorated with `differentiate`, bound to an object (or to a class).

    `self` is passed to its derivatives as it is to the method.
    """

    def __init__(self, differentiable: Differentiable, instance: Any) -> None:
        """Bind a method.

        Args:
            differentiable: the method.
            instance: to what.
        """
        self.__func__ = differentiable
        self.__self__ = instance
        self.__wrapped__ = MethodType(differentiable._function, instance)
        self.__name__ = differentiable.__name__
        self.__qualname__ = differentiable.__qualname__
        self.__module__ = differentiable.__module__
        self.__doc__ = differentiable.__doc__

    @property
    def __srcdiff_primal__(self) -> Any:
        return self.__wrapped__

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the method itself."""
        return self.__wrapped__(*args, **kwargs)

    @property
    def jvp(self) -> Pushforward:
        """The forward derivative; see `srcdiff.jvp`."""
        return pushforward(self)

    @property
    def vjp(self) -> Reverse:
        """The reverse derivative; see `srcdiff.vjp`."""
        return reverse(self)

    @property
    def hvp(self) -> HessianProduct:
        """The product of the Hessian with a vector; see `srcdiff.hvp`."""
        return hessian_product(self)

    def _derivative(self, mode: str) -> Derivative:
        method = self.__func__
        options = method._options.with_mode(mode)
        made = Derivative(Target.of(self), options, method._dispatchers.get(mode))
        method._dispatchers.setdefault(mode, made.dispatcher)
        return made

    def __repr__(self) -> str:
        return f"<differentiable {self.__wrapped__!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.__self__, self.__name__)
