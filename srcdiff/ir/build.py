"""Constructors that write an expression as a person would: constants folded, signs in front.

They never change what is computed beyond the rounding of constants: `not a < b` stays (NaN), and
nothing is divided out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import names_in, rebuild

ZERO = n.Const(0.0)
ONE = n.Const(1.0)


def number(e: n.Expr) -> float | None:
    """The value of a real numeric literal."""
    if isinstance(e, n.Const) and type(e.value) in (int, float):
        return e.value  # type: ignore[no-any-return]
    return None


def _short(value: float, *parts: float) -> bool:
    """Whether a folded constant reads no worse than its parts: 0.1 * 3 does not."""
    return len(repr(value)) <= sum(len(repr(p)) for p in parts) + 1


def negated(e: n.Expr) -> n.Expr | None:
    """`-e` where e is written with a minus sign in front, else None."""
    value = number(e)
    if value is not None:
        return n.Const(-value) if value < 0 else None
    if isinstance(e, n.Op):
        if e.op == "neg":
            return e.args[0]
        if e.op in ("mul", "div"):
            left = negated(e.args[0])
            if left is not None:
                return mul(left, e.args[1]) if e.op == "mul" else div(left, e.args[1])
        if e.op == "matmul":
            for i, arg in enumerate(e.args):
                positive = negated(arg)
                if positive is not None:
                    args = (positive, e.args[1]) if i == 0 else (e.args[0], positive)
                    return n.Op("matmul", args, span=e.span)
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.args:
        # Sums and outer products are linear, and read better with the sign in front.
        for i, arg in enumerate(e.args if e.callee.value is np.outer else e.args[:1]):
            positive = negated(arg) if e.callee.value in (np.sum, np.outer) else None
            if positive is not None:
                return n.Call(e.callee, (*e.args[:i], positive, *e.args[i + 1 :]), e.keywords)
    return None


def neg(e: n.Expr) -> n.Expr:
    """`-e`."""
    positive = negated(e)
    if positive is not None:
        return positive
    value = number(e)
    if value is not None:
        return n.Const(-value)
    if isinstance(e, n.Op) and e.op == "sub":
        return n.Op("sub", (e.args[1], e.args[0]))
    if isinstance(e, n.Op) and e.op in ("mul", "div"):
        return n.Op(e.op, (neg(e.args[0]), e.args[1]))
    return n.Op("neg", (e,))


def coefficient(e: n.Expr) -> tuple[float, n.Expr | None]:
    """The literal factor in front of an expression and the rest (None for a bare literal)."""
    value = number(e)
    if value is not None:
        return value, None
    if isinstance(e, n.Op) and e.op == "neg":
        c, rest = coefficient(e.args[0])
        return -c, rest
    if isinstance(e, n.Op) and e.op == "mul":
        c, rest = coefficient(e.args[0])
        if c != 1:
            return c, e.args[1] if rest is None else n.Op("mul", (rest, e.args[1]))
    return 1, e


def mul(a: n.Expr, b: n.Expr) -> n.Expr:
    """`a * b`."""
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return n.Const(x * y) if _short(x * y, x, y) else n.Op("mul", (a, b))
    if isinstance(a, n.Compare) or isinstance(b, n.Compare):
        # A mask is not a number: it has no sign, and must become one.
        return n.Op("mul", (a, b))
    if x == 1:
        return b
    if y == 1:
        return a
    if x == -1:
        return neg(b)
    if y == -1:
        return neg(a)
    if isinstance(b, n.Op) and b.op == "div" and number(b.args[0]) is not None:
        return div(mul(b.args[0], a), b.args[1])
    if isinstance(a, n.Op) and a.op == "div" and number(a.args[0]) is not None:
        return div(mul(a.args[0], b), a.args[1])
    positive = negated(b) if y is None else None
    if positive is not None:
        return neg(mul(a, positive))
    return _scaled(a, b)


def _scaled(a: n.Expr, b: n.Expr) -> n.Expr:
    """A product with the literal factors of both sides joined in front."""
    (ca, ra), (cb, rb) = coefficient(a), coefficient(b)
    # One literal that already stands at an end keeps its place: `x * 2`, `2 * x`.
    if (ca == 1 and (cb == 1 or rb is None)) or (cb == 1 and not _is_neg(a)):
        return n.Op("mul", (a, b))
    if not _short(ca * cb, ca, cb):
        return n.Op("mul", (a, b))
    c = n.Const(ca * cb)
    if ra is None or rb is None:
        rest = ra if rb is None else rb
        assert rest is not None
        return mul(c, rest) if abs(ca * cb) == 1 else n.Op("mul", (c, rest))
    if ca * cb in (1, -1):
        return n.Op("mul", (ra if ca * cb == 1 else neg(ra), rb))
    return n.Op("mul", (n.Op("mul", (c, ra)), rb))


def _is_neg(e: n.Expr) -> bool:
    return isinstance(e, n.Op) and e.op == "neg"


def div(a: n.Expr, b: n.Expr) -> n.Expr:
    """`a / b`."""
    x, y = number(a), number(b)
    if y == 1:
        return a
    if x is not None and y and _short(x / y, x, y):
        return n.Const(x / y)
    positive = negated(b)
    if positive is not None:
        return div(neg(a), positive)
    return n.Op("div", (a, b))


def add(a: n.Expr, b: n.Expr) -> n.Expr:
    """`a + b`."""
    x, y = number(a), number(b)
    if x is not None and y is not None and _short(x + y, x, y):
        return n.Const(x + y)
    if x == 0:
        return b
    if y == 0:
        return a
    if a == b:
        return mul(n.Const(2.0), a)
    plus_a, plus_b = negated(a), negated(b)
    if plus_a is not None and plus_b is not None:
        return neg(add(plus_a, plus_b))
    if plus_b is not None:
        return sub(a, plus_b)
    if plus_a is not None:
        return sub(b, plus_a)
    return n.Op("add", (a, b))


def sub(a: n.Expr, b: n.Expr) -> n.Expr:
    """`a - b`."""
    x, y = number(a), number(b)
    if x is not None and y is not None and _short(x - y, x, y):
        return n.Const(x - y)
    if y == 0:
        return a
    if x == 0:
        return neg(b)
    positive = negated(b)
    if positive is not None:
        return add(a, positive)
    return n.Op("sub", (a, b))


def power(a: n.Expr, b: n.Expr) -> n.Expr:
    """`a ** b`."""
    return a if number(b) == 1 else n.Op("pow", (a, b))


_BUILDERS = {"add": add, "sub": sub, "mul": mul, "div": div, "pow": power}


def instantiate(template: n.Expr, values: Mapping[str, n.Expr]) -> n.Expr:
    """A rule's template with its parameters replaced, joined with the constructors above.

    What is put in is the user's text and stays as it is.
    """
    if isinstance(template, n.Var):
        return values.get(template.name, template)
    if isinstance(template, n.Index):
        base, key = instantiate(template.base, values), instantiate(template.key, values)
        return item(base, key) or n.Index(base, key)
    if isinstance(template, n.Op):
        args = tuple(instantiate(arg, values) for arg in template.args)
        if template.op in _BUILDERS:
            return _BUILDERS[template.op](*args)
        return neg(args[0]) if template.op == "neg" else n.Op(template.op, args)
    return rebuild(template, lambda child: instantiate(child, values))


def item(base: n.Expr, key: n.Expr) -> n.Expr | None:
    """The item that `(a, b)[0]` means, where base and key are literals."""
    if isinstance(base, n.Tuple | n.List) and isinstance(key, n.Const) and type(key.value) is int:
        return base.items[key.value]
    return None


def put_in(e: n.Expr, values: Mapping[str, n.Expr]) -> n.Expr:
    """The expression with variables replaced and arithmetic around them written anew."""
    if not names_in(e) & values.keys():
        return e
    if isinstance(e, n.Op):
        args = tuple(put_in(a, values) for a in e.args)
        holes = {f"<{i}>": a for i, a in enumerate(args)}
        return instantiate(n.Op(e.op, tuple(n.Var(h) for h in holes), span=e.span), holes)
    if isinstance(e, n.Var):
        return values.get(e.name, e)
    return rebuild(e, lambda child: put_in(child, values))


def field(base: n.Expr, name: str) -> n.Expr:
    """`base.name`."""
    return n.Field(base, name)


def call(path: str, value: object, root: object, *args: n.Expr, **keywords: n.Expr) -> n.Call:
    """A call of a library function."""
    return n.Call(n.Ref(path, value, root), args, tuple(keywords.items()))
