"""Statements: what they do to objects, and what they leave to the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from srcdiff.aggregates import classes, containers, operators
from srcdiff.aggregates.attributes import attribute, changing, external, store, store_field
from srcdiff.aggregates.comprehended import rewritten
from srcdiff.aggregates.machine import Again, Hole, Loop, Machine, Undecided, simultaneous
from srcdiff.aggregates.values import Cell, Made, Plain, Value
from srcdiff.errors import Span
from srcdiff.ir import nodes as n
from srcdiff.ir.attributes import leave
from srcdiff.ir.kinds import BOOL, INT, UNKNOWN, Array, Kind, TupleOf, carries
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    map_block,
    map_expressions,
    names_in,
    statements,
    subexpressions,
    substitute,
)

# How many statements a loop that is written out may come to.
_MAX_WRITTEN = 4000


def locate(m: Machine, s: n.Stmt) -> None:
    """Notes which statement is evaluated: the sizes that it makes are named after it."""
    frame = m.frames[-1]
    m.where = f"{frame.label}:{frame.labels.get(id(s), 0)}"


def block(m: Machine, body: n.Block) -> None:
    """Evaluates statements, up to where the path ends."""
    for s in body:
        if m.ended:
            return
        statement(m, s)


def statement(m: Machine, s: n.Stmt) -> None:
    """Evaluates one statement."""
    locate(m, s)
    match s:
        case n.Assign():
            _assign(m, s)
        case n.Update():
            _update(m, s)
        case n.Effect():
            _effect(m, s)
        case n.Attempt():
            _attempt(m, s)
        case n.If():
            decided = m.test(s.test)
            if isinstance(decided, bool):
                block(m, s.body if decided else s.orelse)
            else:
                m.either(decided, partial(block, m, s.body), partial(block, m, s.orelse), s.span)
        case n.For():
            _for(m, s)
        case n.While():
            _while(m, s)
        case n.Break() | n.Continue():
            _jump(m, s)
        case n.Return():
            _return(m, s)
        case n.Raise():
            parts = (s.value, s.cause)
            value, cause = (None if e is None else m.expression(e) for e in parts)
            m.out.append(replace(s, value=value, cause=cause))
            m.ended = True
        case n.Assert():
            _assert(m, s)
        case n.Opaque():
            _opaque(m, s)
        case n.Comment():
            m.out.append(replace(s))
        case _:
            _other(m, s)


def _attempt(m: Machine, s: n.Attempt) -> None:
    """What may raise. Its flag is false before, but not known to be so after."""
    assert isinstance(s.test, n.Var)
    flag = _var(m, s.test)
    handlers = []
    for h in s.handlers:
        name = None if h.name is None else _var(m, n.Var(h.name))
        handlers.append(replace(h, name=name, cls=h.cls and m.expression(h.cls)))
        if name is not None:
            m.state.kinds[name] = UNKNOWN
    m.state.kinds[flag] = BOOL if len(handlers) == 1 else INT
    sides = partial(block, m, s.body), partial(block, m, s.orelse)
    m.either(n.Var(flag), *sides, s.span, tuple(handlers))


def _other(m: Machine, s: n.Stmt) -> None:
    """A statement that is kept: it must have nothing to do with objects."""
    if blocks(s):
        raise m.refuse(
            f"{type(s).__name__.lower()} is not supported in a function that makes or changes "
            "objects.",
            s.span,
            "take it out of the function, or pass numbers and arrays.",
        )
    m.emit(map_expressions(s, m.expression))


def _opaque(m: Machine, s: n.Opaque) -> None:
    if isinstance(s.deleted, n.Index):
        base = m.value(s.deleted.base)
        if not isinstance(base, Plain):
            containers.removed(m, base, m.value(s.deleted.key), s.span)
            return
    new = rewritten(m, s)
    assert isinstance(new, n.Opaque)
    for name in new.writes:
        m.state.env.pop(name, None)
        m.state.kinds[name] = UNKNOWN
    m.out.append(replace(new))


def _assert(m: Machine, s: n.Assert) -> None:
    decided = m.test(s.test)
    if decided is True:
        return
    message = None if s.message is None else m.expression(s.message)
    known = n.Const(False) if isinstance(decided, bool) else decided
    m.out.append(n.Assert(known, message, span=s.span))


def _effect(m: Machine, s: n.Effect) -> None:
    found = m.value(s.value)
    if isinstance(found, Plain) and isinstance(found.expr, n.Call | n.OpaqueExpr):
        m.emit(n.Effect(found.expr, span=s.span))


def _return(m: Machine, s: n.Return) -> None:
    """The end of the function that is evaluated; those that are written out end elsewhere."""
    found = None if s.value is None else m.value(s.value)
    e = None
    if found is not None:
        e = m.plain(found, s.span, "returned")
    write_back(m, s.span)
    m.out.append(n.Return(e, span=s.span))
    m.ended = True


def write_back(m: Machine, span: Span | None) -> None:
    """Puts what became of objects from outside where they have it."""
    for number, cell in m.state.heap.items():
        if cell.outside is None:
            continue
        for name in sorted(cell.changed):
            found = cell.fields.get(name)
            if not isinstance(found, Plain):
                raise m.refuse(
                    f"{cell.cls.__name__}.{name} is given an object that was made here, which is "
                    "not supported.",
                    cell.changed[name],
                    "keep numbers and arrays in the object.",
                )
            target = n.Field(m.homes[number], name, span=cell.changed[name])
            value = found.expr
            whole = (number, name) in m.local
            if isinstance(m.kind(value), Array) and not whole:
                # The reverse sweep may undo what was written into the array.
                value = n.Call(n.Field(value, "copy"), ())
            m.out.append(leave(target, value, whole))


def _jump(m: Machine, s: n.Break | n.Continue) -> None:
    loop = m.loops[-1]
    if loop.flag is not None:
        if isinstance(s, n.Break):
            m.emit(n.Assign(loop.flag, n.Const(True), span=s.span))
        return
    hole = Hole()
    m.out += [hole, replace(s)]
    states = loop.breaks if isinstance(s, n.Break) else loop.continues
    states.append((hole, m.state.copy()))
    m.ended = True


# --- assignment ---------------------------------------------------------------------------------


def _assign(m: Machine, s: n.Assign) -> None:
    if s.note is not None:
        m.emit(replace(s))
        return
    if isinstance(s.target, n.Tuple):
        _assign_tuple(m, s.target, s)
        return
    wish = _name(m, s.target)
    if not isinstance(s.target, n.Index):
        base = m.value(s.target.base) if isinstance(s.target, n.Field) else None
        if isinstance(base, Made):
            wish = f"{m.state.heap[base.id].prefix}_{_field_name(s.target)}"
    mark = len(m.out)
    found = m.value(s.value, wish)
    if isinstance(s.target, n.Var):
        name = _var(m, s.target)
        if _is_result(m, found):
            _coalesced(m, name, found)
            return
        if isinstance(found, Made):
            found = _moved(m, name, found, mark)
        if isinstance(found, Plain):
            m.emit(n.Assign(n.Var(name, span=s.target.span), found.expr, span=s.span))
            m.state.env.pop(name, None)
        else:
            m.bind(name, found, s.span)
        return
    m.put(s.target, found, s.span)


def _field_name(target: n.Expr) -> str:
    return target.name if isinstance(target, n.Field) else "item"


def _name(m: Machine, target: n.Expr) -> str | None:
    return _var(m, target) if isinstance(target, n.Var) else None


def _var(m: Machine, target: n.Var) -> str:
    new = m.frames[-1].names.get(target.name, target)
    assert isinstance(new, n.Var)
    return new.name


def _is_result(m: Machine, found: Value) -> bool:
    """Whether a value is what the `if` just written has put into a variable of its own."""
    if not isinstance(found, Plain) or not isinstance(found.expr, n.Var):
        return False
    return found.expr.name in m.results and bool(m.out) and isinstance(m.out[-1], n.If)


def _coalesced(m: Machine, name: str, found: Value) -> None:
    """The variable itself in place of that one."""
    assert isinstance(found, Plain)
    assert isinstance(found.expr, n.Var)
    old = found.expr.name
    m.results.discard(old)
    last = m.out.pop()
    m.out += map_block((last,), lambda e: substitute(e, {old: n.Var(name)}))
    m.state.kinds[name] = m.state.kinds.pop(old, UNKNOWN)
    m.state.env.pop(name, None)


def _moved(m: Machine, name: str, found: Made, mark: int) -> Made:
    """A new object in the variables of the one that the name stood for, where nothing else does.

    state_x_2 = e1; state_v_2 = e2      →       state_x, state_v = e1, e2
    """
    old = m.state.env.get(name)
    new = m.state.heap[found.id]
    if not isinstance(old, Made) or old == found or new.outside is not None:
        return found
    cell = m.state.heap[old.id]
    rest = (v for key, v in m.state.env.items() if key != name)
    if old.id in m.state.reached(*rest, found) or cell.copied or cell.outside is not None:
        return found
    copies = _whole(m, cell, new, m.out[mark:])
    if copies is None:
        return found
    count = len(new.slots)
    del m.out[len(m.out) - count :]
    for s in simultaneous(copies, None):
        m.emit(s)
    for slot in new.slots.values():
        m.state.kinds.pop(slot, None)
    return old


def _whole(
    m: Machine, cell: Cell, new: Cell, written: list[n.Stmt]
) -> list[tuple[n.Var, n.Expr]] | None:
    """The values of the new fields for the old variables, if the last statements assign them."""
    if cell.cls is not new.cls or list(cell.fields) != list(new.fields):
        return None
    if not all(isinstance(v, Plain) for v in (*cell.fields.values(), *new.fields.values())):
        return None
    if cell.slots.keys() != cell.fields.keys() or new.slots.keys() != new.fields.keys():
        return None
    last = written[len(written) - len(new.slots) :]
    by_name = {slot: key for key, slot in new.slots.items()}
    out: list[tuple[n.Var, n.Expr]] = []
    for s in last:
        if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var):
            return None
        key = by_name.pop(s.target.name, None)
        if key is None or names_in(s.value) & new_names(new):
            return None
        out.append((n.Var(cell.slots[key]), s.value))
    return out if not by_name and len(last) == len(new.slots) else None


def new_names(cell: Cell) -> frozenset[str]:
    """The variables of an object's fields."""
    return frozenset(cell.slots.values())


