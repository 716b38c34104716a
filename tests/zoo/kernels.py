"""Small numerical kernels in place, as benchmarks of compilers have them."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def _column(rng):
    return rng.uniform(0.2, 1.0, (4, 3)), rng.uniform(0.5, 1.5, (4, 3))


@program(args=_column, argnums=(0, 1), dual=False)
def upwind_fluxes(u, c):
    """What a store takes its seed from is zeroed while parts of the seed are still wanted."""
    D = np.zeros((3, 3))
    for k in range(3):
        speed = c[k] * u[k]
        correction = -speed * (u[k + 1] - u[k])
        D[k] = u[k] + correction
    return np.sum(D * D)
