"""Functions that take derivatives, as texts: for derivatives of derivatives.

Each text defines `s`, which takes the arguments of a function `f` and then weights, one for each
of the arguments that are differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.oracles import positions

HEADER = """import numpy as np

from srcdiff import grad, jvp
"""

Write = Callable[[int, Any], str]


def over_reverse(count: int, argnums: int | tuple[int, ...]) -> str:
    """`s` sums the gradient of `f`, weighted. `f` takes `count` arguments."""
    names = [f"a{k}" for k in range(count)]
    weights = [f"w{i}" for i in range(len(positions(argnums)))]
    gradients = [f"g{i}" for i in range(len(weights))]
    left = ", ".join(gradients)
    if not isinstance(argnums, int) and len(gradients) == 1:
        left += ","
    products = [f"np.sum({g} * {w})" for g, w in zip(gradients, weights, strict=True)]
    return (
        f"{HEADER}\n\ndef s({', '.join(names + weights)}):\n"
        f"    {left} = grad(f, argnums={argnums!r})({', '.join(names)})\n"
        f"    return {' + '.join(products)}\n"
    )


def over_forward(count: int, argnums: int | tuple[int, ...]) -> str:
    """`s` is the tangent of `f` along the weights. `f` takes `count` arguments."""
    names = [f"a{k}" for k in range(count)]
    moving = [k % count for k in positions(argnums)]
    weights = [f"w{i}" for i in range(len(moving))]
    steps = [weights[moving.index(k)] if k in moving else "None" for k in range(count)]
    return (
        f"{HEADER}\n\ndef s({', '.join(names + weights)}):\n"
        f"    value, slope = jvp(f, ({', '.join(names)},), ({', '.join(steps)},))\n"
        "    return slope\n"
    )
