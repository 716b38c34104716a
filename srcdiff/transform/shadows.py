"""Shadows: adjoint arrays that share memory as the primal's arrays do.

    row = A[i]                  row = A[i]
    row[0] = x          →       drow = dA[i]
                                row[0] = x

Where memory that is written into has several names, the forward sweep makes an adjoint array beside
each array, and the same view of it beside each view. The reverse sweep then updates shadows in
place, whatever name a value was stored or read by. A fresh array gets a shadow of zeros.

`np.reshape` and its like give a view or a copy; the primal is asked which it was:

    v = B.reshape(-1)
    v_shared = np.may_share_memory(v, B)
    dv = dB.reshape(-1) if v_shared else np.zeros_like(v)

What is put before the reverse sweep here are ordinary statements about ordinary variables, so that
their bindings are kept and restored as the primal's are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from srcdiff.analysis.activity import differentiable
from srcdiff.analysis.alias import Pairs, aliases, roots
from srcdiff.analysis.bind import bind_call
from srcdiff.analysis.keys import copies
from srcdiff.analysis.kinds import Inference, Kinds, infer_kinds
from srcdiff.analysis.liveness import liveness
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import Array, Kind, ListOf, is_number
from srcdiff.ir.lists import append, appended, popped, zeros
from srcdiff.ir.walk import blocks, names_in, target_names, with_blocks
from srcdiff.transform.lent import NOTHING_LENT, Lent
from srcdiff.transform.primal import Primal

# Functions and methods whose result is always a view of their operand.
_VIEWS = frozenset(
    (
        *("T", "mT", "real", "imag", "transpose", "permute_dims", "matrix_transpose", "swapaxes"),
        *("moveaxis", "rollaxis", "squeeze", "expand_dims", "flip", "fliplr", "flipud", "rot90"),
    )
)


@dataclass(frozen=True)
class Mirrored:
    """An expression for the shadow of a value that shares memory with a variable's.

    `asked`: the operand of which the value may be a view or a copy.
    """

    value: n.Expr
    asked: n.Expr | None = None


def mirrored(e: n.Expr, shadows: Mapping[str, n.Expr], infer: Inference) -> Mirrored | None:
    """The same view of the shadow as the expression is of its variable; None for a fresh value.

    Raises:
        UnsupportedError: it is not known how the value shares memory.
    """
    if is_number(infer(e)) or not roots(e, infer) & _with_contents(shadows):
        return None
    match e:
        case n.Var() if e.name in shadows:
            return Mirrored(shadows[e.name])
        case n.Index() if not (isinstance(infer(e.base), Array) and copies(e.key, infer)):
            return _through(e.base, lambda base: replace(e, base=base), False, shadows, infer)
        case n.Field() if e.name in _VIEWS:
            return _through(e.base, lambda base: replace(e, base=base), False, shadows, infer)
        case n.Choose():
            a, b = mirrored(e.a, shadows, infer), mirrored(e.b, shadows, infer)
            if a is not None and b is not None and a.asked is None and b.asked is None:
                return Mirrored(replace(e, a=a.value, b=b.value))
        case n.Call():
            found = _of_call(e, shadows, infer)
            if found is not None:
                return found
        case n.Op() if e.op in ("add", "mul") and isinstance(infer(e), ListOf):
            items = tuple(_of_list(x, shadows, infer) for x in e.args)
            return Mirrored(replace(e, args=items))
    raise UnsupportedError(
        "this may share memory with an array that is written into, and it is not known how.",
        e.span,
        None,
        "make it an array of its own with .copy().",
    )


def _with_contents(shadows: Mapping[str, n.Expr]) -> frozenset[str]:
    return frozenset(shadows) | frozenset(f"{name}[]" for name in shadows)


def _through(
    base: n.Expr,
    made: Callable[[n.Expr], n.Expr],
    asks: bool,
    shadows: Mapping[str, n.Expr],
    infer: Inference,
) -> Mirrored | None:
    inner = mirrored(base, shadows, infer)
    if inner is None:
        return None
    asked = inner.asked or (base if asks else None)
    return Mirrored(made(inner.value), asked)


def _of_call(e: n.Call, shadows: Mapping[str, n.Expr], infer: Inference) -> Mirrored | None:
    """A view of an operand, or an item taken from a list."""
    if isinstance(e.callee, n.Field):
        base, name = e.callee.base, e.callee.name
        of_list = isinstance(infer(base), ListOf) and name in ("pop", "copy")

        def method(new: n.Expr) -> n.Expr:
            return replace(e, callee=n.Field(new, name))

        if of_list or _is_view(e, base, infer):
            asks = not of_list and name not in _VIEWS
            return _through(base, method, asks, shadows, infer)
        return None
    if not isinstance(e.callee, n.Ref):
        return None
    is_copy = e.callee.value is list and len(e.args) == 1 and isinstance(infer(e.args[0]), ListOf)
    for k, arg in enumerate(e.args):

        def function(new: n.Expr, k: int = k) -> n.Expr:
            return replace(e, args=(*e.args[:k], new, *e.args[k + 1 :]))

        if is_copy or _is_view(e, arg, infer):
            asks = not is_copy and getattr(e.callee.value, "__name__", "") not in _VIEWS
            return _through(arg, function, asks, shadows, infer)
    return None


def _is_view(e: n.Call, operand: n.Expr, infer: Inference) -> bool:
    """Whether a call may give a view of this operand, by its rule."""
    bound = bind_call(e, infer)
    if bound is None or infer.world.is_fresh(e):
        return False
    return any(bound.operands.get(name) is operand for name in bound.rule.shares)


def _of_list(e: n.Expr, shadows: Mapping[str, n.Expr], infer: Inference) -> n.Expr:
    """The shadow of a list in an expression of lists."""
    found = mirrored(e, shadows, infer)
    if found is not None and found.asked is None:
        return found.value
    kind = infer(e)
    if isinstance(e, n.List) and not e.items:
        return e
    assert isinstance(kind, ListOf)
    return zeros(e, kind)


# --- the primal with its shadows ----------------------------------------------------------------


@dataclass
class Shadows:
    """The shadows of a function's variables.

    Attributes:
        of: for each variable whose memory is shared, its shadow.
        groups: shadows that may share memory; `primal_groups`: the variables of which they are.
        seeds: for each statement that makes fresh memory, the name under which the reverse sweep
            reads the adjoint of what was made.
        reads: for the statement that makes its shadow, that name and the shadow.
        start: the statements that make the shadows of parameters.
        asked: for a statement that makes the shadow of what may be a copy, the primal's statement
            and the variable that says whether it was a view.
    """

    of: dict[str, str] = field(default_factory=dict)
    groups: tuple[frozenset[str], ...] = ()
    primal_groups: tuple[frozenset[str], ...] = ()
    seeds: dict[n.Stmt, list[tuple[n.Expr, n.Var]]] = field(default_factory=dict)
    reads: dict[n.Stmt, list[tuple[n.Var, n.Expr]]] = field(default_factory=dict)
    start: dict[n.Stmt, str] = field(default_factory=dict)
    asked: dict[n.Stmt, tuple[n.Assign, n.Var]] = field(default_factory=dict)

    @property
    def asked_of(self) -> frozenset[str]:
        """The variables of groups in which something may be a view or a copy."""
        bound = {s.target.name for s, _ in self.asked.values() if isinstance(s.target, n.Var)}
        return frozenset[str]().union(*(g for g in self.primal_groups if g & bound))

    @property
    def seed_names(self) -> frozenset[str]:
        """The names under which adjoints of fresh values are read."""
        return frozenset(name.name for reads in self.reads.values() for name, _ in reads)

    @property
    def names(self) -> frozenset[str]:
        """The shadows."""
        return frozenset(self.of.values())


def with_shadows(
    primal: Primal, name: Callable[[str], str], lent: Lent = NOTHING_LENT
) -> tuple[Primal, Shadows]:
    """The primal with statements that make shadows, where variables share memory that is written
    into; `name` gives the adjoint of a variable. The shadows of what is lent are lent too.

    Raises:
        UnsupportedError: it is not known how a value shares memory.
    """
    active = primal.activity.active_names()
    shared = [group for group in primal.groups if group & active]
    carriers = [frozenset(v for v in group if _carries(v, primal.kinds)) for group in shared]
    shadows = Shadows({v: name(v) for group in carriers for v in sorted(group)})
    shadows.primal_groups = tuple(carriers)
    if not shadows.of:
        return primal, shadows
    shadows.groups = tuple(frozenset(shadows.of[v] for v in group) for group in carriers)
    return _Maker(primal, shadows, lent).run(), shadows


def _carries(name: str, kinds: Kinds) -> bool:
    """Whether a variable holds arrays that may carry a derivative."""
    return any(name in env and differentiable(env[name]) for env in kinds.before.values())


class _Maker:
    def __init__(self, primal: Primal, shadows: Shadows, lent: Lent) -> None:
        self._lent = lent
        self._primal = primal
        self._kinds = primal.kinds
        self._shadows = shadows
        self._vars = {v: n.Var(d) for v, d in shadows.of.items()}

    def run(self) -> Primal:
        """The primal with the statements added, and its facts."""
        old = self._primal
        first = next((s for s in old.function.body), None)
        params: dict[str, Kind] = dict(old.kinds.before[first]) if first is not None else {}
        mine = [p for p in old.function.param_names if p in self._vars]
        names = [p for p in mine if p not in self._lent.adjoints]
        given = {p: self._shadows.of[p] for p in mine if p in self._lent.adjoints}
        params |= {shadow: params[p] for p, shadow in given.items()}
        start = tuple(self._zeros(p, params[p]) for p in names)
        self._shadows.start = dict(zip(start, names, strict=True))
        function = replace(old.function, body=(*start, *self._block(old.function.body)))
        kinds = infer_kinds(function, params, old.kinds.world)
        return replace(
            old,
            function=function,
            kinds=kinds,
            live=liveness(function, self._lent.written | frozenset(given.values())),
            aliases=aliases(function, kinds, self._start(given), earlier=True),
        )

    def _start(self, given: Mapping[str, str]) -> Pairs:
        """Shadows that are lent share memory as their arrays do."""
        pairs = self._lent.shared
        both = ((given[p], given[q]) for p, q in pairs if p in given and q in given)
        return pairs | frozenset((min(a, b), max(a, b)) for a, b in both)

    def _zeros(self, name: str, kind: Kind) -> n.Assign:
        return n.Assign(self._vars[name], zero_shadow(n.Var(name), kind))

    def _block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if not self._kinds.reached(s):
                out.append(s)
                continue
            if blocks(s):
                out.append(self._compound(s))
                continue
            out += self._statement(s)
        return tuple(out)

    def _compound(self, s: n.Stmt) -> n.Stmt:
        if isinstance(s, n.For) and set(target_names(s.target)) & self._vars.keys():
            raise _unknown(s, "loop over a range and index: for i in range(len(xs)).")
        new = with_blocks(s, tuple(self._block(b) for b in blocks(s)))
        facts = self._primal.activity
        for table in (facts.varied_before, facts.varied_after, facts.useful_after):
            if s in table:
                table[new] = table[s]
        return new

    def _statement(self, s: n.Stmt) -> list[n.Stmt]:
        match s:
            case n.Assign() if isinstance(s.target, n.Tuple):
                return self._tuple(s, s.target)
            case n.Assign() if isinstance(s.target, n.Var) and s.target.name in self._vars:
                return self._bound(s, s.target)
            case n.Assign() if popped(s) is not None and popped(s).name in self._vars:  # type: ignore[union-attr]
                raise _unknown(s, "give what is popped a name.")
            case n.Assign() if self._is_item(s.target, s):
                return self._item(s, s.target)
            case n.Effect():
                return self._effect(s)
            case n.Opaque() if set(s.writes) & self._vars.keys():
                raise _unknown(s, "write it with assignments.")
            case n.Update() if self._is_list(s):
                raise _unknown(s, "change the list with append, pop and assignments to items.")
        return [s]

    def _is_list(self, s: n.Update) -> bool:
        return isinstance(s.target, n.Var) and isinstance(self._kinds.at(s)(s.target), ListOf)

    def _is_item(self, target: n.Expr, s: n.Stmt) -> bool:
        """Whether a target is an item of a list of arrays that have shadows."""
        if not isinstance(target, n.Index) or not names_in(target.base) & self._vars.keys():
            return False
        return isinstance(self._kinds.at(s)(target.base), ListOf)

    def _mirrored(self, e: n.Expr, s: n.Stmt) -> Mirrored | None:
        return mirrored(e, self._vars, self._kinds.at(s))

    # --- one statement --------------------------------------------------------------------------

    def _bound(self, s: n.Assign, target: n.Var) -> list[n.Stmt]:
        """`v = value`."""
        shadow = self._vars[target.name]
        infer = self._kinds.at(s)
        if isinstance(s.value, n.List):
            return self._display(s, target, s.value)
        found = self._mirrored(s.value, s)
        if found is None:
            made = n.Assign(shadow, zero_shadow(target, infer(s.value)))
            self._seed(s, s.value, made, shadow)
            return [s, made]
        if found.asked is not None:
            return self._asked(s, target, found)
        made = n.Assign(shadow, found.value)
        return [made, s] if target.name in names_in(s.value) else [s, made]

    def _seed(self, s: n.Stmt, value: n.Expr, made: n.Stmt, shadow: n.Expr) -> None:
        """The adjoint of a fresh value is read where the statement that makes its shadow is
        reversed, before the shadow's name is bound to what it was before.
        """
        name = n.Var(self._primal.names.fresh(f"{_base(shadow)}_seed"))
        self._shadows.seeds.setdefault(s, []).append((value, name))
        self._shadows.reads.setdefault(made, []).append((name, shadow))

    def _asked(self, s: n.Assign, target: n.Var, found: Mirrored) -> list[n.Stmt]:
        """`v = B.reshape(-1)`: the primal says whether this is a view."""
        assert found.asked is not None
        if target.name in names_in(s.value):
            raise _unknown(s, "give the result a name of its own.")
        flag = n.Var(self._primal.names.fresh(f"{target.name}_shared"))
        test = n.Assign(flag, np_call("may_share_memory", target, found.asked))
        zero = np_call("zeros_like", target)
        made = n.Assign(self._vars[target.name], n.Choose(flag, found.value, zero))
        self._shadows.asked[made] = (s, flag)
        return [s, test, made]

    def _display(self, s: n.Assign, target: n.Var, value: n.List) -> list[n.Stmt]:
        """`xs = [a, b + c]`."""
        shadow = self._vars[target.name]
        items: list[n.Expr] = []
        fresh: list[tuple[n.Expr, n.Expr]] = []
        for k, item in enumerate(value.items):
            found = self._mirrored(item, s)
            if found is not None and found.asked is not None:
                raise _unknown(s, "give the items names before.")
            if found is None:
                fresh.append((item, n.Index(shadow, n.Const(k))))
                items.append(zero_shadow(n.Index(target, n.Const(k)), self._kinds.at(s)(item)))
            else:
                items.append(found.value)
        if target.name in names_in(value):
            raise _unknown(s, "give the new list a new name.")
        made = n.Assign(shadow, n.List(tuple(items)))
        for item, its_shadow in fresh:
            self._seed(s, item, made, its_shadow)
        return [s, made]

    def _item(self, s: n.Assign, target: n.Expr) -> list[n.Stmt]:
        """`xs[k] = value`."""
        assert isinstance(target, n.Index)
        place = self._mirrored(target, s)
        if place is None or place.asked is not None or isinstance(target.key, n.Slice):
            raise _unknown(s, "store the items one by one.")
        found = self._mirrored(s.value, s)
        if found is None:
            made = n.Assign(place.value, zero_shadow(target, self._kinds.at(s)(s.value)))  # type: ignore[arg-type]
            self._seed(s, s.value, made, place.value)
            return [s, made]
        if found.asked is not None:
            raise _unknown(s, "give the value a name before.")
        return [s, n.Assign(place.value, found.value)]  # type: ignore[arg-type]

    def _effect(self, s: n.Effect) -> list[n.Stmt]:
        added = appended(s)
        if added is not None and added[0].name in self._vars:
            xs, value = added
            shadow = self._vars[xs.name]
            found = self._mirrored(value, s)
            if found is not None and found.asked is not None:
                raise _unknown(s, "give the value a name before.")
            if found is not None:
                return [s, append(shadow, found.value)]
            last = n.Index(xs, n.Const(-1))
            made = append(shadow, zero_shadow(last, self._kinds.at(s)(value)))
            self._seed(s, value, made, n.Index(shadow, n.Const(-1)))
            return [s, made]
        e = s.value
        if isinstance(e, n.Call) and isinstance(e.callee, n.Field):
            if names_in(e.callee.base) & self._vars.keys():
                if isinstance(self._kinds.at(s)(e.callee.base), ListOf):
                    raise _unknown(s, "change the list with append and assignments to items.")
        return [s]

    def _tuple(self, s: n.Assign, target: n.Tuple) -> list[n.Stmt]:
        """`a, b = x, y`: what shares memory is bound together, before the names change."""
        mine = [t for t in target.items if isinstance(t, n.Var) and t.name in self._vars]
        items = [t for t in target.items if not isinstance(t, n.Var) and self._is_item(t, s)]
        if not mine and not items:
            return [s]
        if items or not isinstance(s.value, n.Tuple) or len(s.value.items) != len(target.items):
            raise _unknown(s, "assign one after the other.")
        places, values = [], []
        after: list[n.Stmt] = []
        for t, v in zip(target.items, s.value.items, strict=True):
            if not isinstance(t, n.Var) or t.name not in self._vars:
                continue
            found = self._mirrored(v, s)
            if found is None:
                made = n.Assign(self._vars[t.name], zero_shadow(t, self._kinds.at(s)(v)))
                self._seed(s, v, made, self._vars[t.name])
                after.append(made)
            elif found.asked is not None:
                raise _unknown(s, "assign one after the other.")
            else:
                places.append(self._vars[t.name])
                values.append(found.value)
        if not places:
            return [s, *after]
        together = n.Assign(places[0], values[0])
        if len(places) > 1:
            together = n.Assign(n.Tuple(tuple(places)), n.Tuple(tuple(values)))
        # Bound after the primal's, they are what they were again where its adjoint runs.
        if not frozenset[str]().union(*map(names_in, values)) & set(target_names(target)):
            return [s, together, *after]
        if len(places) < len(target.items):
            raise _unknown(s, "assign one after the other.")
        return [together, s]


def zero_shadow(place: n.Expr, kind: Kind) -> n.Expr:
    """A shadow of zeros for a place of this kind."""
    return zeros(place, kind) if isinstance(kind, ListOf) else np_call("zeros_like", place)


def _base(e: n.Expr) -> str:
    while isinstance(e, n.Index):
        e = e.base
    assert isinstance(e, n.Var)
    return e.name


def _unknown(s: n.Stmt, remedy: str) -> UnsupportedError:
    return UnsupportedError(
        "this concerns arrays that are written into under several names, and is not supported in "
        "this form.",
        s.span,
        None,
        remedy,
    )
