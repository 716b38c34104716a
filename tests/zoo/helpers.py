"""Functions that programs of the zoo call across modules."""

from __future__ import annotations

import math

import numpy as np

SHIFT = 0.25
TAPS = np.array([0.5, 1.5, -1.0])


def blend(a, b, t=0.5):
    return (1.0 - t) * a + t * b + SHIFT


def damped(x, rate=0.5):
    y = blend(x, 0.0, rate)
    return np.exp(-rate) * y


def softplus(x):
    if x > 0.0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))