def _assign_tuple(m: Machine, target: n.Tuple, s: n.Assign) -> None:
    found = m.value(s.value)
    simple = all(isinstance(t, n.Var) for t in target.items)
    if isinstance(found, Plain) and simple:
        names = [_var(m, t) for t in target.items if isinstance(t, n.Var)]
        new = n.Tuple(tuple(n.Var(name) for name in names), span=target.span)
        m.emit(n.Assign(new, found.expr, span=s.span))
        for name in names:
            m.state.env.pop(name, None)
        return
    if isinstance(found, Plain) and _is_plain_target(m, target):
        new_target = _place(m, target)
        m.emit(n.Assign(new_target, found.expr, span=s.span))
        return
    unpacked(m, target, found, s.span)


def _is_plain_target(m: Machine, target: n.Expr) -> bool:
    """Whether storing into a target has nothing to do with objects."""
    if isinstance(target, n.Tuple):
        return all(_is_plain_target(m, t) for t in target.items)
    if isinstance(target, n.Starred):
        return _is_plain_target(m, target.value)
    if isinstance(target, n.Var):
        return True
    if isinstance(target, n.Index):
        return isinstance(m.trial(lambda: m.value(target.base))[1], Plain)
    return False


def _place(m: Machine, target: n.Expr) -> n.Target:
    if isinstance(target, n.Tuple):
        items = tuple(_place(m, t) for t in target.items)
        return n.Tuple(items, span=target.span)
    if isinstance(target, n.Var):
        name = _var(m, target)
        m.state.env.pop(name, None)
        return n.Var(name, span=target.span)
    if isinstance(target, n.Starred):
        return n.Starred(_place(m, target.value), span=target.span)  # type: ignore[return-value]
    if not isinstance(target, n.Index):
        raise m.undecided("this target is not supported.", target.span, "assign names or items.")
    return n.Index(m.expression(target.base), m.expression(target.key), span=target.span)


