"""The adjoint of one simple statement.

For `v = e` the contributions of the seed `dv` go to what `e` reads; then `dv` is replaced by the
contribution to the old `v`, or by zero, for its value has been overwritten. For a store the order
decides correctness: partials that read the new value; (undo); partials that read old operands;
then the stored element's own adjoint, which an array seed must be copied from if anything else of
the same array receives contributions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcdiff.analysis.keys import copies, may_repeat
from srcdiff.analysis.kinds import Inference
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.algebra import total
from srcdiff.ir.build import ZERO
from srcdiff.ir.fills import fill, filled, np_call
from srcdiff.ir.kinds import UNKNOWN, Array, Kind, ListOf, dims_of, dtype_of, is_complex, same_dims
from srcdiff.ir.lists import length
from srcdiff.ir.scatter import AT, as_argument
from srcdiff.ir.walk import (
    base_name,
    blocks,
    expressions,
    map_block,
    map_expressions,
    names_in,
    statements,
    subexpressions,
    substitute,
    target_names,
    with_blocks,
)
from srcdiff.runtime import keep_last
from srcdiff.transform.adjoints import Adjoints
from srcdiff.transform.pull import NEW, Pulled, Puller, Seed, Temporaries, reads_new
from srcdiff.transform.spread import real_part, reduce_to
from srcdiff.transform.wholes import own_reads

# Stands for the adjoint of the stored place until it is known whether it needs a name.
STORED = n.Var("<seed>")


@dataclass(frozen=True)
class Adjoint:
    """The reverse of a statement: `first` runs before the undo, `second` after it."""

    first: tuple[n.Stmt, ...] = ()
    second: tuple[n.Stmt, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.first or self.second)


@dataclass
class Context:
    """What reversing one statement needs: kinds before it, what is varied, names."""

    infer: Inference
    varied: frozenset[str]
    adjoints: Adjoints
    temporaries: Temporaries
    may_be_zero: frozenset[str]
    # Of these, the ones that a branch may leave unused.
    skipped: frozenset[str] = frozenset()
    # Groups of variables, and of their adjoints, that share memory.
    groups: tuple[frozenset[str], ...] = ()

    def together(self, name: str | None) -> frozenset[str | None]:
        """The variables that may share memory with this one, itself among them."""
        return frozenset((name,)).union(*(g for g in self.groups if name in g))

    # The names whose memory an expression may share.
    near: Callable[[n.Expr], frozenset[str]] = lambda e: frozenset()

    def with_kinds(self, kinds: Mapping[str, Kind]) -> Inference:
        """Kinds before the statement, of the adjoints, and of these further names."""
        env = dict(self.infer.env)
        env.update({a: env[p] for p, a in self.adjoints.of.items() if p in env})
        env.update(kinds)
        return replace(self.infer, env=env)

    def puller(self, kinds: Mapping[str, Kind], root: n.Expr | None = None) -> Puller:
        """A puller for the statement."""
        self.temporaries.start()
        infer = self.with_kinds(kinds)
        return Puller(infer, self.varied, self.temporaries, root, self._over_list)

    def _over_list(self, xs: n.Var, item: Callable[[n.Var], n.Expr]) -> n.Stmt:
        """The loop that adds something to each item of a list's adjoint."""
        k = self.adjoints.index()
        trips = n.Call(n.Ref("range", range, range), (length(xs),))
        place = n.Index(n.Var(self.adjoints.name(xs.name)), k)
        return n.For(k, trips, (n.Update(place, "add", item(k)),))

    def seed(self, value: n.Expr, name: str | None) -> Seed:
        """The seed of a value that was assigned to the variable, or stored into it."""
        return Seed(value, (), name in self.may_be_zero, name in self.skipped)

    def zero(self, name: str) -> n.Expr:
        """The zero adjoint of a variable."""
        return zero_like(n.Var(name), self.infer(n.Var(name)))


def zero_like(place: n.Expr, kind: Kind) -> n.Expr:
    """Zero, with the shape of a place of this kind."""
    if isinstance(kind, ListOf):
        return n.List(())
    return np_call("zeros_like", place) if isinstance(kind, Array) else ZERO


