"""Forward mode: each statement with the statement for its tangent beside it, in one sweep.

    y = np.sin(x)           →       y = np.sin(x)
                                    y_dot = np.cos(x) * x_dot

Where a tangent reads what its statement overwrites, it comes first. Tangent arrays share memory as
the primal's do: the tangent of a view is the same view of the tangent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from srcdiff.analysis.activity import smooth_names
from srcdiff.analysis.alias import roots
from srcdiff.analysis.bind import items_of_call
from srcdiff.analysis.kinds import Inference
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.build import ZERO
from srcdiff.ir.fills import fill, np_call
from srcdiff.ir.kinds import Array, Kind, dims_of
from srcdiff.ir.lists import append, appended, is_unfilled, pop, popped
from srcdiff.ir.names import NOT_BOUND
from srcdiff.ir.reads import shape_reads, stores_into, value_reads
from srcdiff.ir.scatter import is_scatter
from srcdiff.ir.walk import (
    base_name,
    blocks,
    map_expressions,
    names_in,
    passed,
    substitute,
    with_blocks,
    writing_call,
    written_names_of,
)
from srcdiff.transform.adjoints import Tangents
from srcdiff.transform.lists import check_lists, is_item, list_change
from srcdiff.transform.primal import Primal
from srcdiff.transform.pull import NEW, Temporaries, reads_new
from srcdiff.transform.push import Pusher, zero_start
from srcdiff.transform.shadows import Mirrored, mirrored
from srcdiff.transform.spread import as_complex, is_full
from srcdiff.transform.statements import same_kind


class Calls(Protocol):
    """Gives calls of the user's functions their tangents."""

    def is_call(self, e: n.Expr) -> bool:
        """Whether the expression is such a call."""

    def pushed(
        self,
        s: n.Assign | n.Effect,
        pusher: Pusher,
        tangents: Tangents,
        near: Callable[[n.Expr], frozenset[str]],
        moving: frozenset[str],
    ) -> n.Stmt | None:
        """The statement that calls for value and tangent; None where there is no tangent."""