def unpacked(m: Machine, target: n.Tuple, found: Value, span: Span | None) -> None:
    """`a, b = found`: all items are taken before any is bound."""
    items = containers.known_items(m, found)
    targets = list(target.items)
    if items is None:
        # The text unpacks into variables of its own.
        names = [n.Var(m.fresh("item")) for _ in targets]
        m.emit(n.Assign(n.Tuple(tuple(names)), m.plain(found, span), span=span))
        items = [Plain(name) for name in names]
    starred = [i for i, t in enumerate(targets) if isinstance(t, n.Starred)]
    if starred:
        i, count = starred[0], len(items) - len(targets) + 1
        middle = items[i : i + count]
        taken = containers.container(m, list, dict(enumerate(middle)), None, span)
        items = [*items[:i], taken, *items[i + count :]]
        inner = targets[i]
        assert isinstance(inner, n.Starred)
        targets[i] = inner.value
    if len(items) != len(targets):
        raise m.refuse(f"{len(items)} items are unpacked into {len(targets)} names.", span)
    written = frozenset().union(*(_written_by(m, t) for t in targets))
    kept: list[Value] = []
    for v in items:
        if isinstance(v, Plain) and (names_in(v.expr) & written or "*" in written):
            v = Plain(m.named(v.expr, "value"))
        kept.append(v)
    with m.holding(kept):
        for t, v in zip(targets, kept, strict=True):
            m.put(t, v, span)


