"""Sums of contributions, with like terms collected.

d * (1.0 - 0.1 * x) - 0.1 * x * d      →      d * (1.0 - 0.2 * x)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce

from srcdiff.ir import nodes as n
from srcdiff.ir.build import add, mul, neg, number

Term = tuple[float, tuple[n.Expr, ...]]


def total(parts: Sequence[n.Expr]) -> n.Expr:
    """The sum of the parts, shorter where they have a factor in common and terms that combine."""
    if len(parts) == 1:
        return parts[0]
    collected = _collected(parts)
    return reduce(add, parts) if collected is None else collected


def factors(e: n.Expr) -> Term:
    """The expression as a literal and factors: `-2.0 * x * y` is (-2.0, (x, y))."""
    value = number(e)
    if value is not None:
        return value, ()
    if isinstance(e, n.Op) and e.op == "neg":
        c, rest = factors(e.args[0])
        return -c, rest
    if isinstance(e, n.Op) and e.op == "mul":
        (c, left), (k, right) = factors(e.args[0]), factors(e.args[1])
        return c * k, left + right
    return 1, (e,)


def terms(e: n.Expr) -> list[Term]:
    """The expression as a sum of products."""
    if isinstance(e, n.Op) and e.op == "add":
        return terms(e.args[0]) + terms(e.args[1])
    if isinstance(e, n.Op) and e.op == "sub":
        return terms(e.args[0]) + [(-c, fs) for c, fs in terms(e.args[1])]
    return [factors(e)]


def _collected(parts: Sequence[n.Expr]) -> n.Expr | None:
    products = [factors(part) for part in parts]
    shared = [f for f in products[0][1] if all(f in fs for _, fs in products[1:])]
    if not shared:
        return None
    common = shared[0]
    inner: list[Term] = []
    for c, fs in products:
        rest = list(fs)
        rest.remove(common)
        if len(rest) == 1 and len(terms(rest[0])) > 1:
            inner += [(c * k, ts) for k, ts in terms(rest[0])]
        else:
            inner.append((c, tuple(rest)))
    merged = [term for term in _merge(inner) if term[0] != 0]
    if not merged:
        return None
    other = reduce(add, map(_product, merged))
    return mul(other, common) if number(other) is not None else mul(common, other)


def _merge(items: list[Term]) -> list[Term]:
    """Terms with the same factors, in any order, become one."""
    out: dict[frozenset[tuple[n.Expr, int]], Term] = {}
    for c, fs in items:
        key = frozenset(Counter(fs).items())
        if key in out:
            value = out[key][0] + c
            out[key] = (value, out[key][1])
        else:
            out[key] = (c, fs)
    return list(out.values())


def _product(term: Term) -> n.Expr:
    c, fs = term
    if not fs:
        return n.Const(float(c))
    product = reduce(mul, fs)
    if c == 1:
        return product
    return neg(product) if c == -1 else reduce(mul, (n.Const(float(c)), *fs))
