"""What a statement evaluates, taken out of it: computed in statements that come before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.lists import appended
from srcdiff.ir.walk import blocks, expressions, map_expressions, rebuild, with_blocks
from srcdiff.normalize.iteration import Infer, Iterated

# Statements whose expressions are evaluated once, before what the statement does.
EVALUATED_ONCE = n.Assign | n.Update | n.Return | n.Effect | n.If | n.For | n.Assert


def _mapped(s: n.Stmt, f: Callable[[n.Expr], n.Expr]) -> n.Stmt:
    """The statement with `f` applied to what it reads, its target excepted."""
    match s:
        case n.Assign() | n.Update():
            return replace(s, value=f(s.value))
        case n.For():
            return replace(s, iter=f(s.iter))
    return map_expressions(s, f)


@dataclass
class Hoisting:
    """Goes through a block; `made` gives what stands for an expression, and may put statements
    into `before`.
    """

    names: Names
    facts: Iterated
    before: list[n.Stmt] = field(default_factory=list)

    def block(self, block: n.Block) -> n.Block:
        """The block rewritten; itself where nothing changes."""
        out: list[n.Stmt] = []
        for s in block:
            new = self._rewritten(s)
            out += self.before
            out.append(with_blocks(new, tuple(self.block(b) for b in blocks(new))))
        same = len(out) == len(block) and all(a is b for a, b in zip(out, block, strict=True))
        return block if same else tuple(out)

    def _rewritten(self, s: n.Stmt) -> n.Stmt:
        self.before = []
        if not isinstance(s, EVALUATED_ONCE) or not self.facts.reached(s):
            return s
        if not (appended(s) is not None or self.facts.only_reads(s)):
            return s
        infer = self.facts.infer(s)
        new = _mapped(s, lambda e: self._visit(e, s, infer))
        pairs = zip(expressions(s), expressions(new), strict=True)
        return s if all(a is b for a, b in pairs) else new

    def _visit(self, e: n.Expr, s: n.Stmt, infer: Infer) -> n.Expr:
        if isinstance(e, n.Choose):
            test = self._visit(e.test, s, infer)
            return e if test is e.test else n.Choose(test, e.a, e.b, span=e.span)
        if isinstance(e, n.Op) and e.op in ("and", "or"):
            first = self._visit(e.args[0], s, infer)
            if first is e.args[0]:
                return e
            return n.Op(e.op, (first, *e.args[1:]), span=e.span)
        new = rebuild(e, lambda child: self._visit(child, s, infer))
        if new is not e:
            return new  # What stands inside comes first; the rest in the next round.
        return self.made(e, s, infer) or e

    def made(self, e: n.Expr, s: n.Stmt, infer: Infer) -> n.Expr | None:
        """What stands for an expression; None where it stays."""
        raise NotImplementedError

    def named(self, e: n.Expr, wish: str) -> n.Var:
        """The expression under a name of its own, unless it is one."""
        if isinstance(e, n.Var):
            return e
        return self.assigned(wish, e)

    def assigned(self, wish: str, value: n.Expr) -> n.Var:
        """A new variable, assigned before the statement."""
        name = n.Var(self.names.fresh(wish), span=value.span)
        self.before.append(n.Assign(name, value, span=value.span))
        return name
