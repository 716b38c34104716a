"""What a variable may stand for while a function is evaluated without its numbers.

Numbers and arrays stay expressions of the text. Objects, and the containers that hold objects, are
known one by one: which object a name stands for, and which variable holds each of its fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from srcdiff.errors import Span
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Kind


@dataclass(frozen=True)
class Value:
    """What an expression gives."""


@dataclass(frozen=True)
class Plain(Value):
    """What the text computes: an expression over its variables."""

    expr: n.Expr


@dataclass(frozen=True)
class Made(Value):
    """An object, list or dict by its number: two names with one number have one object."""

    id: int


@dataclass(frozen=True)
class Items(Value):
    """A tuple with objects in it."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Method(Value):
    """A function of a class together with what it is bound to."""

    function: Any
    owner: Value


@dataclass(frozen=True)
class Nested(Value):
    """A function defined inside, which reads variables that stand for objects."""

    code: n.Code
    defaults: tuple[tuple[str, Value], ...]
    # What the names around it mean.
    names: Mapping[str, n.Expr] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Lost(Value):
    """A variable of which it is not known what it stands for: that matters where it is read."""

    reason: str


@dataclass
class Cell:
    """One object.

    Attributes:
        cls: its class; `list` and `dict` for containers.
        prefix: what the variables for its fields are named after.
        fields: what each field holds: by name, by position or by key.
        slots: the variable for each field that the text holds.
        outside: for an object that was there before: the expression that gives it. Its fields are
            read there until they are assigned to.
        changed: the fields of such an object that were assigned to, and where.
        copied: whether the object was copied where two paths meet although another name may stand
            for it: it must not change any more.
    """

    cls: type
    prefix: str
    fields: dict[Any, Value] = field(default_factory=dict)
    slots: dict[Any, str] = field(default_factory=dict)
    outside: n.Expr | None = None
    changed: dict[str, Span | None] = field(default_factory=dict)
    copied: bool = False
    span: Span | None = None

    def copy(self) -> Cell:
        """A cell that goes on from here on its own."""
        return Cell(
            self.cls,
            self.prefix,
            dict(self.fields),
            dict(self.slots),
            self.outside,
            dict(self.changed),
            self.copied,
            self.span,
        )


@dataclass
class State:
    """What is known at one point of the function.

    Attributes:
        env: the variables that stand for objects; all others are variables of the text.
        heap: the objects, by number.
        kinds: the kinds of the text's variables.
    """

    env: dict[str, Value] = field(default_factory=dict)
    heap: dict[int, Cell] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)

    def copy(self) -> State:
        """A state that goes on from here on its own."""
        heap = {number: cell.copy() for number, cell in self.heap.items()}
        return State(dict(self.env), heap, dict(self.kinds))

    def reached(self, *values: Value) -> frozenset[int]:
        """The objects that these values are made of."""
        seen: set[int] = set()
        todo = list(values)
        while todo:
            for number in numbers(todo.pop()):
                if number not in seen and number in self.heap:
                    seen.add(number)
                    todo += self.heap[number].fields.values()
        return frozenset(seen)


def numbers(value: Value) -> Iterator[int]:
    """The objects that a value mentions by itself."""
    match value:
        case Made():
            yield value.id
        case Items():
            for item in value.items:
                yield from numbers(item)
        case Method():
            yield from numbers(value.owner)
        case Nested():
            for _, default in value.defaults:
                yield from numbers(default)