def assignment(target: n.Var, value: n.Expr, context: Context, undo: bool) -> Adjoint:
    """The adjoint of `target = value`."""
    return parallel((target,), (value,), context, undo)


def parallel(
    targets: tuple[n.Var, ...],
    values: tuple[n.Expr, ...],
    context: Context,
    undo: bool,
    bound: frozenset[str | None] = frozenset(),
) -> Adjoint:
    """The adjoint of `a, b = x, y`: all seeds are read before any is replaced. `bound` are all
    the variables that the statement binds, if these are only some of them.
    """
    single = len(targets) == 1
    kinds = {
        context.adjoints.name(t.name): context.infer(v)
        for t, v in zip(targets, values, strict=True)
    }
    if single:
        kinds[NEW.name] = context.infer(values[0])
    puller = context.puller(kinds, values[0] if single else None)
    for target, value in zip(targets, values, strict=True):
        seed = n.Var(context.adjoints.name(target.name))
        puller.pull(value, context.seed(seed, target.name))
    lets, rest = rebound(puller, targets, context)
    bound |= {target.name for target in targets}
    return split(lets, rest, targets[0], undo, context, bound)


def rebound(
    puller: Puller, targets: tuple[n.Var, ...], context: Context
) -> tuple[list[n.Stmt], list[n.Stmt]]:
    """Named seeds, and the updates of adjoints, of a statement that binds the targets anew.

    The adjoint of a target is replaced last, unless elements of its old value were read: their
    contributions go into the adjoint that replaces it, and the seed is kept aside.
    """
    lets = puller.out.lets
    sums = summed(puller.out, context.adjoints)
    places: list[n.Place] = [context.adjoints.place(t) for t in targets]
    own = {place: sums.pop(place, None) for place in places}
    others = added(sums, context)
    names = {base_name(place) for place in places}
    touched = sorted({str(base_name(place)) for place in sums if base_name(place) in names})
    if not touched:
        return lets, [*others, *_replacements(targets, own, context)]
    aside = {name: puller.declare(UNKNOWN) for name in touched}
    begin: list[n.Stmt] = [n.Assign(seed, n.Var(name)) for name, seed in aside.items()]

    def moved(e: n.Expr) -> n.Expr:
        return substitute(e, aside)

    lets = [*begin, *(_with_value(s, moved) for s in lets)]
    own = {place: None if value is None else moved(value) for place, value in own.items()}
    return lets, [*_replacements(targets, own, context), *(_with_value(s, moved) for s in others)]


def _with_value(s: n.Stmt, f: Callable[[n.Expr], n.Expr]) -> n.Stmt:
    if isinstance(s, n.For):
        return with_blocks(s, tuple(tuple(_with_value(x, f) for x in b) for b in blocks(s)))
    assert isinstance(s, n.Assign | n.Update)
    return replace(s, value=f(s.value))


def returned(results: list[tuple[n.Expr, Seed]], context: Context) -> Adjoint:
    """The adjoint of a return: each result with its seed."""
    kinds = {s.value.name: context.infer(e) for e, s in results if isinstance(s.value, n.Var)}
    puller = context.puller(kinds)
    for value, seed in results:
        puller.pull(value, seed)
    sums = summed(puller.out, context.adjoints)
    return Adjoint((), (*puller.out.lets, *added(sums, context)))


def added(sums: Mapping[n.Place, n.Expr], context: Context) -> list[n.Stmt]:
    """The sums added to their places: once for each entry of an index that may repeat."""
    out: list[n.Stmt] = []
    for place, value in sums.items():
        repeats = isinstance(place, n.Index) and may_repeat(place.key, context.infer)
        out.append(n.Update(place, "add_at" if repeats else "add", value))
    return out


