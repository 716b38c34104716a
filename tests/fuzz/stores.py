"""Random stores into arrays: by every kind of key, with every operator, and by functions."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.arrays import array, int_index
from tests.fuzz.expressions import constant, index, number, vector
from tests.fuzz.scope import ROWS, SHAPES, VECTOR, Scope
from tests.fuzz.views import column, row, view

Lines = list[str]

# Keys, and what shape they choose: a kind, "float", or a number of items that may repeat.
# {x} is the array, {i} a row, {j} a column, {c} a number to compare with.
KEYS: dict[str, list[tuple[str, str | int]]] = {
    "vector": [
        (":", "vector"), ("...", "vector"), ("1:", "column"), (":-1", "column"),
        ("::2", "couple"), ("1:3", "couple"), ("::-1", "vector"), ("1:4:2", "couple"),
        ("{x} > {c}", 0), ("{x} < {c}", 0), ("[0, 2]", 2), ("[1, 1, 3]", 3),
        ("np.array([2, 0, 2])", 3), ("np.argsort({x})", 4), ("[{j}, 1]", 2), ("-2:", "couple"),
    ],
    "column": [
        (":", "column"), ("1:", "couple"), ("::2", "couple"), ("[0, 0]", 2), ("::-1", "column"),
        ("{x} > {c}", 0), ("[2, 1, 2]", 3), ("np.array([{i}, 0])", 2),
    ],
    "couple": [(":", "couple"), ("::-1", "couple"), ("[1, 0]", 2), ("...", "couple")],
    "flat": [
        ("4:8", "vector"), ("::3", "vector"), ("::4", "column"), ("[0, 5, 5]", 3),
        (":", "flat"), ("{x} > {c}", 0), ("1::6", "couple"), ("[{j}, {i}]", 2), (":4", "vector"),
    ],
    "matrix": [
        ("{i}", "vector"), ("{i}, :", "vector"), (":, {j}", "column"), ("..., {j}", "column"),
        ("{i}, ...", "vector"), ("{i}, 1:3", "couple"), ("1:, :2", "square"), (":", "matrix"),
        ("::2, {j}", "couple"), ("{x} > {c}", 0), ("[0, 2], [1, 3]", 2), ("[1, 1], [0, 0]", 2),
        ("{i}, 1:", "column"), ("::-1", "matrix"), ("...", "matrix"), ("1:, 1::2", "square"),
        ("[0, 2], {j}", 2), ("{i}, [0, 3, 0]", 3), ("np.arange(3), [0, 1, 2]", 3),
    ],
    "transposed": [
        ("{j}", "column"), (":, {i}", "vector"), ("{j}, 1:", "couple"), (":", "transposed"),
        ("[0, 3], [2, 2]", 2), ("{x} < {c}", 0), ("::-1, {i}", "vector"),
    ],
    "square": [("0", "couple"), (":, 1", "couple"), (":", "square"), ("[0, 1], [1, 1]", 2)],
}  # fmt: skip

# {v}: a value of the shape, or a number.
IN_PLACE = [
    "np.sin({x}, out={x})", "np.add({x}, {v}, out={x})", "np.multiply({v}, {x}, out={x})",
    "np.subtract({v}, {w}, out={x})", "np.cos({w}, out={x})", "np.tanh({x}, {x})",
    "np.copyto({x}, {v})", "{x}.fill({f})", "np.negative({x}, out={x})",
    "np.maximum({x}, {f}, out={x})", "np.copyto({x}, {v}, where={x} > {c})",
    "np.clip({x}, -1.0, 1.0, out={x})", "{x}[...] = np.sin({w})", "np.square({x}, out={x})",
]  # fmt: skip
# Of one dimension. {k} is an index, {K} another.
IN_PLACE_FLAT = [
    "np.add.at({x}, [{k}, {K}, {k}], {f})", "np.add.at({x}, np.array([{k}, {K}]), {f})",
    "np.subtract.at({x}, [{k}, {k}], {f})", "np.put({x}, [{k}, {K}], {f})", "{x}.sort()",
    "np.add.at({x}, [{k}, {k}], np.array([{f}, {g}]))", "np.put({x}, [0, 1], np.array([{f}, {g}]))",
    "{x}[:] = np.sort({w})", "np.cumsum({w}, out={x})", "np.putmask({x}, {x} > {c}, {f})",
    "{x}[:] = np.cumsum({x})", "np.place({x}, {x} > {c}, [0.5])", "{x}.put([{k}], {f})",
]  # fmt: skip


def right_side(s: Scope, op: str, value: str) -> str:
    """A value fit for an operator: factors and divisors are moderate."""
    if op == "*":
        return f"np.cos({value})"
    if op == "/":
        return f"(1.5 + ({value}) ** 2)"
    if op == "**":
        return s.rng.choice(["2", "2", "3", "2.0"])
    return value


def operator(s: Scope) -> str:
    return s.rng.choice(["", "", "", "+", "+", "-", "*", "*", "/", "**"])


def place(s: Scope) -> tuple[str, str] | None:
    """An array to store into, by its name or by a view of it, and its kind."""
    kinds = [k for k in SHAPES if any(x not in s.frozen for x in s.of(k))]
    if not kinds:
        return None
    kind = s.rng.choice(kinds)
    x = s.writable(kind)
    if s.has("views") and s.rng.random() < 0.2:
        x = view(s, kind, store=True)
    return None if x is None else (x, kind)


def store(s: Scope) -> Lines | None:
    names = [n for n in s.of("vector") if n not in s.frozen]
    if not names:
        return None
    x = s.rng.choice(names)
    roll = s.rng.random()
    aug = s.rng.choice(["", "", "+", "-", "*"])
    if roll < 0.6:
        value = number(s, s.rng.choice([1, 2]))
        value = f"np.sin({value})" if aug == "*" else value
        return [f"{x}[{index(s, s.index, VECTOR, x)}] {aug}= {value}"]
    if roll < 0.8:
        to, source = s.rng.choice(
            [
                ("1:", ":-1"),
                (":-1", "1:"),
                ("1:3", "2:"),
                ("::2", "1::2"),
                (":2", "-2:"),
                ("::-1", ":"),
            ]
        )
        y = s.pick("vector")
        value = s.rng.choice(
            [f"{y}[{source}] * {number(s, 1)}", number(s, 1), f"np.sin({y}[{source}])"]
        )
        return [f"{x}[{to}] {aug}= {value}"]
    if roll < 0.9:
        return [f"{x} {aug or '+'}= {s.rng.choice([vector(s, 1), number(s, 1)])}"]
    return [f"{x}[:] {aug}= {s.rng.choice([vector(s, 1, fresh=True), number(s, 1)])}"]


def store_matrix(s: Scope) -> Lines | None:
    names = [n for n in s.of("matrix") if n not in s.frozen]
    if not names:
        return None
    A = s.rng.choice(names)
    row, col = index(s, s.rows, ROWS, A), index(s, s.index, VECTOR, f"{A}[0]")
    aug = s.rng.choice(["", "", "+", "-", "*"])
    options: list[tuple[str, Callable[[], str]]] = [
        (f"{A}[{row}, {col}] {aug}=", lambda: number(s, 1)),
        (f"{A}[{row}] {aug}=", lambda: vector(s, 1, fresh=True)),
        (f"{A}[:, {col}] {aug}=", lambda: number(s, 1)),
        (f"{A}[1:, :2] {aug}=", lambda: f"{A}[:2, 1:3] * {number(s, 0)}"),
        (f"{A} {aug or '-'}=", lambda: s.rng.choice([vector(s, 1), number(s, 1)])),
    ]
    left, right = s.rng.choice(options)
    return [f"{left} {right()}"]


def store_by_key(s: Scope) -> Lines | None:
    """`x[key] op= value`, where what is stored may be read from the same array."""
    found = place(s)
    if found is None:
        return None
    x, kind = found
    op = operator(s)
    if s.rng.random() < 0.3:
        key = int_index(s, x, kind)
        if "," in key and s.rng.random() < 0.3:
            key = key.replace(", ", "][")
        if s.rng.random() < 0.3:
            other = int_index(s, x, kind)
            return [f"{x}[{key}] {op}= {right_side(s, op, f'{x}[{other}] * {number(s, 1)}')}"]
        return [f"{x}[{key}] {op}= {right_side(s, op, number(s, s.rng.choice([1, 2])))}"]
    form, chosen = s.rng.choice(KEYS[kind])
    c = s.rng.choice(["0.1", "0.3", "-0.2", constant(s)])
    key = form.format(x=x, i=row(s), j=column(s), c=c)
    if isinstance(chosen, str):
        value = array(s, chosen, s.rng.choice([0, 1, 1])) if s.rng.random() < 0.7 else number(s, 1)
    elif chosen:
        items = ", ".join(number(s, 0) for _ in range(chosen))
        value = s.rng.choice([f"np.array([{items}])", number(s, 1), f"{x}[{key}] * {number(s, 0)}"])
    else:
        value = s.rng.choice([f"{x}[{key}] * {number(s, 1)}", number(s, 1), f"np.sin({x}[{key}])"])
    return [f"{x}[{key}] {op}= {right_side(s, op, value)}"]


def update_whole(s: Scope) -> Lines | None:
    """`x op= value`, in place."""
    found = place(s)
    if found is None:
        return None
    x, kind = found
    if "(" in x or x.endswith("]"):
        x = s.writable(kind) or x
    if "(" in x:
        return None
    if kind == "square" and s.rng.random() < 0.3:
        return [f"{x} @= {array(s, 'square', 0)}"]
    op = operator(s) or "-"
    value = array(s, kind, 1) if s.rng.random() < 0.6 else number(s, 1)
    return [f"{x} {op}= {right_side(s, op, value)}"]


def write_in_place(s: Scope) -> Lines | None:
    """Functions and methods that write into an array."""
    found = place(s)
    if found is None:
        return None
    x, kind = found
    size = SHAPES[kind][0]
    forms = IN_PLACE + IN_PLACE_FLAT if len(SHAPES[kind]) == 1 else IN_PLACE
    form = s.rng.choice(forms)
    if kind == "square" and s.rng.random() < 0.1:
        form = "np.fill_diagonal({x}, {f})"
    if size == 2 and "[0, 1]" in form:
        form = IN_PLACE[0]
    values = {
        "x": x,
        "v": array(s, kind, 1) if s.rng.random() < 0.7 else number(s, 1),
        "w": array(s, kind, 1),
        "f": number(s, 1),
        "g": number(s, 1),
        "c": constant(s),
        "k": str(s.rng.randrange(size)),
        "K": str(s.rng.randrange(size)),
    }
    return [form.format(**values)]


def accumulate_along(s: Scope) -> Lines | None:
    """A recurrence along a vector, or a stencil over a matrix, in place."""
    i = s.fresh("i")
    x, A = s.writable("vector"), s.writable("matrix")
    if A and s.rng.random() < 0.5:
        body = s.rng.choice(
            [
                f"{A}[{i}] {s.rng.choice(['', '+', '-'])}= {A}[{i} - 1] * {number(s, 1)}",
                f"{A}[{i}, 1:] = {A}[{i}, :-1] * 0.5 + {A}[{i} - 1, 1:]",
                f"{A}[{i}, {i}:] -= {A}[{i} - 1, {i}:] * np.tanh({A}[{i}, {i} - 1])",
                f"{A}[{i}, {i}] = {A}[{i} - 1, {i}] * {A}[{i}, {i} - 1] + {number(s, 0)}",
                f"{A}[{i}:, {i}] /= 2.0 + {A}[{i}, {i}] ** 2",
            ]
        )
        return [f"for {i} in range(1, {ROWS}):", f"    {body}"]
    if x is None:
        return None
    y = s.pick("vector") or x
    inner = s.branch()
    inner.assign(i, "int")
    body = s.rng.choice(
        [
            f"{x}[{i}] = {x}[{i} - 1] * {x}[{i}] + {number(inner, 1)}",
            f"{x}[{i}] {s.rng.choice('+-')}= np.sin({x}[{i} - 1]) * {y}[{i}]",
            f"{x}[{i}] *= {y}[{i} - 1]",
            f"{x}[{i}:] = {y}[: -{i}] * {number(inner, 0)}",
            f"{x}[{i}] /= 1.5 + {x}[{i} - 1] ** 2",
            f"{x}[:{i}], {x}[{i}] = {x}[{VECTOR} - {i}:] * 2.0, {y}[0] * {x}[0]",
        ]
    )
    return [f"for {i} in range(1, {VECTOR}):", f"    {body}"]


IN_PLACE_MAKERS = (
    (9, store_by_key), (4, update_whole), (3, write_in_place), (3, accumulate_along),
)  # fmt: skip
