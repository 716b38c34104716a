"""Whether objects are made, taken or changed in a function: only then is it taken apart."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Protocol

from srcdiff.aggregates import classes
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.kinds import Kind, Object
from srcdiff.ir.walk import expressions, statements, subexpressions
from srcdiff.normalize.trees import has_records
from srcdiff.rules.registry import lookup


@dataclass(frozen=True)
class Containers:
    """How containers of numbers are taken apart: whether regular lists in lists are, too."""

    nested: bool


class Surroundings(Protocol):
    """Where functions and globals come from."""

    def is_user_function(self, value: Any) -> bool:
        """Whether a callable is a function that we derive ourselves."""

    def callee(self, value: Any) -> Callee:
        """One of the user's functions."""

    def global_kind(self, e: n.Global | n.Field) -> Kind:
        """The kind of a free variable now."""


def works_on_objects(world: Surroundings, function: n.Function, kinds: Mapping[str, Kind]) -> bool:
    """Whether a function makes objects, or changes some that it is given."""
    if any(changes_itself(kind) for kind in kinds.values()):
        return True
    return makes_objects(world, Callee(function, function))


def makes_objects(world: Surroundings, callee: Callee) -> bool:
    """Whether a function, or one that it calls, names a class of the user's, or changes an object
    that it reaches by name.
    """
    seen: set[Any] = set()
    todo = [callee.function]
    while todo:
        function = todo.pop()
        if function in seen:
            continue
        seen.add(function)
        for e in _all(function):
            if concerns_objects(world, e):
                return True
            if isinstance(e, n.Ref) and isinstance(e.value, FunctionType):
                if world.is_user_function(e.value) and lookup(e.value) is None:
                    try:
                        todo.append(world.callee(e.value).function)
                    except UnsupportedError:
                        continue
        for s in statements(function.body):
            if isinstance(s, n.Assign | n.Update) and _stores_field(world, s.target):
                return True
    return False


def concerns_objects(world: Surroundings, e: n.Expr) -> bool:
    """Whether an expression names a class of the user's, or an object that changes itself."""
    for x in subexpressions(e):
        if isinstance(x, n.Ref) and classes.is_record(x.value):
            return True
        if isinstance(x, n.Ref) and changes_itself(Object(type(x.value))):
            return True
        if isinstance(x, n.Global) and changes_itself(world.global_kind(x)):
            return True
        if isinstance(x, n.OpaqueExpr) and any(concerns_objects(world, y) for y in x.free):
            return True
    return False


def _stores_field(world: Surroundings, target: n.Expr) -> bool:
    if isinstance(target, n.Tuple):
        return any(_stores_field(world, t) for t in target.items)
    return isinstance(target, n.Field) and not isinstance(target.base, n.Ref)


def _all(function: n.Function) -> Iterator[n.Expr]:
    for s in statements(function.body):
        if isinstance(s, n.Opaque):
            yield from s.free
        for e in expressions(s):
            for x in subexpressions(e):
                yield x
                if isinstance(x, n.Closure):
                    yield from _all(x.code.function)


def holds(value: Any) -> bool:
    """Whether a value is a container of objects, or an object that holds one."""
    if type(value) in (tuple, list):
        return any(classes.is_record(type(item)) or holds(item) for item in value)
    if type(value) is dict:
        return holds(list(value.values()))
    if classes.is_record(type(value)):
        return any(holds(item) for item in classes.attributes_of(value).values())
    return False


def changes_itself(kind: Kind) -> bool:
    """Whether an object has to be followed: methods assign to its attributes, or it holds others in
    a list, tuple or dict.
    """
    if has_records(kind):
        return True
    if not isinstance(kind, Object) or not classes.is_record(kind.cls):
        return False
    if kind.value is not None and any(
        holds(value) for value in classes.attributes_of(kind.value).values()
    ):
        return True
    for k in kind.cls.__mro__:
        for name, value in vars(k).items():
            if name in ("__init__", "__post_init__", "__new__"):
                continue
            if isinstance(value, FunctionType) and not classes.is_made(value):
                if any(i.opname == "STORE_ATTR" for i in dis.get_instructions(value)):
                    return True
    return False
