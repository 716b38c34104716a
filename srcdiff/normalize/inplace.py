"""Calls that write into arrays, as stores before the statement that they stand in.

np.add(a, b, out=c)                     c[...] = a + b
y = 2.0 * np.exp(x, out=x)       →      x[...] = np.exp(x)
                                        y = 2.0 * x
a.fill(0.0)                             a[...] = 0.0

What the statement has evaluated before the call gets a name, as the store may change it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array
from srcdiff.ir.walk import (
    base_name,
    blocks,
    children,
    expressions,
    rebuild,
    subexpressions,
    with_blocks,
)
from srcdiff.normalize.flat import is_display, is_flat, is_part, plain_elements, plain_store
from srcdiff.normalize.iteration import Iterated
from srcdiff.normalize.outputs import output_of, store_output, without_output
from srcdiff.normalize.writers import is_writer, write
from srcdiff.normalize.written import Site
from srcdiff.rules.outputs import has_output


def calls_to_stores(function: n.Function, names: Names, facts: Iterated) -> n.Function:
    """The function with such calls as stores; itself where there are none."""
    body = _Stores(names, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


def concerns(s: n.Stmt) -> bool:
    """Whether a statement may hold such a call, as far as its text tells."""
    found = (x for e in expressions(s) for x in subexpressions(e))
    return any(has_output(x) or is_writer(x) or is_flat(x) for x in found) or (
        isinstance(s, n.Assign | n.Update)
        and (_is_part_store(s.target) or _is_display_store(s) or _is_call_store(s.target))
    )


def _is_call_store(target: n.Expr) -> bool:
    return isinstance(target, n.Index) and isinstance(_root(target), n.Call)


def _is_display_store(s: n.Assign | n.Update) -> bool:
    whole = isinstance(s.target, n.Index) or isinstance(s, n.Update)
    return whole and is_display(s.value)


def _is_part_store(target: n.Expr) -> bool:
    return is_part(target.base if isinstance(target, n.Index) else target)


def _root(e: n.Expr) -> n.Expr:
    while isinstance(e, n.Index | n.Field):
        e = e.base
    return e


def _with_root(e: n.Expr, root: n.Expr) -> n.Expr:
    if isinstance(e, n.Index):
        return n.Index(_with_root(e.base, root), e.key, span=e.span)
    if isinstance(e, n.Field):
        return n.Field(_with_root(e.base, root), e.name, span=e.span)
    return root


# What is evaluated once, before anything else happens.
_SIMPLE = n.Assign | n.Update | n.Return | n.Effect | n.If | n.For | n.Assert


@dataclass
class _Stores:
    names: Names
    facts: Iterated
    _site: Site = field(init=False)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            inner = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
            if not concerns(s) or not self.facts.reached(s):
                out.append(inner)
                continue
            self._site = Site(self.facts.infer(s), self.names, s)
            new = self._statement(inner)
            out += self._site.before
            out += () if new is None else (new,)
        same = len(out) == len(block) and all(a is b for a, b in zip(out, block, strict=True))
        return block if same else tuple(out)

    def _statement(self, s: n.Stmt) -> n.Stmt | None:
        """The statement without such calls; None where they were all of it."""
        if not isinstance(s, _SIMPLE):
            return s
        if isinstance(s, n.Assign | n.Update) and not isinstance(s.target, n.Tuple):
            s = plain_store(s, self._site.infer)
            s = self._named(s)
        if isinstance(s, n.Effect) and isinstance(s.value, n.Call):
            return self._effect(s, s.value)
        if isinstance(s, n.Assign) and write(s.value, self._site):
            # `y = np.nan_to_num(x, copy=False)` is x; all others give None.
            assert isinstance(s.value, n.Call)
            return replace(s, value=_written_value(s.value))
        return self._with_values(s)

    def _named(self, s: n.Assign | n.Update) -> n.Assign | n.Update:
        """`A.reshape(-1)[0] = v` with a name for what is stored into."""
        target = self._with_name(s.target)
        return s if target is s.target else replace(s, target=target)  # type: ignore[arg-type]

    def _with_name(self, place: n.Expr) -> n.Expr:
        """A part of a call's result as part of a name for it."""
        root = _root(place)
        if not isinstance(root, n.Call) or not isinstance(self._site.infer(root), Array):
            return place
        of = root.callee.base if isinstance(root.callee, n.Field) else next(iter(root.args), root)
        name = self._site.name(root, f"{base_name(of) or 'array'}_view")
        return _with_root(place, name)

    def _effect(self, s: n.Effect, call: n.Call) -> n.Stmt | None:
        arguments = self._children(call)
        assert isinstance(arguments, n.Call)
        if write(arguments, self._site):
            return None
        if isinstance(arguments.callee, n.Field) and is_writer(arguments):
            # The store follows when it is known what the name stands for.
            base = self._with_name(arguments.callee.base)
            if base is not arguments.callee.base:
                callee = n.Field(base, arguments.callee.name, span=arguments.callee.span)
                return replace(s, value=replace(arguments, callee=callee))
        value = self._call(arguments)
        if value is call:
            return s
        return replace(s, value=value) if isinstance(value, n.Call) else None

    def _with_values(self, s: n.Stmt) -> n.Stmt | None:
        match s:
            case n.Assign() | n.Update():
                count = len(self._site.before)
                value = self._expr(s.value)
                if isinstance(s, n.Update) and len(self._site.before) > count:
                    self._check_target(s)
                if isinstance(s, n.Assign) and value == s.target and value != s.value:
                    return None
                target = plain_elements(s.target, self._site.infer)
                assert isinstance(target, n.Var | n.Index | n.Field | n.Tuple)
                same = value is s.value and target is s.target
                return s if same else replace(s, target=target, value=value)  # type: ignore[arg-type]
            case n.If():
                test = self._expr(s.test)
                return s if test is s.test else replace(s, test=test)
            case n.For():
                iterable = self._expr(s.iter)
                return s if iterable is s.iter else replace(s, iter=iterable)
            case n.Assert():
                test = self._expr(s.test)
                return s if test is s.test else replace(s, test=test)
            case n.Return() | n.Effect() if s.value is not None:
                value = self._expr(s.value)
                return s if value is s.value else replace(s, value=value)
        return s

    def _check_target(self, s: n.Update) -> None:
        """`A[i] += np.exp(A, out=A)` reads its element first."""
        if isinstance(s.target, n.Index | n.Field):
            raise UnsupportedError(
                "this update reads its target before a call writes into an array.",
                s.span,
                None,
                "call it in a statement of its own, before this one.",
            )

    # --- expressions ----------------------------------------------------------------------------

    def _expr(self, e: n.Expr) -> n.Expr:
        if not any(has_output(x) or is_flat(x) or isinstance(x, n.Call) for x in subexpressions(e)):
            return e
        if isinstance(e, n.Choose) or (isinstance(e, n.Op) and e.op in ("and", "or")):
            return e  # not all of it is evaluated: nothing is taken out of it
        e = plain_elements(e, self._site.infer)
        e = self._children(e)
        return self._call(e) if isinstance(e, n.Call) else e

    def _call(self, e: n.Call) -> n.Expr:
        """What is left of a call that has become a store."""
        output = output_of(e, self._site)
        if output is None:
            return without_output(e)
        left = store_output(output, self._site)
        if left is not None:
            return left
        place = self._with_name(output.place)
        if place is output.place:
            return e
        # The store follows when it is known what the name stands for.
        more = () if output.where is None else (("where", output.where),)
        return replace(output.call, keywords=(*output.call.keywords, ("out", place), *more))

    def _children(self, e: n.Expr) -> n.Expr:
        """The expression with such calls taken out of what it is made of, in order."""
        before = self._site.before
        marks: list[int] = []
        new: list[n.Expr] = []
        for child in children(e):
            marks.append(len(before))
            new.append(self._expr(child))
        last = max((k for k, mark in enumerate(marks) if _end(marks, k, before) > mark), default=-1)
        # From the last one, so that the earlier marks stay right.
        for k in reversed(range(last)):
            if _is_steady(new[k]):
                continue
            if isinstance(new[k], n.Slice | n.Tuple):
                raise UnsupportedError(
                    "a call that writes into an array stands in the middle of this expression.",
                    e.span or self._site.statement.span,
                    None,
                    "call it in a statement of its own, before this one.",
                )
            name = n.Var(self.names.fresh("value"), span=new[k].span)
            before.insert(_end(marks, k, before), n.Assign(name, new[k], span=new[k].span))
            marks = [m + (i > k) for i, m in enumerate(marks)]
            new[k] = name
        given = iter(new)
        return rebuild(e, lambda child: next(given))


def _end(marks: list[int], k: int, before: list[n.Stmt]) -> int:
    """Where the statements that a child was turned into end."""
    return marks[k + 1] if k + 1 < len(marks) else len(before)


def _is_steady(e: n.Expr) -> bool:
    """Whether a value is not read before it is used: a store in between changes nothing."""
    if isinstance(e, n.Field):
        return isinstance(e.base, n.Var | n.Ref)
    return isinstance(e, n.Var | n.Const | n.Ref | n.Global | n.Closure)


def _written_value(e: n.Call) -> n.Expr:
    """What a call that writes gives."""
    if isinstance(e.callee, n.Ref) and e.callee.path.endswith("nan_to_num"):
        return e.args[0] if e.args else dict(e.keywords)["x"]
    return n.Const(None)