def _replacements(
    targets: tuple[n.Var, ...], own: Mapping[n.Place, n.Expr | None], context: Context
) -> list[n.Stmt]:
    """`dv = ...` for each target: its old value's contribution, or zero."""
    out: list[n.Stmt] = []
    carried: list[tuple[n.Place, n.Expr]] = []
    for target, (place, value) in zip(targets, own.items(), strict=True):
        if value is None:
            # Also where no earlier value matters: in a loop it is the next trip's that ends here.
            out.append(n.Assign(place, context.zero(target.name)))
        elif value != place:
            carried.append((place, value))
    if len(carried) == 1:
        out.insert(0, n.Assign(*carried[0]))
    elif carried:
        places, values = zip(*carried, strict=True)
        out.insert(0, n.Assign(n.Tuple(tuple(places)), n.Tuple(tuple(values))))
    return out


def summed(pulled: Pulled, adjoints: Adjoints) -> dict[n.Place, n.Expr]:
    """The contributions, summed for each adjoint place."""
    parts: dict[n.Place, list[n.Expr]] = {}
    for place, value in pulled.parts:
        parts.setdefault(adjoints.place(place), []).append(value)
    return {place: _total(place, values) for place, values in parts.items()}


def _total(place: n.Place, values: list[n.Expr]) -> n.Expr:
    """One sum; numbers that are spread over an array are summed first."""
    spread = [filled(v) for v in values]
    if len(values) > 1 and all(f is not None for f in spread):
        like = spread[0]
        assert like is not None
        return fill(like[0], total([f[1] for f in spread if f is not None]))
    # In a sum, broadcasting spreads a number as well as full_like does.
    plain = [
        f[1] if f is not None and i else v
        for i, (v, f) in enumerate(zip(values, spread, strict=True))
    ]
    return total(plain)


def split(
    lets: list[n.Stmt],
    rest: list[n.Stmt],
    target: n.Place,
    undo: bool,
    context: Context,
    bound: frozenset[str | None] = frozenset(),
) -> Adjoint:
    """What reads the new value goes before the undo; NEW becomes the target. `bound` are other
    variables that are undone with it.
    """
    if not any(reads_new(e) for s in [*lets, *rest] for e in expressions(s)):
        return Adjoint((), (*lets, *rest))
    if not undo:
        return Adjoint((), tuple(_replace_new(s, target) for s in [*lets, *rest]))
    first, later = _before_undo(lets, context.together(base_name(target)) | bound)
    first = [_replace_new(s, target) for s in first]
    remaining = [*later, *rest]
    if not any(reads_new(e) for s in remaining for e in expressions(s)):
        return Adjoint(tuple(first), tuple(remaining))
    # One expression reads the new value and the old one: the new one is kept aside.
    kept = n.Var(context.adjoints.names.fresh(f"{base_name(target)}_new"))
    value: n.Expr = target
    if isinstance(target, n.Index) and _is_view(target, context.infer):
        value = n.Call(n.Field(target, "copy"))
    first.append(n.Assign(kept, value))
    return Adjoint(tuple(first), tuple(_replace_new(s, kept) for s in remaining))


def _before_undo(
    lets: list[n.Stmt], names: frozenset[str | None]
) -> tuple[list[n.Stmt], list[n.Stmt]]:
    """The named seeds that may be computed before the undo of these, and those that may not."""
    first: list[n.Stmt] = []
    later: list[n.Stmt] = []
    waiting = set(names)
    for s in lets:
        if not isinstance(s, n.Assign | n.Update):
            later.append(s)
        elif names_in(s.value) & waiting or base_name(s.target) in waiting:
            later.append(s)
            waiting.add(base_name(s.target))
        else:
            first.append(s)
    return first, later


def _replace_new(s: n.Stmt, value: n.Expr) -> n.Stmt:
    return map_expressions(s, lambda e: substitute(e, {NEW.name: value}))


# --- stores -------------------------------------------------------------------------------------


