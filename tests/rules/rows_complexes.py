"""Rows for parts of complex numbers, on real operands: test_complex_rules.py has complex ones."""

from __future__ import annotations

import cmath
from dataclasses import replace

import numpy as np

from tests.rules.harness import Row, row

X = np.array([0.7, -1.2, 1.9])

ROWS: list[Row] = [
    *(row(f, x) for f in (np.real, np.imag, np.conjugate, np.angle) for x in (X, 1.5, X[0])),
    row(np.angle, X, deg=True),
    row(complex.conjugate, 1.5 - 0.5j), row(complex, 1.5), row(complex, 1.5, -0.5),
    row(cmath.phase, 1.5), row(cmath.phase, -1.5),
    *(row(f, x) for f in (np.complex128, np.complex64) for x in (1.5, 3)),
    *(
        row(f, 0.7)
        for f in (
            cmath.exp, cmath.log, cmath.sqrt, cmath.sin, cmath.cos, cmath.tan, cmath.sinh,
            cmath.cosh, cmath.tanh,
        )
    ),
    *(replace(row(np.sign, x), single=False) for x in (1.5, -1.5, X)),
]  # fmt: skip
