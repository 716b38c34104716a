"""Pushing tangents up an expression tree.

    y = a * np.sin(b)      →      y_dot = a_dot * np.sin(b) + a * np.cos(b) * b_dot

The tangent of an expression is built from the tangents of its operands by the same rules that pull
a seed down: the partials of an elementwise function serve both ways, and a linear function is its
own derivative. None stands for a tangent that is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from srcdiff.analysis.activity import is_array_of_list, is_list_sum, smooth_names
from srcdiff.analysis.bind import Bound, bind_call, with_operands
from srcdiff.analysis.kinds import Inference
from srcdiff.analysis.unknowns import bound_or_refused, subject, why
from srcdiff.errors import Span, UnsupportedError
from srcdiff.frontend.lower import lower_template
from srcdiff.ir import nodes as n
from srcdiff.ir.algebra import total
from srcdiff.ir.build import ZERO, instantiate, mul, number
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import (
    Array,
    Kind,
    ListOf,
    TupleOf,
    dims_of,
    dtype_of,
    is_complex,
    is_number,
)
from srcdiff.ir.lists import mapped, zeros
from srcdiff.rules.registry import Template
from srcdiff.transform.adjoints import Tangents
from srcdiff.transform.guards import guards, may_be_singular
from srcdiff.transform.pull import NEW, Temporaries, cheap
from srcdiff.transform.spread import is_full, real_part, spread_shape, with_plain_shapes


def zero_like(place: n.Expr, kind: Kind) -> n.Expr:
    """The zero tangent of a value of this kind, which `place` holds; None where it has none."""
    match kind:
        case Array() if kind.dtype.kind in "fc":
            return np_call("zeros_like", place)
        case TupleOf():
            items = enumerate(kind.items)
            return n.Tuple(tuple(zero_like(n.Index(place, n.Const(i)), k) for i, k in items))
        case ListOf():
            return zeros(place, kind)
    dtype = dtype_of(kind)
    return ZERO if dtype is not None and dtype.kind in "fc" else n.Const(None)


def zero_start(place: n.Expr, kind: Kind) -> n.Expr:
    """The zero tangent of a variable's or a branch's value: an int has one where floats may follow.

    trips = 0           trips_dot = 0.0
    trips += x          trips_dot += x_dot
    """
    dtype = dtype_of(kind)
    number = not isinstance(kind, Array) and dtype is not None and dtype.kind in "biu"
    return ZERO if number else zero_like(place, kind)


class Pusher:
    """Builds the tangents of the expressions of one statement.

    Args:
        infer: kinds before the statement, those of tangents among them; NEW has the kind of the
            value that the statement assigns.
        varied: the variables that have a tangent.
        tangents: their names.
        temporaries: hands out names for tangents that are written several times.
        root: the whole right side, whose value is NEW; None where it gets no name.
    """

    def __init__(
        self,
        infer: Inference,
        varied: frozenset[str],
        tangents: Tangents,
        temporaries: Temporaries,
        root: n.Expr | None = None,
    ) -> None:
        self.infer = infer
        # Tangents that have got a name, to be assigned before the statement.
        self.lets: list[n.Stmt] = []
        self._temporaries = temporaries
        self._is_aside = False
        self.varied = varied
        self._tangents = tangents
        self._root = root
        self._span: Span | None = None

    def push(self, e: n.Expr) -> n.Expr | None:
        """The tangent of an expression: of its shape, or of one that broadcasts to it."""
        if not smooth_names(e, self.infer) & self.varied:
            return None
        outer, self._span = self._span, e.span or self._span
        tangent = self._push(e)
        self._span = outer
        return tangent

    def full(self, e: n.Expr) -> n.Expr | None:
        """The tangent of an expression, of its full shape (read-only)."""
        tangent = self.push(e)
        dims = dims_of(self.infer(e))
        if tangent is None or not dims or is_full(tangent, dims, self.infer):
            return tangent
        if is_array_of_list(e, self.infer):
            return tangent
        return spread_shape(tangent, e, dims, self.infer)

    def _push(self, e: n.Expr) -> n.Expr | None:
        match e:
            case n.Var():
                return n.Var(self._tangents.name(e.name))
            case n.Index() if bind_call(e, self.infer) is not None:
                return self._operation(e)
            case n.Index():
                base = self.full(e.base)
                return None if base is None else n.Index(base, e.key)
            case n.Choose():
                return self._choose(e)
            case n.List():
                return n.List(tuple(self._number(item) for item in e.items))
            case n.Tuple():
                return n.Tuple(tuple(self._or_zero(item) for item in e.items))
            case n.Call() if _is_ref(e.callee, np.where) and len(e.args) == 3:
                sides = (self._or_zero(x, ZERO) for x in e.args[1:])
                return n.Call(e.callee, (e.args[0], *sides))
            case n.Op() | n.Call() if isinstance(self.infer(e), ListOf) or _is_of_list(
                e, self.infer
            ):
                return self._list(e)
            case n.Op() | n.Call() | n.Field():
                return self._operation(e)
        self._refuse("this is not supported on values that are differentiated.")
        return None

    def _choose(self, e: n.Choose) -> n.Expr:
        """Only one side may be evaluated: nothing in them is assigned before the statement."""
        outer, self._is_aside = self._is_aside, True
        sides = [self._or_zero(x, zero_start(x, self.infer(x))) for x in (e.a, e.b)]
        self._is_aside = outer
        return n.Choose(e.test, *sides)

    def _or_zero(self, e: n.Expr, zero: n.Expr | None = None) -> n.Expr:
        """The tangent written out, also where it is zero."""
        tangent = self.push(e)
        if tangent is None:
            tangent = zero_like(e, self.infer(e)) if zero is None else zero
        return tangent

    def _number(self, e: n.Expr) -> n.Expr:
        """The tangent of an item of a list, whose items are all of one kind."""
        tangent = self.full(e)
        return self._or_zero(e, self.zero_item(e)) if tangent is None else tangent

    def zero_item(self, e: n.Expr) -> n.Expr:
        """The zero tangent of what is put into a list of floats."""
        zero = zero_like(e, self.infer(e))
        return ZERO if zero == n.Const(None) else zero

    def _display(self, e: n.Expr) -> n.Expr:
        """The tangent of an operand, those of the items of nested displays; zeros written out."""
        if isinstance(e, n.List | n.Tuple):
            items = tuple(map(self._display, e.items))
            return n.List(items) if isinstance(e, n.List) else n.Tuple(items)
        tangent = self.full(e)
        if tangent is not None:
            return tangent
        return np_call("zeros_like", e) if isinstance(self.infer(e), Array) else ZERO

    def _list(self, e: n.Op | n.Call) -> n.Expr:
        """A list made of others, and what is made of a list: the same, of their tangents."""
        if isinstance(e, n.Op):
            first = self._or_zero(e.args[0])
            return n.Op(e.op, (first, e.args[1] if e.op == "mul" else self._or_zero(e.args[1])))
        if isinstance(e.callee, n.Field):
            if e.callee.name != "copy":
                self._refuse(*why(e, self.infer))
            return n.Call(n.Field(self._or_zero(e.callee.base), "copy"))
        if mapped(e) is not None:
            self._refuse("map is not supported on values that are differentiated.", "use a loop.")
        return n.Call(e.callee, (self._or_zero(e.args[0]), *e.args[1:]), e.keywords)

    # --- operations -----------------------------------------------------------------------------

    def _operation(self, e: n.Op | n.Call | n.Field | n.Index) -> n.Expr | None:
        bound = bound_or_refused(e, self.infer, self._span)
        rule = bound.rule
        active = [
            name
            for name in dict.fromkeys((*rule.pulls, *rule.pushes, *rule.linear))
            if name in bound.parts and smooth_names(bound.parts[name], self.infer) & self.varied
        ]
        tangent = self._tangent(e, bound, active)
        if tangent is None or is_complex(bound.kind) or not is_complex(self.infer(tangent)):
            return tangent
        return real_part(tangent)

    def _tangent(self, e: n.Expr, bound: Bound, active: list[str]) -> n.Expr | None:
        rule = bound.rule
        if rule.joint:
            linear = [name for name in rule.linear if name in bound.operands]
            values = {name: self._display(bound.operands[name]) for name in linear}
            return with_operands(e, self.infer, values)
        parts = [self._part(e, bound, name) for name in active]
        return total(parts) if parts else None

    def _part(self, e: n.Expr, bound: Bound, name: str) -> n.Expr:
        """The part of the tangent that comes by one operand."""
        rule, operand = bound.rule, bound.parts[name]
        if rule.elementwise:
            tangent = self.push(operand)
            assert tangent is not None
            return self._partial(rule.pulls[name].template, e, bound, tangent)
        full = self.full(operand)
        assert full is not None
        if name in rule.pushes:
            return self._filled_in(rule.pushes[name], {**self._values(e, bound), "t": full})
        if name not in rule.linear:
            self._refuse(
                f"{subject(e)}: there is no forward rule for it.", "use reverse mode: vjp or grad."
            )
        return with_operands(e, self.infer, {name: full})

    def _values(self, e: n.Expr, bound: Bound) -> dict[str, n.Expr]:
        """What the parameters of a rule's templates stand for."""
        return {**bound.operands, "y": NEW if e is self._root else e}

    def _partial(self, template: Template, e: n.Expr, bound: Bound, tangent: n.Expr) -> n.Expr:
        """A partial times a tangent; nothing where that is zero and the partial not finite."""
        values = self._values(e, bound)
        if number(tangent) is not None or not may_be_singular(e, bound, self.infer):
            return self._times(template, values, tangent)
        named = self._named(tangent)
        if is_number(bound.kind):
            value = self._times(template, values, named)
            return n.Choose(n.Compare(("ne",), (named, ZERO)), value, ZERO)
        values |= guards(e, bound, named, values, self.infer)
        return self._times(template, values, named)

    def _times(self, template: Template, values: Mapping[str, n.Expr], tangent: n.Expr) -> n.Expr:
        value = self._filled_in(template, {**values, "d": tangent})
        return value if "d" in lower_template(template)[0] else mul(value, tangent)

    def _filled_in(self, template: Template, values: Mapping[str, n.Expr]) -> n.Expr:
        """A rule's template with values for its parameters."""
        _, body = lower_template(template)
        return with_plain_shapes(instantiate(body, values), self.infer)

    def _named(self, tangent: n.Expr) -> n.Expr:
        """The tangent, under a name where it is long and may be computed before the statement."""
        if self._is_aside or cheap(tangent, twice=True):
            return tangent
        name = self._temporaries.fresh()
        self.lets.append(n.Assign(name, tangent))
        env = {**self.infer.env, name.name: self.infer(tangent)}
        self.infer = replace(self.infer, env=env)
        return name

    def _refuse(self, reason: str, remedy: str | None = None) -> Any:
        raise UnsupportedError(reason, self._span, None, remedy)


def _is_of_list(e: n.Expr, infer: Inference) -> bool:
    is_list = isinstance(infer(e), ListOf)
    return is_list or is_list_sum(e, infer) or is_array_of_list(e, infer)


def _is_ref(callee: n.Expr, value: Any) -> bool:
    return isinstance(callee, n.Ref) and callee.value is value
