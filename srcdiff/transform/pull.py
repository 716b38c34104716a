"""Pulling a seed down an expression tree.

    y = a * np.sin(b), seed dy      →      da += dy * np.sin(b)
                                           db += a * dy * np.cos(b)

The seed of an expression is the adjoint of its value. It is pushed to the leaves through the rules'
templates and gets a name only where it is used more than once. What arrives at a leaf is a
contribution to the adjoint of that place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.analysis.activity import is_array_of_list, is_list_sum, smooth_names
from srcdiff.analysis.bind import Bound, bind_call
from srcdiff.analysis.keys import copies, may_repeat
from srcdiff.analysis.kinds import Inference
from srcdiff.analysis.unknowns import bound_or_refused
from srcdiff.errors import Span, UnsupportedError
from srcdiff.frontend.lower import lower_template
from srcdiff.ir import nodes as n
from srcdiff.ir.build import ZERO, instantiate, mul, number
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import (
    UNKNOWN,
    Array,
    Kind,
    ListOf,
    Number,
    TupleOf,
    dims_of,
    is_complex,
    is_float,
    is_number,
    not_one,
    same_dims,
)
from srcdiff.ir.show import show
from srcdiff.ir.walk import names_in, subexpressions
from srcdiff.rules.registry import Template
from srcdiff.transform.guards import callee, guards
from srcdiff.transform.spread import (
    as_complex,
    real_part,
    reduce_to,
    same_array,
    spread,
    with_plain_shapes,
    without_axes,
)
from srcdiff.transform.zeros import SINGULAR, masks, selects

# Stands for the value that the statement has just assigned, in what is pulled from it.
NEW = n.Var("<new>")


@dataclass(frozen=True)
class Seed:
    """The adjoint of an expression's value.

    Attributes:
        value: an expression of the value's shape, or of one that broadcasts to it.
        masks: conditions of `np.where` on the way, innermost last, each with the side taken. They
            are applied last, after the partials: zero times infinity is not zero.
        may_be_zero: whether it can be exactly zero although the derivative is wanted.
        skipped: whether that is because a branch may not have used the value.
    """

    value: n.Expr
    masks: tuple[tuple[n.Expr, bool], ...] = ()
    may_be_zero: bool = False
    skipped: bool = False


# The loop over a list, given what is added to the item of its adjoint at an index.
OverList = Callable[[n.Var, Callable[[n.Var], n.Expr]], n.Stmt]


@dataclass
class Pulled:
    """What pulling gave: named seeds, in order, and contributions to the adjoints of places."""

    lets: list[n.Stmt] = field(default_factory=list)
    parts: list[tuple[n.Place, n.Expr]] = field(default_factory=list)


class Puller:
    """Pulls the seed of one statement.

    Args:
        infer: kinds before the statement; NEW has the kind of the value assigned.
        varied: the variables whose adjoints are wanted.
        temporaries: hands out names for seeds.
        root: the whole right side, whose result is NEW; None where the result has no place.
        over_list: gives the loop that adds something to each item of the adjoint of a list.
    """

    def __init__(
        self,
        infer: Inference,
        varied: frozenset[str],
        temporaries: Temporaries,
        root: n.Expr | None = None,
        over_list: OverList | None = None,
    ) -> None:
        self.out = Pulled()
        self._infer = infer
        self._varied = varied
        self._temporaries = temporaries
        self._root = root
        self._over_list = over_list
        self._span: Span | None = None

    def over_list(self, xs: n.Var, item: Callable[[n.Var], n.Expr]) -> None:
        """Adds to each item of the adjoint of a list what `item` gives for its index."""
        assert self._over_list is not None
        self.out.lets.append(self._over_list(xs, item))

    def pull(self, e: n.Expr, seed: Seed) -> None:
        """Adds the contributions of the seed `seed` of `e` to `out`."""
        outer, self._span = self._span, e.span or self._span
        if smooth_names(e, self._infer) & self._varied:
            self._pull(e, seed)
        self._span = outer

    def _pull(self, e: n.Expr, seed: Seed) -> None:
        match e:
            case n.Var():
                self._leaf(e, seed)
            case n.Index() if bind_call(e, self._infer) is not None:
                self._operation(e, seed)
            case n.Index():
                self._index(e, seed)
            case n.Call() if self._is_where(e):
                self._where(e, seed)
            case n.Call() if is_list_sum(e, self._infer) or is_array_of_list(e, self._infer):
                self._list(e, seed)
            case n.Choose():
                self._refuse(
                    "this conditional expression stands where only one side may be evaluated.",
                    "write it as an if statement.",
                )
            case n.Op() | n.Call() | n.Field():
                self._operation(e, seed)
            case _:
                self._refuse(
                    f"{_describe(e)} is not supported on values that are differentiated.",
                    "make it an array: np.array([...])." if isinstance(e, n.Tuple) else None,
                )

    # --- leaves ---------------------------------------------------------------------------------

    def _leaf(self, place: n.Place, seed: Seed) -> None:
        kind = self._infer(place)
        if kind == UNKNOWN:
            self._refuse(
                f"it is not known what {show(place)} is: the arguments do not tell its type."
            )
        if isinstance(kind, TupleOf) or dims_of(kind) is None:
            self._refuse(
                f"{show(place)} holds several values; only numbers and arrays are supported yet.",
                "unpack it into names.",
            )
        value = self._unmasked(seed).value
        if isinstance(place, n.Var):
            value = spread(value, place, kind, self._infer)
            value = as_complex(value, kind, self._infer)
        self.out.parts.append((place, value))

    def _index(self, e: n.Index, seed: Seed) -> None:
        base = self._infer(e.base)
        if isinstance(base, ListOf) and is_number(self._infer(e.key)):
            if not is_view_of_variable(e.base, self._infer):
                self._refuse("this list has no name.", "assign it to a name first.")
            self._leaf(e, seed)
            return
        if not isinstance(base, Array):
            self._refuse(f"{show(e.base)} is not an array whose dimensions are known.")
            return
        if _only_expands(e.key):
            self._expanded(e, seed)
            return
        if is_view_of_variable(e.base, self._infer):
            self._leaf(e, seed)
            return
        # The base has no place of its own: its adjoint is zero but for what was read.
        value = self._unmasked(seed).value
        like = same_array(e.base, base, self._infer) or e.base
        whole = self._name(np_call("zeros_like", like), base)
        part = n.Index(whole, e.key)
        repeats = may_repeat(e.key, self._infer)
        self.out.lets.append(n.Update(part, "add_at", value) if repeats else n.Assign(part, value))
        self.pull(e.base, Seed(whole, may_be_zero=True))

    def _expanded(self, e: n.Index, seed: Seed) -> None:
        """`x[:, None]` only adds axes of length 1, which are taken off its adjoint."""
        kind = self._infer(e)
        value = self._unmasked(seed).value
        if dims_of(self._infer(value)) != ():
            value = without_axes(spread(value, e, kind, self._infer), e.key)
        self.pull(e.base, Seed(value, may_be_zero=seed.may_be_zero or bool(seed.masks)))

    # --- operations -----------------------------------------------------------------------------

    def _operation(self, e: n.Op | n.Call | n.Field | n.Index, seed: Seed) -> None:
        bound = bound_or_refused(e, self._infer, self._span)
        active = [
            name
            for name in bound.rule.pulls
            if name in bound.parts and smooth_names(bound.parts[name], self._infer) & self._varied
        ]
        if not bound.rule.elementwise:
            seed = self._unmasked(seed)
        templates = {name: self._template(bound, name, seed) for name in active}
        seed = self._fit(e, bound, templates, seed)
        if bound.rule.seed is not None:
            seed = self._shared_part(e, bound, bound.rule.seed, seed)
        templates = {name: self._template(bound, name, seed) for name in active}
        uses = sum(_count(t[1], "d") or ("d" not in t[0]) for t in templates.values())
        guarded = bool(bound.rule.safe) and self._is_guarded(e, bound, seed)
        if (uses > 1 or guarded) and not cheap(seed.value, twice=uses > 1):
            kind = self._infer(seed.value)
            seed = replace(seed, value=self._name(seed.value, kind))
        for name in active:
            self._operand(e, bound, name, templates[name], seed, guarded)

    def _is_guarded(self, e: n.Expr, bound: Bound, seed: Seed) -> bool:
        """Whether a zero seed may meet a partial that is not finite."""
        if not seed.may_be_zero or not is_number(bound.kind):
            return seed.may_be_zero
        if callee(e) not in SINGULAR:
            return True
        # Python raises where such a function is infinite.
        return seed.skipped and not isinstance(bound.kind, Number)

    def _template(self, bound: Bound, name: str, seed: Seed) -> tuple[tuple[str, ...], n.Expr]:
        pull = bound.rule.pulls[name]
        use_scalar = pull.scalar is not None and dims_of(self._infer(seed.value)) == ()
        template: Template = pull.scalar if use_scalar and pull.scalar else pull.template
        return lower_template(template)

    def _fit(self, e: n.Expr, bound: Bound, templates: Mapping[str, Any], seed: Seed) -> Seed:
        """The seed in the shape that the templates rely on."""
        rule = bound.rule
        if rule.elementwise or dims_of(rule.kind) in ((), None):
            return seed
        scalar = rule.seed is None and dims_of(self._infer(seed.value)) == ()
        if scalar and all(rule.pulls[name].scalar is not None for name in templates):
            return seed
        return replace(seed, value=spread(seed.value, self._result(e), rule.kind, self._infer))

    def _shared_part(self, e: n.Expr, bound: Bound, template: Template, seed: Seed) -> Seed:
        """The seed as the templates share it."""
        _, body = lower_template(template)
        values = {**bound.operands, "y": self._result(e), "d": seed.value}
        return replace(seed, value=with_plain_shapes(instantiate(body, values), self._infer))

    def _result(self, e: n.Expr) -> n.Expr:
        """What a template reads as `y`: the place assigned to, or the expression once more."""
        return NEW if e is self._root else e

    def _operand(
        self,
        e: n.Expr,
        bound: Bound,
        name: str,
        template: tuple[tuple[str, ...], n.Expr],
        seed: Seed,
        guarded: bool,
    ) -> None:
        params, body = template
        operand = bound.parts[name]
        values = {**bound.operands, "y": self._result(e), "d": seed.value}
        if guarded:
            values |= guards(e, bound, seed.value, values, self._infer)
        value = with_plain_shapes(instantiate(body, values), self._infer)
        if "d" not in params:
            value = mul(seed.value, value)
        if number(seed.value) is not None and masks(e, self._infer):
            # A mask is not a number: times 1 it would stay a mask, and it has no sign.
            a, b = (bound.operands[x] for x in ("a", "b"))
            value = n.Op("mul", (seed.value, b) if name == "a" else (a, seed.value))
        if selects(e) or masks(e, self._infer):
            seed = replace(seed, may_be_zero=True)
        if self._loses_imaginary(bound, operand, value):
            value = real_part(value)
        if not bound.rule.elementwise:
            self.pull(operand, replace(seed, value=value, masks=()))
            return
        target, dims = self._infer(operand), dims_of(bound.kind)
        assert dims is not None
        own = dims_of(target)
        if own is None or not same_dims(own, dims):
            seed = self._unmasked(replace(seed, value=value))
            value = reduce_to(seed.value, operand, e, dims, target, self._infer)
        self.pull(operand, replace(seed, value=value))

    def _loses_imaginary(self, bound: Bound, operand: n.Expr, value: n.Expr) -> bool:
        """Whether a contribution to a real operand of a complex value may be complex."""
        complex_result = is_complex(bound.kind) and not is_complex(self._infer(operand))
        return complex_result and not is_float(self._infer(value))

    # --- np.where ------------------------------------------------------------------------------

    def _is_where(self, e: n.Call) -> bool:
        return isinstance(e.callee, n.Ref) and e.callee.value is np.where and len(e.args) == 3

    def _where(self, e: n.Call, seed: Seed) -> None:
        bound = bound_or_refused(e, self._infer, self._span)
        condition = bound.operands["condition"]
        sides = ((bound.operands["a"], True), (bound.operands["b"], False))
        active = [s for s in sides if smooth_names(s[0], self._infer) & self._varied]
        if len(active) > 1 and not cheap(seed.value, twice=True):
            seed = replace(seed, value=self._name(seed.value, self._infer(seed.value)))
        for operand, side in active:
            masked = replace(seed, masks=(*seed.masks, (condition, side)))
            if self._loses_imaginary(bound, operand, masked.value):
                masked = replace(masked, value=real_part(masked.value))
            target, dims = self._infer(operand), dims_of(bound.kind)
            own = dims_of(target)
            if dims is None or own is None or not same_dims(own, dims):
                masked = self._unmasked(masked)
                value = reduce_to(masked.value, operand, e, dims or (), target, self._infer)
                masked = replace(masked, value=value)
            self.pull(operand, masked)

    # --- lists ----------------------------------------------------------------------------------

    def _list(self, e: n.Call, seed: Seed) -> None:
        """`np.array(xs)` and `sum(xs)`: each item of the list gets its part of the seed."""
        xs, kind = e.args[0], self._infer(e)
        item = self._infer(xs).item  # type: ignore[attr-defined]
        if not isinstance(xs, n.Var):
            self._refuse("this list has no name.", "assign it to a name first.")
            return
        value = self._unmasked(seed).value
        if is_list_sum(e, self._infer):
            dims = dims_of(item)
            if dims is None or not all(not_one(dim) for dim in dims):
                self._refuse("the items of this list may be broadcast.", "sum np.stack of it.")
            if not cheap(value, twice=True):
                value = self._name(value, self._infer(value))
            self.over_list(xs, lambda k: value)
            return
        value = spread(value, self._result(e), kind, self._infer)
        if not isinstance(value, n.Var):
            value = self._name(value, kind)
        self.over_list(xs, lambda k: n.Index(value, k))

    def _unmasked(self, seed: Seed) -> Seed:
        """The seed with its masks applied, the outermost last."""
        value = seed.value
        for condition, side in reversed(seed.masks):
            sides = (value, ZERO) if side else (ZERO, value)
            if is_number(self._infer(condition)) and is_number(self._infer(value)):
                value = n.Choose(condition, *sides)
            else:
                value = np_call("where", condition, *sides)
        return Seed(value, (), seed.may_be_zero or bool(seed.masks), seed.skipped)

    # --- names and errors -----------------------------------------------------------------------

    def declare(self, kind: Kind) -> n.Var:
        """A name for a seed of this kind."""
        name = self._temporaries.fresh()
        self._infer = replace(self._infer, env={**self._infer.env, name.name: kind})
        return name

    def _name(self, value: n.Expr, kind: Kind) -> n.Var:
        name = self.declare(kind)
        self.out.lets.append(n.Assign(name, value))
        return name

    def _refuse(self, reason: str, remedy: str | None = None) -> Any:
        raise UnsupportedError(reason, self._span, None, remedy)


class Temporaries:
    """Names of local seeds: `d`, and further ones where a statement needs several; of local
    tangents in forward mode: `t`.
    """

    def __init__(self, names: Names, wish: str = "d") -> None:
        self._names = names
        self._wish = wish
        self._pool: list[str] = []
        self._used = 0

    @property
    def all(self) -> tuple[str, ...]:
        """Every name handed out so far, in order."""
        return tuple(self._pool)

    def start(self) -> None:
        """A new statement begins: its seeds may use the names of earlier statements' again."""
        self._used = 0

    def fresh(self) -> n.Var:
        """A name for a seed."""
        if self._used == len(self._pool):
            self._pool.append(self._names.fresh(self._wish))
        self._used += 1
        return n.Var(self._pool[self._used - 1])


