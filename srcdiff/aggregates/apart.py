"""A function that makes, takes or changes objects, as one over their fields.

def f(x, v):                            def f(x, v):
    p = Particle(x, v)                      p_x, p_v = x, v
    for _ in range(3):          →           for _ in range(3):
        p.step(0.1)                             p_x += 0.1 * p_v
    return p.x                              return p_x
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from srcdiff.aggregates import calls, expressions, inlined, statements
from srcdiff.aggregates.inlined import labels, owner_of, ready
from srcdiff.aggregates.machine import Frame, Machine, Surroundings
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind
from srcdiff.ir.walk import names_of


def objects_apart(
    function: n.Function, kinds: Mapping[str, Kind], world: Surroundings
) -> n.Function:
    """The function without objects of the user's classes.

    Raises:
        UnsupportedError: what happens to an object cannot be followed.
    """
    return evaluated(function, machine(function, world), kinds)


def machine(function: n.Function, world: Surroundings) -> Machine:
    """What evaluates a function."""
    return Machine(world, Names(names_of(function)), _STEPS)


class _Steps:
    """The parts of the evaluation."""

    value = staticmethod(expressions.value)
    plain = staticmethod(expressions.plain)
    truth = staticmethod(expressions.truth)
    put = staticmethod(statements.put)
    block = staticmethod(statements.block)
    applied = staticmethod(calls.applied)
    invoke = staticmethod(inlined.invoke)


_STEPS = _Steps()


def evaluated(function: n.Function, m: Machine, kinds: Mapping[str, Kind]) -> n.Function:
    """The function that a machine writes, which knows the parameters already."""
    function = ready(function)
    m.state.kinds = dict(kinds)
    owner, first = _method_of(function)
    m.frames.append(
        Frame(
            function.name,
            function.name,
            function.origin or function,
            owner,
            first,
            labels=labels(function),
        )
    )
    try:
        statements.block(m, function.body)
    except UnsupportedError as error:
        raise error.inside(function.name) from None
    if not m.ended:
        statements.write_back(m, function.span)
    return replace(function, body=tuple(m.out))


def _method_of(function: n.Function) -> tuple[type | None, str]:
    owner = owner_of(function.origin) if function.origin is not None else None
    return owner, function.params[0].name if function.params else ""