def _written_by(m: Machine, target: n.Expr) -> frozenset[str]:
    """The variables that putting a value into a target changes; "*" for more than these."""
    if isinstance(target, n.Var):
        return frozenset((_var(m, target),))
    if isinstance(target, n.Tuple):
        return frozenset().union(*(_written_by(m, t) for t in target.items))
    if isinstance(target, n.Field):
        written, base = m.trial(lambda: m.value(target.base))
        cell = m.cell(base) if not written else None
        if cell is not None and not isinstance(
            getattr(classes.find(cell.cls, target.name), "value", None), property
        ):
            return frozenset((cell.slots.get(target.name, ""),))
    return frozenset(("*",))


def put(m: Machine, target: n.Expr, v: Value, span: Span | None) -> None:
    """A value put into a target."""
    match target:
        case n.Var():
            m.bind(_var(m, target), v, span)
        case n.Tuple():
            unpacked(m, target, v, span)
        case n.Field():
            base = m.value(target.base)
            if isinstance(base, Plain):
                base = external(m, base.expr) or base
            if isinstance(base, Plain):
                place = n.Field(base.expr, target.name, span=target.span)
                m.emit(n.Assign(place, m.plain(v, span), span=span))
            else:
                store(m, base, target.name, v, target.span)
        case n.Index():
            found, key = m.in_order([partial(m.value, target.base), partial(m.value, target.key)])
            if isinstance(found, Plain) and not isinstance(v, Plain):
                found = containers.of_objects(m, found.expr) or found
            if isinstance(found, Plain):
                _check_written(m, found.expr)
                place_ = n.Index(found.expr, m.plain(key, span), span=target.span)
                what = "put into an array or a list"
                m.emit(n.Assign(place_, m.plain(v, span, what), span=span))
            else:
                containers.store_item(m, found, key, v, span)
        case _:
            raise m.refuse("this target is not supported.", span)


def _update(m: Machine, s: n.Update) -> None:
    if s.op not in operators.BINARY_NAMES:
        m.emit(map_expressions(s, lambda e: m.plain(m.value(e), e.span)))
        return
    old, operand = m.in_order([partial(_target_value, m, s.target), partial(m.value, s.value)])
    if isinstance(old, Plain) and isinstance(old.expr, n.Index):
        _check_written(m, old.expr.base)
    if isinstance(old, Plain) and isinstance(operand, Plain):
        _update_plain(m, s, old.expr, operand.expr)
        return
    new = operators.in_place(m, s.op, old, operand, s.span, _name(m, s.target))
    if new != old or isinstance(new, Plain):
        m.put(s.target, new, s.span)


def _update_plain(m: Machine, s: n.Update, old: n.Expr, operand: n.Expr) -> None:
    """An update of a number or array, in place where that is one of the text's own."""
    place = _own_place(m, s.target, old)
    if place is not None:
        m.emit(n.Update(place, s.op, operand, span=s.span))
        return
    value = n.Var(m.fresh("value"))
    m.emit(n.Assign(value, old, span=s.span))
    m.emit(n.Update(value, s.op, operand, span=s.span))
    m.put(s.target, Plain(value), s.span)


