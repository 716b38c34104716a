"""Costly values that the reverse sweep reads again get a name in the forward sweep.

    p = 1.0 / (1.0 + np.exp(-z))      →      p_exp = np.exp(-z)
                                             p = 1.0 / (1.0 + p_exp)

The adjoint of `exp` reads its result and that of `/` its divisor, so that without the name the
exponential would be computed three times.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from srcdiff.analysis.activity import Activity, smooth_names
from srcdiff.analysis.bind import Bound, bind_call
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.frontend.lower import lower_template
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array
from srcdiff.ir.walk import base_name, blocks, children, rebuild, subexpressions, with_blocks

Varied = frozenset[str]


def name_costly(function: n.Function, kinds: Kinds, facts: Activity, names: Names) -> n.Function:
    """The function with costly parts that are read more than once as statements of their own."""
    return replace(function, body=_Naming(kinds, facts, names).block(function.body))


class _Naming:
    def __init__(self, kinds: Kinds, facts: Activity, names: Names) -> None:
        self._kinds = kinds
        self._facts = facts
        self._names = names

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Assign | n.Update | n.Return) and self._matters(s):
                out += self._statement(s)
            else:
                out.append(with_blocks(s, tuple(self.block(b) for b in blocks(s))))
        return tuple(out)

    def _matters(self, s: n.Assign | n.Update | n.Return) -> bool:
        if not self._kinds.reached(s) or s.value is None:
            return False
        if isinstance(s, n.Return):
            return True
        return base_name(s.target) in self._facts.useful_after.get(s, frozenset())

    def _statement(self, s: n.Assign | n.Update | n.Return) -> list[n.Stmt]:
        infer = self._kinds.at(s)
        varied = self._facts.varied_before.get(s, frozenset())
        assert s.value is not None
        base = None if isinstance(s, n.Return) else base_name(s.target)
        part = _Part(infer, varied, base, self._names)
        value = part.named(s.value, root=not isinstance(s, n.Return))
        return [*part.before, s if value is s.value else replace(s, value=value)]


class _Part:
    """Names the costly parts of one expression, the outermost first."""

    def __init__(self, infer: Inference, varied: Varied, base: str | None, names: Names) -> None:
        self.before: list[n.Stmt] = []
        self._infer = infer
        self._varied = varied
        self._base = base
        self._names = names
        self._known: dict[n.Expr, n.Var] = {}

    def named(self, e: n.Expr, root: bool) -> n.Expr:
        """The expression with its costly parts as names."""
        reads: Counter[n.Expr] = Counter()
        _count(e, self._infer, self._varied, reads, root)
        wanted = {x for x, count in reads.items() if count > 1 and _is_costly(x, self._infer)}
        wanted.discard(e)
        return self._replaced(e, wanted) if wanted else e

    def _replaced(self, e: n.Expr, wanted: set[n.Expr]) -> n.Expr:
        if isinstance(e, n.Choose) or (isinstance(e, n.Op) and e.op in ("and", "or")):
            return e
        if e not in wanted:
            return rebuild(e, lambda child: self._replaced(child, wanted))
        if e not in self._known:
            value = self.named(e, root=True)
            wish = _what(e) if self._base is None else f"{self._base}_{_what(e)}"
            self._known[e] = n.Var(self._names.fresh(wish), span=e.span)
            self.before.append(n.Assign(self._known[e], value, span=e.span))
        return self._known[e]


def _what(e: n.Expr) -> str:
    if isinstance(e, n.Call):
        callee = e.callee
        return callee.name if isinstance(callee, n.Field) else callee.path.rpartition(".")[2]  # type: ignore[attr-defined]
    return "product"


def _is_costly(e: n.Expr, infer: Inference) -> bool:
    """A function of an array, or a product of matrices."""
    if isinstance(e, n.Op):
        return e.op == "matmul" and isinstance(infer(e), Array)
    return isinstance(e, n.Call) and any(
        isinstance(infer(x), Array) for x in subexpressions(e) if isinstance(x, n.Var)
    )


def _count(e: n.Expr, infer: Inference, varied: Varied, reads: Counter[n.Expr], root: bool) -> None:
    """Counts how often the adjoints of an expression's operations read each costly part."""
    if not smooth_names(e, infer) & varied:
        return
    bound = bind_call(e, infer) if isinstance(e, n.Op | n.Call | n.Field) else None
    if bound is None:
        for child in children(e):
            _count(child, infer, varied, reads, root=False)
        return
    for read in _read_by(e, bound, infer, varied, root):
        for part in subexpressions(read):
            reads[part] += 1
    for operand in bound.operands.values():
        _count(operand, infer, varied, reads, root=False)


def _read_by(e: n.Expr, bound: Bound, infer: Inference, varied: Varied, root: bool) -> list[n.Expr]:
    """What the adjoint of one operation reads: operands, and its result where that has no name."""
    out: list[n.Expr] = []
    shared = [] if bound.rule.seed is None else [bound.rule.seed]
    for name, pull in bound.rule.pulls.items():
        if name not in bound.parts or not smooth_names(bound.parts[name], infer) & varied:
            continue
        shared.append(pull.template)
    for template in shared:
        _, body = lower_template(template)
        for param in _params_in(body, bound):
            if param in bound.parts:
                out.append(bound.parts[param])
            elif param == "y" and not root:
                out.append(e)
    return out


def _params_in(body: n.Expr, bound: Bound) -> list[str]:
    """The parameters that a template reads, the items of displays as `arrays[0]`."""
    if isinstance(body, n.Index) and isinstance(body.key, n.Const):
        (base, *others) = _params_in(body.base, bound) or [""]
        if not others and f"{base}[{body.key.value}]" in bound.parts:
            return [f"{base}[{body.key.value}]"]
    if isinstance(body, n.Var):
        return [body.name]
    return [param for child in children(body) for param in _params_in(child, bound)]
