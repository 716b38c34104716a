"""A function that makes, takes or changes objects, as one over their fields.

def f(x, v):                            def f(x, v):
    p = Particle(x, v)                      p_x, p_v = x, v
    for _ in range(3):          →           for _ in range(3):
        p.step(0.1)                             p_x += 0.1 * p_v
    return p.x                              return p_x
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from srcdiff.aggregates import calls, containers, expressions, inlined, statements
from srcdiff.aggregates.attributes import external, store_field
from srcdiff.aggregates.inlined import labels, owner_of, ready
from srcdiff.aggregates.machine import Again, Frame, Machine, Surroundings
from srcdiff.aggregates.values import Made, Plain, Value
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import DictOf, ItemsOf, Kind, RecordOf, TupleOf
from srcdiff.ir.walk import names_of
from srcdiff.normalize.trees import Tree


def objects_apart(
    function: n.Function, kinds: Mapping[str, Kind], world: Surroundings
) -> n.Function:
    """The function without objects of the user's classes.

    Raises:
        UnsupportedError: what happens to an object cannot be followed.
    """
    copied: list[Again] = []
    while True:
        try:
            return evaluated(function, machine(function, world), kinds, copied)
        except Again as found:
            copied.append(found)


def records_apart(
    function: n.Function,
    kinds: Mapping[str, Kind],
    trees: Mapping[str, Tree],
    world: Surroundings,
    names: Names,
) -> n.Block:
    """The body of a function for the leaves of these parameters.

    Raises:
        UnsupportedError: what happens to an object cannot be followed.
    """
    inner = {str(leaf.name): leaf.kind for tree in trees.values() for leaf in tree.leaves()}
    inner |= {name: kind for name, kind in kinds.items() if name not in trees}
    copied: list[Again] = []
    while True:
        m = Machine(world, names.copy(), _STEPS)
        m.state.kinds = dict(inner)
        for name, tree in trees.items():
            m.bind(name, _held(m, tree, name), function.span)
        start, m.out = m.out, []
        assert not start
        try:
            body = evaluated(function, m, inner, copied).body
        except Again as found:
            copied.append(found)
            continue
        names.join(m.names)
        return body


def _held(m: Machine, tree: Tree, prefix: str) -> Value:
    """A part of a parameter that is taken apart."""
    if tree.name is not None:
        return Plain(n.Var(tree.name))
    items = {key: _held(m, item, f"{prefix}_{key}") for key, item in tree.items}
    if isinstance(tree.kind, TupleOf):
        return containers.tuple_of(m, tuple(items.values()), None)
    kinds = {ItemsOf: list, DictOf: dict}
    cls = tree.kind.cls if isinstance(tree.kind, RecordOf) else kinds[type(tree.kind)]
    made, cell = m.make(cls, prefix, None)
    for key, v in items.items():
        key = str(key) if isinstance(key, str) else key
        cell.fields[key] = v
        if isinstance(v, Plain) and isinstance(v.expr, n.Var):
            cell.slots[key] = v.expr.name
    return made


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


def evaluated(
    function: n.Function, m: Machine, kinds: Mapping[str, Kind], copied: Sequence[Again] = ()
) -> n.Function:
    """The function that a machine writes, which knows the parameters already.

    `copied`: arrays of objects from outside that are written into, and are copied first.
    """
    function = ready(function)
    m.state.kinds = {**kinds, **m.state.kinds}
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
    for found in copied:
        _copy_first(m, found)
    try:
        statements.block(m, function.body)
    except UnsupportedError as error:
        raise error.inside(function.name) from None
    if not m.ended:
        statements.write_back(m, function.span)
    return replace(function, body=tuple(m.out), flat=True)


def _copy_first(m: Machine, found: Again) -> None:
    """Puts a copy of an object's array into a variable, which stands for it from here on."""
    owner = external(m, found.place.base)
    assert isinstance(owner, Made)
    m.local.add((owner.id, found.place.name))
    copy = n.Call(n.Field(found.place, "copy"), (), span=found.place.span)
    store_field(m, owner, found.place.name, Plain(copy), found.place.span)


def _method_of(function: n.Function) -> tuple[type | None, str]:
    owner = owner_of(function.origin) if function.origin is not None else None
    return owner, function.params[0].name if function.params else ""
