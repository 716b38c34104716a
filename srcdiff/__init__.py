"""Derivatives of Python functions, written as Python source.

from srcdiff import differentiate

@differentiate
def f(x):
    return x * x

f.grad(3.0)             # 6.0
print(f.grad.source)    # the text that computed it
"""

from srcdiff import testing
from srcdiff.api import differentiate, grad, value_and_grad
from srcdiff.errors import UnsupportedError
from srcdiff.jacobians import hessian, jacfwd, jacobian, jacrev
from srcdiff.products import hvp, jvp, vjp
from srcdiff.runtime import stop_gradient

__all__ = [
    "UnsupportedError",
    "differentiate",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "stop_gradient",
    "testing",
    "value_and_grad",
    "vjp",
]

__version__ = "0.1.0"