class Forwarder:
    """Writes the forward mode of one function.

    Args:
        primal: the function and its facts.
        tangents: names of tangents; those of the parameters among them.
        calls: gives calls of the user's functions their tangents.
        result: the returned expression, for a value and its tangent.
    """

    def __init__(
        self,
        primal: Primal,
        tangents: Tangents,
        calls: Calls,
        result: Callable[[n.Return, Pusher], n.Expr | None],
    ) -> None:
        self._primal = primal
        self._tangents = tangents
        self._calls = calls
        self._result = result
        self._active = primal.activity.active_names()
        # What has a tangent: these, and parameters.
        self._moving = frozenset(tangents.of)
        shared = self._active & frozenset().union(*primal.groups)
        self._shared = {name: n.Var(tangents.name(name)) for name in sorted(shared)}
        self._lists = frozenset(map(n.Var, check_lists(self._active, primal.kinds)))
        self._temporaries = Temporaries(primal.names, "t")
        self._pushers: list[Pusher] = []
        # Variables of groups in which something may be a view or a copy.
        self.asked_of: frozenset[str] = frozenset()
        # Assignments of a tangent that is another's array where the primal's memory is its own.
        self.borrowed: set[n.Stmt] = set()

    def run(self) -> n.Block:
        """The body with its tangents."""
        return self._block(self._primal.function.body)

    def _block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if not self._primal.kinds.reached(s):
                break
            out += self._statement(s)
        return tuple(out)

    def _statement(self, s: n.Stmt) -> list[n.Stmt]:
        if isinstance(s, n.Attempt):
            return [self._attempt(s)]
        if blocks(s):
            return [with_blocks(s, tuple(self._block(b) for b in blocks(s)))]
        self._pushers.clear()
        self._temporaries.start()
        out = self._simple(s)
        return [*(let for pusher in self._pushers for let in pusher.lets), *out]

    def _simple(self, s: n.Stmt) -> list[n.Stmt]:
        match s:
            case n.Assign() | n.Effect() if list_change(s) in self._lists:
                return self._list(s)
            case n.Assign():
                return self._assign(s)
            case n.Effect() if writing_call(s) is not None:
                return self._call(s)
            case n.Update():
                return self._update(s)
            case n.Return():
                return [replace(s, value=self._result(s, self._pusher(s)))]
        return [s]

    def _attempt(self, s: n.Attempt) -> n.Stmt:
        """What is tried is the primal's alone: tangents are for what has not raised. Only where
        several statements are tried, of which nothing is read when one raises, do they stay.
        """
        at = passed(s.orelse)
        tried, rest = s.orelse[:at], s.orelse[at:]
        before = self._block(tried[:-1])
        last, after = self._first_the_value(tried[-1])
        orelse = (*before, *last, *rest[:1], *after, *self._block(rest[1:]))
        return replace(s, body=self._block(s.body), orelse=orelse)

    def _first_the_value(self, s: n.Stmt) -> tuple[n.Block, n.Block]:
        """A statement in two: what may raise, and what is done with it."""
        if not self._primal.kinds.reached(s):
            return (), ()
        both = self._statement(s)
        scattered = isinstance(s, n.Update) and is_scatter(s)
        if not isinstance(s, n.Assign | n.Update) or scattered or len(both) == 1:
            return tuple(both), ()
        value = s.value
        if isinstance(s, n.Update):
            value = n.Op(s.op, (s.target, s.value), span=s.value.span)
        name = n.Var(self._primal.names.fresh(f"{base_name(_targets(s.target)[0])}_new"))
        done = [_given(x, s, value, name) for x in both]
        if all(x is y for x, y in zip(both, done, strict=True)):
            return tuple(both), ()
        first: list[n.Stmt] = [n.Assign(name, value, span=s.span)]
        # Where a store raises, it does so before the tangent's.
        stored = [t for t in _targets(s.target) if isinstance(t, n.Index)]
        first += [n.Effect(t) for t in stored if isinstance(s, n.Assign)]
        return tuple(first), tuple(done)

    # --- kinds ----------------------------------------------------------------------------------

    def _pusher(self, s: n.Stmt, root: n.Expr | None = None) -> Pusher:
        pusher = Pusher(
            self._infer(s, root), self._varied(s), self._tangents, self._temporaries, root
        )
        self._pushers.append(pusher)
        return pusher

    def _varied(self, s: n.Stmt) -> frozenset[str]:
        """The variables that have a tangent. One that the result depends on nowhere has none."""
        return self._primal.activity.varied_before.get(s, frozenset()) & self._moving

    def _infer(self, s: n.Stmt, root: n.Expr | None = None) -> Inference:
        """Kinds before the statement, of tangents, and of the value assigned."""
        infer = self._primal.kinds.at(s)
        env = dict(infer.env)
        env.update({t: env[p] for p, t in self._tangents.of.items() if p in env})
        if root is not None:
            env[NEW.name] = infer(root)
        return replace(infer, env=env)

    # --- lists ----------------------------------------------------------------------------------

    def _list(self, s: n.Assign | n.Effect) -> list[n.Stmt]:
        """`xs.append(v)` and `v = xs.pop()`: the same on the list of tangents."""
        pusher = self._pusher(s)
        change = appended(s)
        if change is not None:
            xs, value = change
            tangent = pusher.full(value)
            found = mirrored(value, self._shared, pusher.infer) if xs.name in self._shared else None
            if found is not None:
                tangent = found.value
            elif tangent is None:
                tangent = pusher.zero_item(value)
            elif _borrows(value, tangent, pusher.infer):
                tangent = n.Call(n.Field(tangent, "copy"))
            elif not is_full(tangent, dims_of(pusher.infer(value)) or (), pusher.infer):
                tangent = fill(value, tangent)
            made = append(n.Var(self._tangents.name(xs.name)), tangent)
            return [made, s] if xs.name in names_in(value) else [s, made]
        source = popped(s)
        assert source is not None
        assert isinstance(s, n.Assign)
        last = pop(n.Var(self._tangents.name(source.name)))
        if base_name(s.target) not in self._active:
            return [s, n.Effect(last)]
        return [s, n.Assign(self._tangents.place(s.target), last)]

    # --- assignments ----------------------------------------------------------------------------

    def _assign(self, s: n.Assign) -> list[n.Stmt]:
        if self._calls.is_call(s.value) and not isinstance(s.target, n.Index | n.Field):
            return self._call(s)
        if isinstance(s.target, n.Tuple):
            return self._tuple(s, s.target)
        if base_name(s.target) not in self._active:
            return [s]
        if isinstance(s.target, n.Var) and s.target.name in self._shared:
            found = None
            if isinstance(self._infer(s)(s.value), Array):
                found = mirrored(s.value, self._shared, self._infer(s))
            if found is not None:
                return self._mirrored(s, s.target, found)
        if s.note == NOT_BOUND:
            return [s, replace(s, target=self._tangents.place(s.target))]
        pusher = self._pusher(s, s.value if self._is_kept(s) else None)
        tangent = pusher.push(s.value)
        kind = pusher.infer(s.value)
        if tangent is None:
            zero = s.value if is_unfilled(s.value) else zero_start(s.target, kind)
            zero = ZERO if zero == n.Const(None) and isinstance(s.target, n.Index) else zero
            return self._zeroed(s, zero)
        target = self._tangents.place(s.target)
        if isinstance(s.target, n.Var):
            tangent = _spread(tangent, kind, pusher.infer)
        made = n.Assign(target, tangent)
        if isinstance(s.target, n.Var) and _borrows(s.value, tangent, pusher.infer):
            self.borrowed.add(made)
        return self._ordered(s, made)

    def _is_kept(self, s: n.Assign) -> bool:
        """Whether the target holds the very value afterwards: a store may spread or convert it."""
        infer = self._primal.kinds.at(s)
        if not isinstance(s.target, n.Index) or not isinstance(infer(s.target.base), Array):
            return True
        return same_kind(infer(s.target), infer(s.value))

    def _mirrored(self, s: n.Assign, target: n.Var, found: Mirrored) -> list[n.Stmt]:
        """`v = A[1:]` where either is written into: the same view of the tangent."""
        place = self._tangents.place(target)
        if found.asked is None:
            made = n.Assign(place, found.value)
            return [made, s] if target.name in names_in(s.value) else [s, made]
        if target.name in names_in(s.value):
            raise UnsupportedError(
                "this may be a view or a copy of an array that is written into, and takes its "
                "name.",
                s.span,
                None,
                "give the result a name of its own.",
            )
        self.asked_of |= frozenset[str]().union(
            *(g for g in self._primal.groups if target.name in g)
        )
        whole = self._tangents.place(found.asked)
        shared = np_call("may_share_memory", target, found.asked)
        alike = n.Op("or", (np_call("may_share_memory", place, whole), n.Op("not", (shared,))))
        copy = n.Call(n.Field(found.value, "copy"))
        return [
            s,
            n.Assign(place, n.Choose(shared, found.value, copy)),
            n.Assert(alike, n.Const("the tangent must lie in memory as the primal does")),
        ]

    def _zeroed(self, s: n.Assign, zero: n.Expr) -> list[n.Stmt]:
        """The assignment of a value without a tangent to something that may have one."""
        if isinstance(s.target, n.Var):
            return [s, n.Assign(self._tangents.place(s.target), zero)]
        if isinstance(s.target, n.Index) and not is_item(s.target, self._infer(s)):
            zero = ZERO
        return [s, n.Assign(self._tangents.place(s.target), zero)]

    def _tuple(self, s: n.Assign, target: n.Tuple) -> list[n.Stmt]:
        names = [base_name(item) for item in target.items]
        if not any(name in self._active for name in names):
            return [s]
        pusher = self._pusher(s)
        found = s.value.items if isinstance(s.value, n.Tuple) else None
        values = found or items_of_call(s.value, pusher.infer)
        if values is None or len(values) != len(target.items):
            tangent = pusher.push(s.value)
            if tangent is None:
                raise UnsupportedError(
                    "the parts of this value are not known.", s.span, None, "take them by index."
                )
            places = tuple(self._place(item) for item in target.items)
            return self._ordered(s, n.Assign(n.Tuple(places), tangent))
        pairs = zip(target.items, values, strict=True)
        parts = [(t, v) for t, v in pairs if base_name(t) in self._active]
        pushed = tuple(self._part(t, v, pusher) for t, v in parts)
        places = tuple(self._tangents.place(t) for t, _ in parts)
        if len(parts) == 1:
            return self._ordered(s, n.Assign(places[0], pushed[0]))
        return self._ordered(s, n.Assign(n.Tuple(places), n.Tuple(pushed)))

    def _place(self, item: n.Expr) -> n.Place:
        """The tangent of a target; a name that nobody reads where it has none."""
        return self._tangents.place(item) if base_name(item) in self._active else n.Var("_")

    def _part(self, target: n.Expr, value: n.Expr, pusher: Pusher) -> n.Expr:
        kind = pusher.infer(value)
        if isinstance(target, n.Var) and target.name in self._shared:
            found = mirrored(value, self._shared, pusher.infer)
            if found is not None and found.asked is None:
                return found.value
        tangent = pusher.push(value)
        if tangent is None:
            return zero_start(value, kind)
        dims = dims_of(kind)
        if not isinstance(target, n.Var) or not dims:
            return tangent
        if not is_full(tangent, dims, pusher.infer):
            return fill(value, tangent)
        tangent = as_complex(tangent, kind, pusher.infer)
        if _borrows(value, tangent, pusher.infer):
            return n.Call(n.Field(tangent, "copy"))
        return tangent

    def _call(self, s: n.Assign | n.Effect) -> list[n.Stmt]:
        names = {base_name(t) for t in _targets(s.target)} if isinstance(s, n.Assign) else set()
        useful = self._primal.activity.useful_after.get(s, frozenset())
        made = None
        if (names | written_names_of(writing_call(s))) & useful:
            near = lambda e: self._near(e, s)  # noqa: E731
            pusher = self._pusher(s)
            made = self._calls.pushed(s, pusher, self._tangents, near, self._active)
        if made is not None:
            return [made]
        if isinstance(s, n.Effect):
            return [s]
        infer = self._infer(s)
        zeros: list[n.Stmt] = []
        for item in _targets(s.target):
            if isinstance(item, n.Var) and item.name in self._active:
                kind = self._kind_after(s, item, infer)
                zeros.append(n.Assign(self._tangents.place(item), zero_start(item, kind)))
        return [s, *zeros]

    def _near(self, e: n.Expr, s: n.Stmt) -> frozenset[str]:
        """The names whose memory an expression of the statement may share."""
        found = roots(e, self._primal.kinds.at(s))
        return found.union(*(self._primal.aliases.held(name, s) for name in found))

    def _kind_after(self, s: n.Assign, item: n.Var, infer: Inference) -> Kind:
        kind = infer(s.value)
        if not isinstance(s.target, n.Tuple):
            return kind
        return infer(n.Index(s.value, n.Const(s.target.items.index(item))))

    # --- updates --------------------------------------------------------------------------------

    def _update(self, s: n.Update) -> list[n.Stmt]:
        """`v op= value`: the tangent is updated likewise, or computed anew in its place."""
        name = base_name(s.target)
        if name not in self._active:
            return [s]
        if is_scatter(s):
            return self._scattered(s)
        whole = n.Op(s.op, (s.target, s.value), span=s.value.span)
        pusher = self._pusher(s, whole)
        own, other = pusher.push(s.target), pusher.push(s.value)
        if own is None and other is None:
            return [s]
        place = self._tangents.place(s.target)
        if s.op in ("add", "sub") and self._in_step(s, pusher):
            if other is None:
                return [s]
            return self._ordered(s, n.Update(place, s.op, other))
        if s.op in ("mul", "div") and other is None and self._in_step(s, pusher):
            return self._ordered(s, n.Update(place, s.op, s.value))
        kind = pusher.infer(s.target)
        tangent = pusher.push(whole)
        if tangent is None:
            # What `//=` gives does not depend on anything smoothly.
            tangent = ZERO
        if isinstance(s.target, n.Var) and isinstance(kind, Array):
            # In place, as the primal's update is: other names may be views of it.
            place = n.Index(place, n.Const(...))
        elif isinstance(s.target, n.Var):
            tangent = _spread(tangent, pusher.infer(whole), pusher.infer)
        return self._ordered(s, n.Assign(place, tangent))

    def _scattered(self, s: n.Update) -> list[n.Stmt]:
        """`np.add.at(v, i, x)` is linear: the tangents are added likewise."""
        added = self._pusher(s).push(s.value)
        if added is None:
            return [s]
        return self._ordered(s, n.Update(self._tangents.place(s.target), s.op, added))

    def _in_step(self, s: n.Update, pusher: Pusher) -> bool:
        """Whether the tangent may be updated as the primal is: it exists, and keeps its shape."""
        kind = pusher.infer(s.target)
        varied = self._varied(s)
        if isinstance(kind, Array):
            return True
        same = not isinstance(pusher.infer(s.value), Array)
        return same and bool(smooth_names(s.target, pusher.infer) & varied)

    # --- order ----------------------------------------------------------------------------------

    def _ordered(self, s: n.Assign | n.Update, made: n.Assign | n.Update) -> list[n.Stmt]:
        """The statement and that for its tangent, so that each reads what it means."""
        new = reads_new(made.value)
        if not new:
            return [made, s] if self._reads_overwritten(s, made) else [s, made]
        if not self._reads_overwritten(s, made):
            return [s, _with_new(made, s.target)]
        wish = base_name(s.target)
        name = n.Var(self._primal.names.fresh(f"{wish}_new"))
        value = s.value if isinstance(s, n.Assign) else n.Op(s.op, (s.target, s.value))
        place: n.Target = s.target
        if isinstance(s, n.Update) and isinstance(self._primal.kinds.at(s)(s.target), Array):
            place = n.Index(s.target, n.Const(...)) if isinstance(place, n.Var) else place
        first = n.Assign(name, value, span=s.span)
        return [first, _with_new(made, name), n.Assign(place, name, span=s.span)]

    def _reads_overwritten(self, s: n.Assign | n.Update, made: n.Assign | n.Update) -> bool:
        """Whether the tangent reads what the statement binds anew or writes into."""
        reads = value_reads(made.value) | shape_reads(made.value)
        if isinstance(made.target, n.Index):
            reads |= value_reads(made.target.key)
        over: set[str] = set()
        for item in _targets(s.target):
            if isinstance(item, n.Var) and isinstance(s, n.Assign):
                over.add(item.name)
                continue
            for name in stores_into(item) or {base_name(item) or ""}:
                over |= {name} | self._primal.aliases.of(name, s)
        return bool(reads & over)


