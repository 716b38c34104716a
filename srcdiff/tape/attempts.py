"""Tapes that are written while something is tried.

    try:                                    try:
        y_tape.append(y)                        y_new = math.sqrt(y - 1.0)
        y = math.sqrt(y - 1.0)      →       except ValueError:
    except ValueError:                          raised = True
        raised = True                       else:
                                                y_tape.append(y)
                                                y = y_new

What raises must leave nothing on a list: the reverse sweep, which does not run what has raised
backwards, would take it for something else. What a called function has put there is taken off.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.lists import appended, pop
from srcdiff.ir.walk import (
    blocks,
    expressions,
    names_in,
    passed,
    statements,
    subexpressions,
    with_blocks,
)


def steady_tapes(
    block: n.Block, tapes: Collection[str], names: Names, is_number: Callable[[n.Stmt], bool]
) -> n.Block:
    """The forward sweep with lists that are as long after what raises as before it.

    Args:
        block: the forward sweep.
        tapes: the names of lists that serve as tapes.
        names: hands out names.
        is_number: whether a statement updates a number, which binds its name anew.
    """
    out: list[n.Stmt] = []
    for s in block:
        s = with_blocks(s, tuple(steady_tapes(b, tapes, names, is_number) for b in blocks(s)))
        if isinstance(s, n.Attempt):
            s = _first_the_value(s, tapes, names, is_number)
            found = sorted(_written(s.orelse[: passed(s.orelse)], tapes))
            marks = {name: n.Var(names.fresh(f"{name}_mark")) for name in found}
            length = n.Ref("len", len, len)
            out += [n.Assign(marks[x], n.Call(length, (n.Var(x),))) for x in found]
            undo = tuple(_cut(x, marks[x]) for x in found)
            s = replace(s, body=undo + s.body) if undo else s
        out.append(s)
    return tuple(out)


def _cut(name: str, mark: n.Var) -> n.Stmt:
    """Takes from the end of a list what came after a mark."""
    length = n.Call(n.Ref("len", len, len), (n.Var(name),))
    return n.While(n.Compare(("gt",), (length, mark)), (n.Effect(pop(n.Var(name))),))


def _first_the_value(
    s: n.Attempt, tapes: Collection[str], names: Names, is_number: Callable[[n.Stmt], bool]
) -> n.Attempt:
    at = passed(s.orelse)
    tried, rest = s.orelse[:at], s.orelse[at:]
    last = tried[-1]
    kept: list[n.Stmt] = []
    own: set[str] = set()
    for x in reversed(tried[:-1]):
        added = appended(x)
        if added is None or added[0].name not in tapes:
            break
        kept.insert(0, x)
        own.add(added[0].name)
    if not kept or not isinstance(last, n.Assign | n.Update) or _written((last,), own):
        return s
    if not isinstance(last.target, n.Var):
        return s
    value = last.value
    if isinstance(last, n.Update):
        if not is_number(last):
            return s
        value = n.Op(last.op, (last.target, last.value), span=last.value.span)
    name = n.Var(names.fresh(f"{last.target.name}_new"))
    first = n.Assign(name, value, span=last.span)
    then = n.Assign(last.target, name, span=last.span)
    before = tried[: len(tried) - 1 - len(kept)]
    return replace(s, orelse=(*before, first, *rest[:1], *kept, then, *rest[1:]))


def _written(block: n.Block, tapes: Collection[str]) -> frozenset[str]:
    """The tapes that statements add to, or hand to what they call."""
    out: set[str] = set()
    for s in statements(block):
        added = appended(s)
        if added is not None and added[0].name in tapes:
            out.add(added[0].name)
        for e in expressions(s):
            for x in subexpressions(e):
                if isinstance(x, n.Call):
                    given = (name for a in x.args if isinstance(a, n.Var) for name in names_in(a))
                    out |= set(given) & set(tapes)
    return frozenset(out)
