"""All programs of the zoo, in one list."""

from __future__ import annotations

from tests.zoo import (  # noqa: F401  (importing registers)
    arrays,
    attempts,
    broadcasting,
    builtins,
    calls,
    complexes,
    comprehensions,
    conditions,
    control_flow,
    edge,
    found,
    functions,
    fuzzed,
    headers,
    indexing,
    inplace,
    iteration,
    joining,
    jumps,
    kernels,
    lists,
    loops,
    managers,
    matching,
    object_graphs,
    objects,
    rebinding,
    recursion,
    reductions,
    scalars,
    sharing,
    signatures,
    simulations,
    stores,
    systems,
    writers,
)
from tests.zoo.registry import PROGRAMS, Program

__all__ = ["PROGRAMS", "Program", "named"]


def named(name: str) -> Program:
    return next(p for p in PROGRAMS if p.name == name)