def _given(x: n.Stmt, s: n.Assign | n.Update, value: n.Expr, name: n.Var) -> n.Stmt:
    """The statement, or that which gives its value a name, with the value known already."""
    if x is s:
        return n.Assign(s.target, name, span=s.span)
    if isinstance(x, n.Assign) and (x.value is s.value or x.value == value):
        return replace(x, value=name) if x.span is s.span else x
    return x


def _targets(target: n.Expr) -> tuple[n.Expr, ...]:
    return target.items if isinstance(target, n.Tuple) else (target,)


def _with_new(s: n.Assign | n.Update, place: n.Expr) -> n.Stmt:
    """The statement with NEW as the place that holds the value."""
    return map_expressions(s, lambda e: substitute(e, {NEW.name: place}))


def _spread(tangent: n.Expr, kind: Kind, infer: Inference) -> n.Expr:
    """The tangent with the full shape of the value assigned."""
    dims = dims_of(kind)
    if not isinstance(kind, Array) or dims is None or is_full(tangent, dims, infer):
        return as_complex(tangent, kind, infer)
    return fill(NEW, tangent)


def _borrows(value: n.Expr, tangent: n.Expr, infer: Inference) -> bool:
    """Whether the tangent is another's array although the primal's value has its own memory."""
    return not roots(value, infer) and bool(roots(tangent, infer))