def cheap(e: n.Expr, twice: bool = False) -> bool:
    """Whether an expression may be written more than once rather than named."""
    if isinstance(e, n.Var | n.Const):
        return True
    if isinstance(e, n.Op) and e.op == "neg":
        return isinstance(e.args[0], n.Var)
    if isinstance(e, n.Op) and e.op == "mul":
        return number(e.args[0]) is not None and isinstance(e.args[1], n.Var)
    return False


def _count(e: n.Expr, name: str) -> int:
    return sum(isinstance(x, n.Var) and x.name == name for x in subexpressions(e))


def is_view_of_variable(e: n.Expr, infer: Inference) -> bool:
    """Whether the expression is a variable or a view of one that its adjoint array can mirror."""
    while isinstance(e, n.Index) or (isinstance(e, n.Field) and e.name == "T"):
        if isinstance(e, n.Index) and copies(e.key, infer):
            return False
        e = e.base
    return isinstance(e, n.Var)


def _only_expands(key: n.Expr) -> bool:
    """Whether a key is full slices and None alone, such as `[:, None]`."""
    items = key.items if isinstance(key, n.Tuple) else (key,)
    full = [i for i in items if i == n.Slice()]
    return len(full) < len(items) and all(i == n.Slice() or i == n.Const(None) for i in items)


def _describe(e: n.Expr) -> str:
    names: dict[type, str] = {n.List: "a list", n.Tuple: "a tuple", n.OpaqueExpr: "this expression"}
    return names.get(type(e), "this expression")


def reads_new(e: n.Expr) -> bool:
    """Whether an expression reads the value that the statement has just assigned."""
    return NEW.name in names_in(e)
