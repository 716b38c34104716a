"""Imports every file of rules, so that all are registered."""

from __future__ import annotations

from srcdiff.rules import (
    choices,
    creation,
    elementwise,
    helpers,
    linalg,
    mathematics,
    methods,
    nondifferentiable,
    operators,
    reductions,
    searches,
    shaping,
    statistics,
)

__all__ = [
    "choices",
    "creation",
    "elementwise",
    "helpers",
    "linalg",
    "mathematics",
    "methods",
    "nondifferentiable",
    "operators",
    "reductions",
    "searches",
    "shaping",
    "statistics",
]