def store(target: n.Index, value: n.Expr, context: Context, undo: bool) -> Adjoint:
    """The adjoint of `A[k] = value`."""
    value = own_reads(target, value)
    place = context.adjoints.place(target)
    kind = context.infer(target)
    # What is stored is the value's result only where neither shape nor dtype was changed by it.
    root = value if same_kind(kind, context.infer(value)) else None
    puller = context.puller({STORED.name: kind, NEW.name: kind}, root)
    _pull_stored(puller, target, value, kind, context, _kept(target, context))
    sums = summed(puller.out, context.adjoints)
    own = sums.pop(place, ZERO)
    others = added(sums, context)
    touching = any(base_name(p) in context.together(base_name(place)) for p in sums)
    shared = _is_view(target, context.infer)
    body = ordered(place, puller.out.lets, others, own, touching, shared)
    lets = body[: len(body) - len(others) - 1]
    return split(lets, body[len(lets) :], target, undo, context)


def _is_view(place: n.Index, infer: Inference) -> bool:
    """Whether reading the place gives a view of its array."""
    return isinstance(infer(place), Array) and not copies(place.key, infer)


def same_kind(a: Kind, b: Kind) -> bool:
    dims_a, dims_b = dims_of(a), dims_of(b)
    if dims_a is None or dims_b is None or dtype_of(a) != dtype_of(b):
        return False
    return same_dims(dims_a, dims_b)


def ordered(
    place: n.Place,
    lets: list[n.Stmt],
    others: list[n.Stmt],
    own: n.Expr,
    touching: bool,
    shared: bool,
) -> list[n.Stmt]:
    """The statements in an order that is right whatever the indices are at run time.

    `shared`: whether the seed is a view of the adjoint array.
    """
    reads = _uses(STORED, [*lets, *others])
    if not touching and reads + _uses_in(STORED, own) <= 1:
        final = n.Assign(place, substitute(own, {STORED.name: place}))
        return [_seeded(s, place) for s in [*lets, *others]] + [final]
    if not touching and reads == 0:
        return [*lets, *others, n.Assign(place, substitute(own, {STORED.name: place}))]
    d = _SEED_NAME
    # A view of the adjoint may be read until the adjoint is replaced; where something else of the
    # same array is written to before that, the seed is copied and the place replaced first.
    copied = shared and touching
    seed: n.Expr = n.Call(n.Field(place, "copy")) if copied else place
    begin = n.Assign(d, seed)
    final = n.Assign(place, substitute(own, {STORED.name: d}))
    named_lets = [_seeded(s, d) for s in lets]
    named = [_seeded(s, d) for s in others]
    if shared and not touching:
        return [begin, *named_lets, *named, final]
    return [begin, *named_lets, final, *named]


# The name that a stored place's seed gets; made real by `name_seed`.
_SEED_NAME = n.Var("<d>")


def _seeded(s: n.Stmt, seed: n.Expr) -> n.Stmt:
    return map_block((s,), lambda e: substitute(e, {STORED.name: seed}))[0]


def _uses(name: n.Var, block: list[n.Stmt]) -> int:
    return sum(_uses_in(name, e) for s in statements(tuple(block)) for e in expressions(s))


def _uses_in(name: n.Var, e: n.Expr) -> int:
    return sum(x == name for x in subexpressions(e))


def _kept(target: n.Index, context: Context) -> n.Expr:
    """The adjoint of the values of a store: of those for one element, NumPy keeps the last."""
    if not may_repeat(target.key, context.infer):
        return STORED
    place = context.adjoints.place(target)
    assert isinstance(place, n.Index)
    callee = n.Ref("keep_last", keep_last, keep_last)
    return n.Call(callee, (STORED, as_argument(target.key), n.Field(place.base, "shape")))


def _pull_stored(
    puller: Puller,
    target: n.Index,
    value: n.Expr,
    kind: Kind,
    context: Context,
    stored: n.Expr = STORED,
) -> None:
    """Pulls the seed of a store; what was broadcast into the place is summed."""
    seed = stored
    own, dims = context.infer(value), dims_of(kind)
    mine = dims_of(own)
    if dims is not None and mine != () and (mine is None or not same_dims(mine, dims)):
        infer = context.with_kinds({STORED.name: kind})
        seed = reduce_to(stored, value, target, dims, own, infer)
    elif dims and mine == ():
        seed = np_call("sum", stored)
    if is_complex(kind) and not is_complex(own):
        seed = real_part(seed)
    name = base_name(target)
    puller.pull(value, context.seed(seed, name))


