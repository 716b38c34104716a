"""Our own functions that generated code calls, so that it can be differentiated in its turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import INT, Array, Kind, is_number
from srcdiff.rules.operands import array_parts, shape_dims
from srcdiff.rules.registry import Pull, Rule, rule
from srcdiff.runtime.broadcast import unbroadcast
from srcdiff.runtime.extents import extent
from srcdiff.runtime.products import product_of_others, product_of_others_along


@rule(unbroadcast)
def unbroadcast_(x: Kind, shape: Kind, at: str = "") -> Rule:
    dtype, _ = array_parts(x)
    dims = shape_dims(shape, at)
    if is_number(x):
        pull = Pull(lambda d: np.sum(d), scalar=lambda d: d)
        return Rule(kind=Array(dtype, dims) if dims else x, pulls={"x": pull})
    pull = Pull(lambda x, d: np.broadcast_to(d, x.shape), scalar=lambda d: d)
    return Rule(kind=Array(dtype, dims), pulls={"x": pull}, shares=("x",))


@rule(product_of_others)
def product_of_others_(a: Kind, axis: Any = None) -> Rule:
    dtype, dims = array_parts(a)
    template = Pull(lambda a, d: product_of_others_along(a, d, axis))
    return Rule(kind=Array(dtype, dims), pulls={"a": template})


@rule(extent)
def extent_(a: Kind, axis: Any) -> Rule:
    return Rule(kind=INT)
