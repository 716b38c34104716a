"""Imports every file of rules, so that all are registered."""

from __future__ import annotations

from srcdiff.rules import (
    builtins,
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
    systems,
    triangles,
)

__all__ = [
    "builtins",
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
    "systems",
    "triangles",
]
