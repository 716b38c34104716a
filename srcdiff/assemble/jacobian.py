"""Jacobians: a loop over directions, each of which gives a column or a row.

    def f_jacfwd(x):                                    def f_jacrev(x):
        jacobian = np.zeros((len(x), len(x)))               value, pullback = f_vjp(x)
        for i in range(len(x)):                             jacobian = np.zeros((len(x), len(x)))
            x_dot = np.zeros_like(x)                        for i in range(len(value)):
            x_dot[i] = 1.0                                      dvalue = np.zeros_like(value)
            jacobian[..., i] = f_tangent(x, x_dot=x_dot)        dvalue[i] = 1.0
        return jacobian                                         (dx,) = pullback(dvalue)
                                                                jacobian[i] = dx
                                                            return jacobian

The left one is a function like any other, and is differentiated as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.build import ONE, ZERO
from srcdiff.ir.callee import Callee
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, Dim, Kind, Known, Number, Scalar, TupleOf, dtype_of, is_float
from srcdiff.normalize.arguments import passed_on

_FLOAT64 = np.dtype(np.float64)


@dataclass(frozen=True)
class _Leaf:
    """A number or array in a result: where it stands in its tuples, and its kind."""

    at: tuple[int, ...]
    kind: Kind

    def of(self, e: n.Expr) -> n.Expr:
        """The leaf of a value."""
        for i in self.at:
            e = n.Index(e, n.Const(i))
        return e


@dataclass(eq=False)
class Jacobian:
    """What a Jacobian is written from.

    Attributes:
        base: the function.
        wrt: the parameters.
        as_tuple: whether there is a Jacobian for each of them.
        kinds: the kinds of the parameters.
        result: the kind of what the function returns.
        names: hands out names.
        wish: what the arrays are called.
    """

    base: Callee
    wrt: tuple[str, ...]
    as_tuple: bool
    kinds: Mapping[str, Kind]
    result: Kind
    names: Names
    wish: str = "jacobian"
    _value: n.Var = field(init=False)
    _needs_value: bool = False

    def __post_init__(self) -> None:
        check_result(self.result, self.base.name)
        self._value = n.Var(self.names.fresh("value"))
        self._leaves = list(_leaves(self.result, ()))

    # --- a column at a time ---------------------------------------------------------------------

    def forward(
        self, tangent_of: Callable[[str], tuple[Callee, str]], name: str, doc: str
    ) -> n.Function:
        """The function that pushes each direction of the arguments forward.

        Args:
            tangent_of: for a parameter, the function that gives the tangent of the result, and
                its parameter for the tangent.
            name: the function's name.
            doc: its docstring.
        """
        body: list[n.Stmt] = []
        blocks: dict[tuple[str, _Leaf], n.Expr] = {}
        for p in self.wrt:
            callee, own = tangent_of(p)
            direction = n.Var(self.names.fresh(own))
            call = passed_on(callee, {own: direction})
            kind = self.kinds[p]
            if isinstance(kind, Array) and kind.ndim:
                self._columns(p, kind, direction, call, body, blocks)
                continue
            tangents = {leaf: n.Var(self.names.fresh(f"d{p}")) for leaf in self._leaves}
            body.append(n.Assign(direction, _one(n.Var(p), kind)))
            body.append(n.Assign(self._tree(tangents, n.Var("_")), call))
            for leaf, tangent in tangents.items():
                blocks[p, leaf] = self._block(tangent, leaf.kind, leaf, p)
        if self._needs_value:
            body.insert(0, n.Assign(self._value, passed_on(self.base)))
        return self._finished(name, body, blocks, doc)

    def _columns(
        self,
        p: str,
        kind: Array,
        direction: n.Var,
        call: n.Expr,
        body: list[n.Stmt],
        blocks: dict[tuple[str, _Leaf], n.Expr],
    ) -> None:
        """Writes the loop over the elements of a parameter."""
        indices = self._indices(kind)
        cells: dict[_Leaf, n.Expr] = {}
        for leaf in self._leaves:
            block = blocks[p, leaf] = self._zeros(leaf, p, body)
            whole = (n.Const(...),) if _dims(leaf.kind) else ()
            cells[leaf] = n.Index(block, _key((*whole, *indices)))
        stores: list[n.Stmt] = []
        columns = cells
        if isinstance(self.result, TupleOf):
            columns = {leaf: n.Var(self.names.fresh("column")) for leaf in cells}
            stores += [n.Assign(_place(cells[leaf]), column) for leaf, column in columns.items()]
        inner = (
            n.Assign(direction, np_call("zeros_like", n.Var(p))),
            n.Assign(n.Index(direction, _key(indices)), ONE),
            n.Assign(self._tree(columns, n.Var("_")), call),
            *stores,
        )
        body += _loops(indices, n.Var(p), kind, inner)

    # --- a row at a time ------------------------------------------------------------------------

    def reverse(self, both: n.Function, name: str, doc: str) -> n.Function:
        """The function that pulls each direction of the result back.

        Args:
            both: the function that returns the value and its pullback.
            name: the function's name.
            doc: its docstring.
        """
        self._needs_value = True
        pullback = n.Var(self.names.fresh("pullback"))
        both_callee = Callee(both, both)
        call = passed_on(both_callee, {}, n.Ref(both.name, both, both))
        body: list[n.Stmt] = [n.Assign(n.Tuple((self._value, pullback)), call)]
        blocks: dict[tuple[str, _Leaf], n.Expr] = {}
        for leaf in self._leaves:
            seed = n.Var(self.names.fresh("dvalue"))
            rows = {p: n.Var(self.names.fresh(f"d{p}")) for p in self.wrt}
            pulled = n.Assign(
                n.Tuple(tuple(rows.values())), n.Call(pullback, (self._seeds(leaf, seed),))
            )
            if not _dims(leaf.kind):
                body += [n.Assign(seed, _one(leaf.of(self._value), leaf.kind)), pulled]
                for p, row in rows.items():
                    blocks[p, leaf] = self._block(row, self.kinds[p], leaf, p)
                continue
            assert isinstance(leaf.kind, Array)
            indices = self._indices(leaf.kind)
            stores = []
            for p, row in rows.items():
                block = blocks[p, leaf] = self._zeros(leaf, p, body)
                stores.append(n.Assign(n.Index(block, _key(indices)), row))
            inner = (
                n.Assign(seed, np_call("zeros_like", leaf.of(self._value))),
                n.Assign(n.Index(seed, _key(indices)), ONE),
                pulled,
                *stores,
            )
            body += _loops(indices, leaf.of(self._value), leaf.kind, inner)
        return self._finished(name, body, blocks, doc)

    def _seeds(self, leaf: _Leaf, seed: n.Var) -> n.Expr:
        """A cotangent of the value: the seed for one leaf, zeros for the others."""
        out: dict[_Leaf, n.Expr] = {}
        for other in self._leaves:
            array = isinstance(other.kind, Array)
            zero = np_call("zeros_like", other.of(self._value)) if array else ZERO
            out[other] = seed if other == leaf else zero
        return self._tree(out, n.Const(None))

    # --- parts of both --------------------------------------------------------------------------

    def _zeros(self, leaf: _Leaf, p: str, body: list[n.Stmt]) -> n.Var:
        """Writes the array for a Jacobian."""
        block = n.Var(self.names.fresh(self.wish))
        kind = self.kinds[p]
        items = [self._size(leaf, axis) for axis in range(len(_dims(leaf.kind)))]
        if isinstance(kind, Array):
            items += [_length(n.Var(p), axis, kind) for axis in range(kind.ndim)]
        shape = items[0] if len(items) == 1 else n.Tuple(tuple(items))
        dtype = self._dtype(leaf, p)
        keywords = {} if dtype == _FLOAT64 else {"dtype": _dtype_ref(dtype)}
        body.append(n.Assign(block, np_call("zeros", shape, **keywords)))
        return block

    def _size(self, leaf: _Leaf, axis: int) -> n.Expr:
        """The size of a result along an axis: a parameter's, where it is known to be."""
        d = _dims(leaf.kind)[axis]
        if isinstance(d, int):
            return n.Const(d)
        for name, kind in self.kinds.items():
            for k, own in enumerate(_dims(kind)):
                if isinstance(own, Dim) and (own.name, own.minus) == (d.name, d.minus):
                    assert isinstance(kind, Array)
                    return _length(n.Var(name), k, kind)
        self._needs_value = True
        assert isinstance(leaf.kind, Array)
        return _length(leaf.of(self._value), axis, leaf.kind)

    def _dtype(self, leaf: _Leaf, p: str) -> np.dtype[np.generic]:
        """That of the argument; with respect to a Python number, that of the result."""
        kind = self.kinds[p]
        dtype = dtype_of(leaf.kind if isinstance(kind, Number) else kind)
        assert dtype is not None
        return dtype

    def _block(self, e: n.Expr, kind: Kind, leaf: _Leaf, p: str) -> n.Expr:
        """A derivative that is a whole Jacobian, in the type that this has."""
        both = (leaf.kind, self.kinds[p])
        dtype = self._dtype(leaf, p)
        if not any(isinstance(k, Array) for k in both):
            other = both[1] if isinstance(both[1], Scalar) else both[0]
            if isinstance(other, Scalar):
                return e if kind == other else n.Call(_dtype_ref(other.dtype), (e,))
            return e if kind == Number(float) else n.Call(n.Ref("float", float, float), (e,))
        if not isinstance(kind, Array):
            keywords = {} if dtype_of(kind) == dtype else {"dtype": _dtype_ref(dtype)}
            return np_call("array", e, **keywords)
        return e if kind.dtype == dtype else n.Call(n.Field(e, "astype"), (_dtype_ref(dtype),))

    def _indices(self, kind: Array) -> tuple[n.Var, ...]:
        """Names for the indices of an array's elements."""
        return tuple(n.Var(self.names.fresh("ijklmnop"[k % 8])) for k in range(kind.ndim))

    def _tree(self, leaves: Mapping[_Leaf, n.Expr], other: n.Expr) -> n.Tuple | n.Var:
        """The result's structure, with these leaves; `other` for what has no derivative."""

        def tree(kind: Kind, at: tuple[int, ...]) -> n.Expr:
            if isinstance(kind, TupleOf):
                return n.Tuple(tuple(tree(k, (*at, i)) for i, k in enumerate(kind.items)))
            return leaves.get(_Leaf(at, kind), other)

        return tree(self.result, ())  # type: ignore[return-value]

    def _finished(
        self, name: str, body: list[n.Stmt], blocks: Mapping[tuple[str, _Leaf], n.Expr], doc: str
    ) -> n.Function:
        def of_leaf(leaf: _Leaf) -> n.Expr:
            found = tuple(blocks[p, leaf] for p in self.wrt)
            return n.Tuple(found) if self.as_tuple else found[0]

        result = self._tree({leaf: of_leaf(leaf) for leaf in self._leaves}, n.Const(None))
        return n.Function(name, self.base.params, (*body, n.Return(result)), doc)


