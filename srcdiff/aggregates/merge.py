"""Two states where paths meet: one state, and what each path copies to come to it.

    if c:                           if c:
        p = P(a)                        p_x = a
    else:                   →       else:
        p = q                           p_x = q_x

An object that one path made and another that the other path has become one, whose fields are
copied. If a further name stands for one of the two, the object must not change afterwards: it
would have to change under one name on one path and under both on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from srcdiff.aggregates.values import Cell, Items, Lost, Made, Method, Nested, Plain, State, Value
from srcdiff.ir import nodes as n

Copies = list[tuple[n.Var, n.Expr]]


@dataclass
class Merge:
    """Merges two states; `fresh` gives names, `number` numbers for objects."""

    a: State
    b: State
    fresh: Callable[[str], str]
    number: Callable[[], int]
    copies_a: Copies = field(default_factory=list)
    copies_b: Copies = field(default_factory=list)
    _out: State = field(default_factory=State)
    _pairs: dict[tuple[int, int], int] = field(default_factory=dict)
    # The partners of each object on the other path; None for names that only one path has.
    _of_a: dict[int, set[int | None]] = field(default_factory=dict)
    _of_b: dict[int, set[int | None]] = field(default_factory=dict)
    # The objects whose variables hold what both paths agreed on.
    _kept: set[int] = field(default_factory=set)
    _claimed: set[int] = field(default_factory=set)

    def run(self) -> State:
        """The state after both paths, its kinds excepted."""
        self._outside()
        a, b = self.a.env, self.b.env
        both = [name for name in a if name in b]
        self._alone(a, b)
        both.sort(key=lambda name: a[name] != b[name])
        for name in both:
            value = a[name]
            if isinstance(value, Made) and value == b[name]:
                # What has not been bound anew stays what it is.
                self._kept.add(value.id)
                self._claimed.add(value.id)
        merged = {name: self._value(a[name], b[name], name) for name in both}
        for name in (*a, *b):
            if name in merged:
                continue
            mine, other = (a, self.b) if name in a else (b, self.a)
            if name in other.kinds:
                merged[name] = Lost(f"{name!r} is an object on one path, and is none on another.")
            else:
                merged[name] = mine[name]
                self._carry(self.a if name in a else self.b, mine[name])
        self._out.env = merged
        self._mark()
        return self._out

    def _outside(self) -> None:
        """Objects from outside are there on both paths, whether a path has met them or not."""
        for one, other in ((self.a, self.b), (self.b, self.a)):
            for name, value in one.env.items():
                if name.startswith("<") and name not in other.env:
                    assert isinstance(value, Made)
                    other.env[name] = value
                    cell = other.heap.setdefault(value.id, one.heap[value.id].copy())
                    cell.fields, cell.changed = {}, {}

    def _alone(self, a: dict[str, Value], b: dict[str, Value]) -> None:
        for state, env, other, of in ((self.a, a, b, self._of_a), (self.b, b, a, self._of_b)):
            alone = [v for name, v in env.items() if name not in other]
            for number in state.reached(*alone):
                of.setdefault(number, set()).add(None)

    def _carry(self, state: State, value: Value) -> None:
        """Keeps the objects of a variable that only one path has."""
        for number in state.reached(value):
            if number not in self._out.heap:
                self._out.heap[number] = state.heap[number].copy()

    def _mark(self) -> None:
        """Objects that are no longer one under all of their names must not change."""
        for (x, y), number in self._pairs.items():
            if x != y and (len(self._of_a[x]) > 1 or len(self._of_b[y]) > 1):
                for one in (x, y, number):
                    if one in self._out.heap:
                        self._out.heap[one].copied = True

    # --- values ---------------------------------------------------------------------------------

    def _value(self, x: Value, y: Value, wish: str) -> Value:
        if isinstance(x, Lost):
            return x
        if isinstance(x, Made) and isinstance(y, Made):
            return self._made(x.id, y.id, wish)
        if isinstance(x, Items) and isinstance(y, Items) and len(x.items) == len(y.items):
            pairs = enumerate(zip(x.items, y.items, strict=True))
            return Items(tuple(self._item(p, q, f"{wish}_{i}") for i, (p, q) in pairs))
        if isinstance(x, Method) and isinstance(y, Method) and x.function is y.function:
            return Method(x.function, self._value(x.owner, y.owner, wish))
        if isinstance(x, Nested) and isinstance(y, Nested) and x.code is y.code:
            if x.defaults == y.defaults:
                return x
        if isinstance(y, Lost):
            return y
        return Lost(f"{wish!r} is not the same sort of object on all paths.")

    def _item(self, x: Value, y: Value, wish: str) -> Value:
        if isinstance(x, Plain) and isinstance(y, Plain):
            if x == y:
                return x
            var = n.Var(self.fresh(wish))
            self.copies_a.append((var, x.expr))
            self.copies_b.append((var, y.expr))
            return Plain(var)
        return self._value(x, y, wish)

    # --- objects --------------------------------------------------------------------------------

    def _made(self, x: int, y: int, wish: str) -> Value:
        if (x, y) in self._pairs:
            return Made(self._pairs[x, y])
        one, two = self.a.heap[x], self.b.heap[y]
        if one.cls is not two.cls:
            return Lost(
                f"{wish!r} is a {one.cls.__name__} on one path, a {two.cls.__name__} on another."
            )
        if one.cls in (list, dict) and list(one.fields) != list(two.fields):
            return Lost(f"{wish!r} does not hold the same items on all paths.")
        if one.outside is not two.outside:
            return Lost(f"{wish!r} is an object from outside on one path alone.")
        self._of_a.setdefault(x, set()).add(y)
        self._of_b.setdefault(y, set()).add(x)
        number, cell = self._chosen(x, y, wish)
        self._pairs[x, y] = number
        self._out.heap[number] = cell
        cell.copied = one.copied or two.copied
        cell.changed = one.changed | two.changed
        for key in dict.fromkeys((*one.fields, *two.fields)):
            fields = one.fields.get(key), two.fields.get(key)
            cell.fields[key] = self._field(cell, key, *fields)
        return Made(number)

    def _chosen(self, x: int, y: int, wish: str) -> tuple[int, Cell]:
        """Whose variables the merged object has: the older one's, unless they are taken."""
        one, two = self.a.heap[x], self.b.heap[y]
        # Copies are made at once, so that only a name that one path alone has stands in the way.
        if x == y and x in self._claimed:
            return x, _empty(one)
        free_a = x not in self._kept and (x == y or None not in self._of_b.get(x, ()))
        free_b = y not in self._kept and (x == y or None not in self._of_a.get(y, ()))
        if free_a and (x <= y or not free_b):
            self._kept.add(x)
            return x, _empty(one)
        if free_b:
            self._kept.add(y)
            return y, _empty(two)
        number = self.number()
        return number, Cell(one.cls, wish, outside=one.outside, span=one.span)

    def _field(self, cell: Cell, key: Any, x: Value | None, y: Value | None) -> Value:
        if cell.outside is not None and (x is None or y is None):
            there = Plain(n.Field(cell.outside, key))
            x, y = x or there, y or there
        if x is None or y is None:
            present = x or y
            assert present is not None
            self._carry(self.a if x is not None else self.b, present)
            return present
        if isinstance(x, Plain) and isinstance(y, Plain):
            if x == y and not isinstance(x.expr, n.Var):
                return x
            if key not in cell.slots:
                cell.slots[key] = self.fresh(f"{cell.prefix}_{key}")
            var = n.Var(cell.slots[key])
            if x.expr != var:
                self.copies_a.append((var, x.expr))
            if y.expr != var:
                self.copies_b.append((var, y.expr))
            return Plain(var)
        return self._value(x, y, f"{cell.prefix}_{key}")


def _empty(cell: Cell) -> Cell:
    out = cell.copy()
    out.fields = {}
    return out
