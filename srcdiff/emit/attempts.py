"""What the text of a `try` says: the handlers' blocks, and whether a flag tells which one ran."""

from __future__ import annotations

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import expressions, names_in, statements


def handled(s: n.Attempt) -> tuple[n.Block, ...] | None:
    """A block for each handler; None where the branch cannot be told apart by them."""
    if len(s.handlers) == 1:
        return (s.body,)
    out: list[n.Block] = []
    block = s.body
    for h in s.handlers[:-1]:
        test = n.Compare(("eq",), (s.test, h.code))
        if not block:
            out.append(())
            continue
        if len(block) != 1 or not isinstance(block[0], n.If) or block[0].test != test:
            return None
        out.append(block[0].body)
        block = block[0].orelse
    return (*out, block)


def silent_flags(body: n.Block) -> frozenset[str]:
    """The flags of attempts that nothing reads but the attempts themselves."""
    flags: set[str] = set()
    chains: set[n.Stmt] = set()
    read: set[str] = set()
    for s in statements(body):
        if isinstance(s, n.Attempt):
            flags |= names_in(s.test)
            if handled(s) is None:
                read |= names_in(s.test)
            chains |= _chain(s)
    for s in statements(body):
        if isinstance(s, n.Attempt):
            found = [h.cls for h in s.handlers if h.cls is not None]
        elif isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            found = [s.value]
        else:
            found = [] if s in chains else list(expressions(s))
        read |= {name for e in found for name in names_in(e)}
    return frozenset(flags - read)


def _chain(s: n.Attempt) -> set[n.Stmt]:
    out: set[n.Stmt] = set()
    block = s.body
    for _ in s.handlers[:-1]:
        if block and handled(s) is not None:
            assert isinstance(block[0], n.If)
            out.add(block[0])
            block = block[0].orelse
    return out
