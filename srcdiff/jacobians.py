"""Jacobians and Hessians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcdiff.derivative import Derivative, derivative
from srcdiff.ir.names import TRANSFORM
from srcdiff.options import Options
from srcdiff.parameters import Argnums


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Derivative:
    """The Jacobian of a function, in the cheaper mode.

    By columns (forward mode) or by rows (reverse mode): whichever are fewer.

    Args:
        f: a function that returns a float, an array of floats, or a tuple of these.
        argnums: as in `grad`.

    Returns:
        A derivative, called as `f` is. It returns an array of shape `result.shape +
        argument.shape` and of the argument's dtype; for a tuple of results a tuple of these, for
        several `argnums` a tuple for each result.

    Raises:
        TypeError: `f` is not callable, or `argnums` does not fit its parameters.
        UnsupportedError: `f` cannot be differentiated. Most reasons are found at the first call.

    Example:
        >>> import numpy as np
        >>> jacobian(lambda x: x * x[0])(np.array([2.0, 3.0]))
        array([[4., 0.],
               [3., 2.]])
    """
    return derivative(f, Options(argnums, mode="jacobian"))


def jacfwd(f: Callable[..., Any], argnums: Argnums = 0) -> Derivative:
    """The Jacobian of a function, a column at a time: forward mode. See `jacobian`.

    The function is run once for each element of the argument, and must do nothing but compute.

    Example:
        >>> jacfwd(lambda x: x * x)(3.0)
        6.0
    """
    return derivative(f, Options(argnums, mode="jacfwd"))


def jacrev(f: Callable[..., Any], argnums: Argnums = 0) -> Derivative:
    """The Jacobian of a function, a row at a time: reverse mode. See `jacobian`.

    The forward sweep is run once, the reverse sweep once for each element of the result.

    Example:
        >>> import numpy as np
        >>> jacrev(lambda x: np.sum(x * x))(np.array([2.0, 3.0]))
        array([4., 6.])
    """
    return derivative(f, Options(argnums, mode="jacrev"))


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Derivative:
    """The matrix of second derivatives of a function that returns one real number.

    Forward mode over reverse mode: the Jacobian of the gradient, a column at a time.

    Args:
        f: the function.
        argnums: as in `grad`; a tuple gives a tuple of rows, each a tuple of blocks.

    Returns:
        A derivative, called as `f` is. It returns an array of shape `argument.shape +
        argument.shape`.

    Raises:
        TypeError: as in `jacobian`.
        UnsupportedError: as in `jacobian`.

    Example:
        >>> import numpy as np
        >>> hessian(lambda x: x[0] * x[1] ** 2)(np.array([2.0, 3.0]))
        array([[0., 6.],
               [6., 4.]])
    """
    return derivative(f, Options(argnums, mode="hessian"))


for _transform in (jacobian, jacfwd, jacrev, hessian):
    setattr(_transform, TRANSFORM, _transform.__name__)