def check_result(kind: Kind, name: str) -> None:
    """Refuses a result of which there is no Jacobian.

    Raises:
        TypeError: it is not a float, an array of floats or a tuple that holds one.
    """
    if any(True for _ in _leaves(kind, ())):
        return
    dtype = dtype_of(kind)
    what = f"dtype {dtype}" if dtype is not None else f"type {type(kind).__name__}"
    if isinstance(kind, Known):
        what = "None" if kind.value is None else f"type {type(kind.value).__name__}"
    raise TypeError(f"the Jacobian of {name} is not defined: its result has {what}")


def _leaves(kind: Kind, at: tuple[int, ...]) -> Iterator[_Leaf]:
    if isinstance(kind, TupleOf):
        for i, item in enumerate(kind.items):
            yield from _leaves(item, (*at, i))
    elif is_float(kind):
        yield _Leaf(at, kind)


def _dims(kind: Kind) -> tuple[int | Dim, ...]:
    return kind.dims if isinstance(kind, Array) else ()


def _length(e: n.Expr, axis: int, kind: Array) -> n.Expr:
    """`len(x)`, or `x.shape[k]`."""
    if kind.ndim == 1:
        return n.Call(n.Ref("len", len, len), (e,))
    return n.Index(n.Field(e, "shape"), n.Const(axis))


def _loops(indices: tuple[n.Var, ...], e: n.Expr, kind: Array, inner: n.Block) -> n.Block:
    """Loops over the elements of an array."""
    for axis, i in reversed(list(enumerate(indices))):
        count = n.Call(n.Ref("range", range, range), (_length(e, axis, kind),))
        inner = (n.For(i, count, inner),)
    return inner


def _key(items: tuple[n.Expr, ...]) -> n.Expr:
    return items[0] if len(items) == 1 else n.Tuple(items)


def _one(e: n.Expr, kind: Kind) -> n.Expr:
    """The direction of a number: 1."""
    if isinstance(kind, Array):
        return np_call("ones_like", e)
    if isinstance(kind, Scalar) and kind.dtype != _FLOAT64:
        return n.Call(_dtype_ref(kind.dtype), (ONE,))
    return ONE


def _place(e: n.Expr) -> n.Index:
    assert isinstance(e, n.Index)
    return e


def _dtype_ref(dtype: np.dtype[np.generic]) -> n.Ref:
    return n.Ref(f"np.{dtype.name}", dtype.type, np)