def store_update(target: n.Index, op: str, value: n.Expr, context: Context, undo: bool) -> Adjoint:
    """The adjoint of `A[k] op= value`, also where it adds once for each entry of k."""
    if op not in ("add", "sub", "add_at", "sub_at"):
        return store(target, n.Op(op, (target, value)), context, undo)
    place = context.adjoints.place(target)
    kind = context.infer(target)
    puller = context.puller({STORED.name: kind})
    signed = value if op in ("add", "add_at") else n.Op("neg", (value,), span=value.span)
    kept = STORED if op in AT.values() else _kept(target, context)
    _pull_stored(puller, target, signed, kind, context, kept)
    sums = summed(puller.out, context.adjoints)
    others = added(sums, context)
    lets = puller.out.lets
    touching = any(base_name(p) in context.together(base_name(place)) for p in sums)
    if _uses(STORED, [*lets, *others]) <= 1 and not touching:
        return Adjoint((), tuple(_seeded(s, place) for s in [*lets, *others]))
    shared = _is_view(target, context.infer)
    copied = touching and shared
    begin = n.Assign(_SEED_NAME, n.Call(n.Field(place, "copy")) if copied else place)
    return Adjoint((), (begin, *(_seeded(s, _SEED_NAME) for s in [*lets, *others])))


def update(target: n.Var, op: str, value: n.Expr, context: Context, undo: bool) -> Adjoint:
    """The adjoint of `v op= value`, which reads as `v = v op value`."""
    whole = n.Op(op, (target, value), span=value.span)
    kind = context.infer(target)
    if isinstance(kind, Array) and kind.ndim:
        dims = dims_of(context.infer(whole))
        if dims is None or len(dims) != kind.ndim:
            raise UnsupportedError(
                "the shape of this update is not known.",
                value.span,
                None,
                "write it as an assignment.",
            )
    return assignment(target, whole, context, undo)


def called(
    call: n.Expr,
    operands: list[tuple[n.Expr, Kind]],
    targets: tuple[n.Var, ...],
    context: Context,
) -> Adjoint:
    """The adjoint of `targets = g(operands)`: `call` gives the operands' adjoints, one after the
    other where they are several.
    """
    kinds = {context.adjoints.name(t.name): context.infer(t) for t in targets}
    puller = context.puller(kinds)
    names = [puller.declare(kind) for _, kind in operands]
    target: n.Target = names[0] if len(names) == 1 else n.Tuple(tuple(names))
    if names:
        puller.out.lets.append(n.Assign(target, call))
    elif call != n.Const(None):
        puller.out.lets.append(n.Effect(call))
    for name, (operand, _) in zip(names, operands, strict=True):
        puller.pull(operand, Seed(name, may_be_zero=True))
    lets, rest = rebound(puller, targets, context)
    return Adjoint((), (*lets, *rest))


def in_order(adjoint: Adjoint, names: tuple[str, ...]) -> Adjoint:
    """The adjoint with its seeds named in the order of the text."""
    used = [
        name
        for s in adjoint.first + adjoint.second
        if isinstance(s, n.Assign)
        for name in target_names(s.target)
        if name in names
    ]
    new = {old: n.Var(name) for old, name in zip(dict.fromkeys(used), names, strict=False)}

    def renamed(block: n.Block) -> n.Block:
        return map_block(block, lambda e: substitute(e, new))

    return Adjoint(renamed(adjoint.first), renamed(adjoint.second))


def name_seed(adjoint: Adjoint, temporaries: Temporaries) -> Adjoint:
    """The adjoint with the stored place's seed named."""
    every = statements(adjoint.first + adjoint.second)
    if not any(_uses_in(_SEED_NAME, e) for s in every for e in expressions(s)):
        return adjoint
    name = temporaries.fresh()

    def named(block: n.Block) -> n.Block:
        return map_block(block, lambda e: substitute(e, {_SEED_NAME.name: name}))

    return Adjoint(named(adjoint.first), named(adjoint.second))
