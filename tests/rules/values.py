"""Points at which rules are checked."""

from __future__ import annotations

import math

import numpy as np

_random = np.random.default_rng(5)


def values(*shape: int) -> np.ndarray:
    """Distinct numbers away from zero and from each other, so that differences are sharp."""
    size = math.prod(shape)
    spread = np.linspace(0.3, 1.9, size) * np.where(np.arange(size) % 2, 1.0, -1.0)
    return _random.permutation(spread).reshape(shape)