def _own_place(m: Machine, target: n.Place, old: n.Expr) -> n.Place | None:
    """The variable or element that the target is, where `old` is what it holds."""
    if isinstance(target, n.Var):
        return n.Var(_var(m, target), span=target.span) if old == n.Var(_var(m, target)) else None
    written, base = m.trial(partial(m.value, target.base))
    if written:
        return None
    if isinstance(base, Plain):
        base = external(m, base.expr) or base
    cell = m.cell(base)
    if cell is None:
        return old if isinstance(old, n.Index | n.Field) else None
    key = target.name if isinstance(target, n.Field) else m.constant(m.expression(target.key))
    found = classes.find(cell.cls, key) if isinstance(target, n.Field) else None
    own = isinstance(target, n.Field) or cell.cls in (list, dict)
    if not own or isinstance(getattr(found, "value", None), property):
        return None
    if classes.is_frozen(cell.cls) or cell.slots.get(key) != getattr(old, "name", None):
        return None
    changing(m, base, key, target.span)
    return old if isinstance(old, n.Var) else None


def _target_value(m: Machine, target: n.Place) -> Value:
    found = m.value(target)
    if isinstance(target, n.Field) and isinstance(found, Plain):
        base = m.value(target.base)
        base = (external(m, base.expr) or base) if isinstance(base, Plain) else base
        cell = m.cell(base)
        if cell is not None and cell.outside is not None and target.name not in cell.fields:
            # The object's own attribute becomes a variable, which is put back at the end.
            _check_written(m, found.expr)
            store_field(m, base, target.name, found, target.span)
            return attribute(m, base, target.name, target.span)
    return found


def _check_written(m: Machine, e: n.Expr) -> None:
    """An array that an object from outside holds is copied before it is written into."""
    while isinstance(e, n.Index):
        e = e.base
    if isinstance(e, n.Field) and any(e.base == home for home in m.homes.values()):
        if isinstance(m.kind(e), Array):
            raise Again(e)


# --- loops --------------------------------------------------------------------------------------


def _for(m: Machine, s: n.For) -> None:
    over = m.value(s.iter)
    if not isinstance(over, Plain):
        _trips(m, s, containers.iterated(m, over, s.span))
        return
    iterable = m.plain(over, s.span)
    before = m.state.copy(), m.names.copy(), len(m.out), m.where
    items = containers.known_items(m, over)
    try:
        _loop(m, s, iterable)
        if items is None or len(items) > _FEW or not _counts_through_tuples(m, m.out[-1]):
            return
    except Undecided:
        if items is None:
            raise
    m.state, m.names, m.where = before[0], before[1], before[3]
    del m.out[before[2] :]
    m.ended = False
    _trips(m, s, items)


# Longer loops over the items of tuples are left alone.
_FEW = 8


def _counts_through_tuples(m: Machine, loop: n.Stmt) -> bool:
    """Whether a loop takes items, by its counter, of tuples that may carry derivatives."""
    if not isinstance(loop, n.For) or not isinstance(loop.target, n.Var):
        return False
    for s in statements(loop.body):
        for e in expressions(s):
            for x in subexpressions(e):
                if isinstance(x, n.Index) and loop.target.name in names_in(x.key):
                    kind = m.kind(x.base)
                    if isinstance(kind, TupleOf) and any(map(carries, kind.items)):
                        return True
    return False


def _loop(m: Machine, s: n.For, iterable: n.Expr) -> None:
    target = _loop_target(m, s.target)

    def trip() -> None:
        head = n.For(target, iterable, (), span=s.span)
        m.state.kinds = dict(_entered(m, head))
        for name in _bound(target):
            m.state.env.pop(name, None)
        block(m, s.body)

    m.loop(trip, lambda body: n.For(target, iterable, body, span=s.span))


def _loop_target(m: Machine, target: n.Expr) -> n.Target:
    if isinstance(target, n.Var):
        return n.Var(_var(m, target), span=target.span)
    if isinstance(target, n.Tuple):
        return n.Tuple(tuple(_loop_target(m, t) for t in target.items), span=target.span)
    raise m.refuse("this target of a loop is not supported.", target.span, "loop over a name.")


def _bound(target: n.Expr) -> tuple[str, ...]:
    from srcdiff.ir.walk import target_names

    return target_names(target)


def _entered(m: Machine, head: n.For) -> Mapping[str, Kind]:
    from srcdiff.analysis.kinds import entered_kinds

    return entered_kinds(head, m.state.kinds, m.world, m.where)


def _trips(m: Machine, s: n.For, items: list[Value]) -> None:
    """The loop written out, once for each item."""
    flag = None
    if any(isinstance(x, n.Break) for x in _own(s.body)):
        flag = n.Var(m.fresh("left"))
        m.emit(n.Assign(flag, n.Const(False), span=s.span))
    items = [_before_trips(m, s, item) for item in items]
    with m.holding(items):
        _each_trip(m, s, items, flag)


def _before_trips(m: Machine, s: n.For, item: Value) -> Value:
    """An item as it is before the first trip, under a name where a trip may change it."""
    if not isinstance(item, Plain) or isinstance(item.expr, n.Const | n.Ref):
        return item
    if isinstance(item.expr, n.Var):
        bound = {_var(m, n.Var(name)) for name in bound_names(s.body)}
        if item.expr.name not in bound:
            return item
    wish = s.target.name if isinstance(s.target, n.Var) else "value"
    return Plain(m.named(item.expr, f"{wish}_item"))


def _each_trip(m: Machine, s: n.For, items: list[Value], flag: n.Var | None) -> None:
    for item in items:
        if len(m.out) > _MAX_WRITTEN:
            raise m.refuse("this loop over objects is too long to be written out.", s.span)

        def trip(item: Value = item) -> None:
            m.put(s.target, item, s.span)
            m.loops.append(Loop(flag=flag or n.Var("")))
            try:
                block(m, s.body)
            finally:
                m.loops.pop()

        if flag is None or m.constant(flag) is False:
            trip()
        elif m.constant(flag) is not True:
            m.either(n.Op("not", (flag,)), trip, lambda: None, s.span)
        if m.ended:
            return


def _own(body: n.Block) -> list[n.Stmt]:
    """The statements of a loop's body, those of inner loops excluded."""
    out: list[n.Stmt] = []
    for s in body:
        out.append(s)
        if not isinstance(s, n.For | n.While):
            for b in blocks(s):
                out += _own(b)
    return out


def _while(m: Machine, s: n.While) -> None:
    before = m.state.copy(), m.names.copy(), len(m.out), m.where
    try:
        _repeated(m, s)
    except Undecided:
        m.state, m.names, m.where = before[0], before[1], before[3]
        del m.out[before[2] :]
        if any(isinstance(x, n.Break) for x in _own(s.body)):
            raise
        if m.trial(lambda: m.test(s.test))[1] is not True:
            raise
        _while_known(m, s)


def _while_known(m: Machine, s: n.While) -> None:
    """A loop written out, whose test is known in each trip."""
    for _ in range(containers.MAX_ITEMS):
        locate(m, s)
        decided = m.test(s.test)
        if not isinstance(decided, bool):
            break
        if not decided:
            return
        m.loops.append(Loop(flag=n.Var("")))
        try:
            block(m, s.body)
        finally:
            m.loops.pop()
        if m.ended:
            return
    raise m.refuse(
        "how often this loop runs, which goes from object to object, is not known.",
        s.span,
        "use a for loop over a list.",
    )


def _repeated(m: Machine, s: n.While) -> None:
    written, decided = m.trial(lambda: m.test(s.test))
    if decided is False:
        return
    simple = not written

    def trip() -> None:
        locate(m, s)
        found = m.test(s.test)
        if not simple and not isinstance(found, bool):
            hole = Hole()
            m.out.append(n.If(n.Op("not", (found,)), (hole, n.Break(span=s.span)), span=s.span))
            m.loops[-1].breaks.append((hole, m.state.copy()))
        elif simple:
            tests.append(found)
        block(m, s.body)

    tests: list[bool | n.Expr] = []

    def made(body: n.Block) -> n.Stmt:
        found = tests[-1] if simple else True
        e = n.Const(found) if isinstance(found, bool) else found
        return n.While(e, body, span=s.span)

    m.loop(trip, made, lambda: not simple or tests[-1] is True)
