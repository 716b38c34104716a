"""Random expressions: numbers, vectors, matrices, indices and tests, within their domains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.fuzz.scope import ROWS, SHAPES, VECTOR, Helper, Scope
from tests.fuzz.views import view

SMOOTH = [  # any real number goes in, something moderate comes out
    "{f}.sin({e})",
    "{f}.cos({e})",
    "{f}.tanh({e})",
    "{n}.arctan({e})",
    "{f}.exp({f}.sin({e}))",
    "{f}.log(1.5 + ({e}) ** 2)",
    "{f}.sqrt(0.5 + ({e}) ** 2)",
    "{f}.log1p(({e}) ** 2)",
    "{f}.expm1({f}.tanh({e}))",
    "{n}.arcsin(0.5 * {n}.tanh({e}))",
    "{n}.arctanh(0.5 * {n}.sin({e}))",
    "{n}.arcsinh({e})",
    "{n}.square({n}.sin({e}))",
    "1.0 / (1.0 + ({e}) ** 2)",
    "(2.0 + {n}.sin({e})) ** 1.5",
    "(1.5 + {n}.cos({e})) ** {n}.sin({e})",
]


def constant(s: Scope) -> str:
    return s.rng.choice(["0.3", "0.5", "0.7", "1.0", "1.2", "1.5", "2.0", "2", "3", "-0.4"])


def index(s: Scope, known: list[str], size: int, array: str) -> str:
    """An index that is in range."""
    length = f"len({array})"
    options = [str(s.rng.randrange(size)), f"-{s.rng.randrange(1, size + 1)}"]
    for name in known:
        options += [name, name, name, f"{name} - 1", f"({name} + 1) % {length}", f"-1 - {name}"]
    for name in s.of("int"):
        options.append(f"{name} % {length}")
    return s.rng.choice(options)


def item(s: Scope, xs: str) -> str:
    """An item of a list that is not empty."""
    known = [f"{k} % len({xs})" for k in (*s.index, *s.of("int"))]
    return f"{xs}[{s.rng.choice(['0', '-1', *known])}]"


def element(s: Scope) -> str | None:
    floats = s.pick("floats")
    if floats and s.rng.random() < 0.4:
        return item(s, floats)
    lists = s.pick("lists")
    if lists and s.rng.random() < 0.4:
        return item(s, item(s, lists))
    matrix = s.pick("matrix")
    if matrix and s.rng.random() < 0.35:
        columns = index(s, s.index, VECTOR, f"{matrix}[0]")
        return f"{matrix}[{index(s, s.rows, ROWS, matrix)}, {columns}]"
    vector = s.pick("vector")
    return f"{vector}[{index(s, s.index, VECTOR, vector)}]" if vector else None


def leaf(s: Scope) -> str:
    roll = s.rng.random()
    found: str | None = None
    if roll < 0.12:
        return constant(s)
    if roll < 0.20:
        found = s.pick("int")
        found = f"0.1 * {found}" if found else None
    elif roll < 0.45:
        found = element(s)
    elif roll < 0.49:
        return s.rng.choice(["RATE", f"TABLE[{s.rng.randrange(3)}]"])
    return found or s.pick("float") or element(s) or constant(s)


def known_helpers(s: Scope) -> list[Helper]:
    """The functions in reach, methods of objects among them."""
    methods = [
        replace(method, name=f"{name}.{method.name}")
        for name, kind in s.kinds.items()
        if kind in s.classes and name not in s.frozen
        for method in s.classes[kind].methods
    ]
    return [*s.helpers, *methods]


def argument(s: Scope, kind: str, depth: int, writes: bool) -> str | None:
    """An argument of this kind; a place to write into where the function writes."""
    if kind == "float":
        return number(s, depth)
    if kind == "int":
        return s.rng.choice([*s.of("int"), "2", "3"])
    if kind in SHAPES:
        if writes:
            return view(s, kind, store=True)
        if kind == "vector":
            return vector(s, max(depth, 0))
        return view(s, kind) or f"np.ones({SHAPES[kind]})"
    return s.writable(kind)


def call(s: Scope, returns: str, depth: int) -> str | None:
    """A call of one of the helpers, with positions, keywords and defaults mixed."""
    candidates = [h for h in known_helpers(s) if h.returns == returns]
    if not candidates:
        return None
    helper: Helper = s.rng.choice(candidates)
    given = s.rng.randint(helper.required, len(helper.parameters))
    texts: list[str] = []
    keyword = s.rng.randint(0, given) if s.rng.random() < 0.4 else given
    for position, (name, kind) in enumerate(helper.parameters[:given]):
        text = argument(s, kind, depth - 1, helper.writes)
        if text is None:
            return None
        texts.append(f"{name}={text}" if position >= keyword else text)
    if keyword < given - 1 and s.rng.random() < 0.5:
        texts[keyword:] = texts[keyword:][::-1]
    if helper.more:
        texts.append(helper.more)
    return f"{helper.name}({', '.join(texts)})"


def reduction(s: Scope, depth: int) -> str:
    v = vector(s, depth - 1)
    options: list[Callable[[], str]] = [
        lambda: f"np.sum({v})",
        lambda: f"np.mean({v})",
        lambda: f"np.sum(({v}) ** 2)",
        lambda: f"({v}) @ ({vector(s, depth - 1)})",
        lambda: f"np.dot({v}, {vector(s, 0)})",
        lambda: f"np.max({v})",
        lambda: f"np.min({v})",
        lambda: f"np.prod(0.7 + 0.3 * np.sin({v}))",
        lambda: f"np.linalg.norm({v})",
        lambda: f"np.sum({part(s)})",
    ]
    if s.of("vector"):
        options.append(lambda: f"{s.pick('vector')}.sum()")
        options.append(lambda: f"{s.pick('vector')}.mean()")
    if s.of("matrix"):
        options += [
            lambda: f"np.sum({matrix(s, depth - 1)})",
            lambda: f"np.linalg.norm({s.pick('matrix')})",
            lambda: f"np.sum({column(s, depth - 1)})",
            lambda: f"np.mean(np.max({s.pick('matrix')}, axis={s.rng.choice('01')}))",
        ]
    return s.rng.choice(options)()


def part(s: Scope) -> str:
    """Slices of vectors, multiplied."""
    first, second = s.pick("vector"), s.pick("vector")
    if first is None or second is None:
        return "np.ones(2)"
    a, b = s.rng.choice(
        [("1:", ":-1"), ("::2", "1::2"), ("1:3", "-2:"), ("::-1", ":"), (":2", "2:")]
    )
    return f"{first}[{a}] * {second}[{b}]"


def number(s: Scope, depth: int) -> str:
    """A float."""
    if depth <= 0:
        return leaf(s)
    roll = s.rng.random()
    if roll < 0.36:
        op = s.rng.choice(["+", "+", "-", "*", "*"])
        return f"({number(s, depth - 1)} {op} {number(s, depth - 1)})"
    if roll < 0.42:
        return f"{number(s, depth - 1)} / (1.2 + ({number(s, depth - 1)}) ** 2)"
    if roll < 0.46:
        return f"({number(s, depth - 1)}) ** {s.rng.choice(['2', '3', '2.0'])}"
    if roll < 0.50:
        return f"-({number(s, depth - 1)})"
    if roll < 0.68:
        e = number(s, depth - 1)
        return s.rng.choice(SMOOTH).format(f=s.rng.choice(["math", "np"]), n="np", e=e)
    if roll < 0.72:
        a, b = number(s, depth - 1), number(s, depth - 1)
        return f"({a} if {test(s, depth - 1)} else {b})"
    if roll < 0.76:
        a, b = number(s, depth - 1), number(s, depth - 1)
        maximum = f"np.{s.rng.choice(['maximum', 'minimum'])}({a}, {b})"
        return s.rng.choice([f"abs({a})", f"np.abs({b})", maximum])
    if roll < 0.87:
        return call(s, "float", depth) or number(s, depth - 1)
    if s.profile.arrays and (s.of("vector") or s.of("matrix")):
        return reduction(s, depth)
    return leaf(s)


def vector(s: Scope, depth: int, fresh: bool = False) -> str:
    """A vector of length VECTOR; with `fresh` never one that shares memory with a name."""
    if depth <= 0:
        v = s.pick("vector")
        options = [v] * 4 if v and not fresh else []
        options += [f"{v} * {leaf(s)}", f"({v} + {leaf(s)})"] if v else []
        m = s.pick("matrix")
        if m and not fresh:
            options += [f"{m}[{index(s, s.rows, ROWS, m)}]"]
        vectors = s.pick("vectors")
        if vectors:
            options += [item(s, vectors)] if not fresh else [f"{item(s, vectors)} * {leaf(s)}"]
        return s.rng.choice(
            options or [f"np.full({VECTOR}, 1.0 * {leaf(s)})", f"np.ones({VECTOR})"]
        )
    roll = s.rng.random()
    a = vector(s, depth - 1)
    if roll < 0.34:
        op = s.rng.choice(["+", "-", "*", "*"])
        return f"({a} {op} {vector(s, depth - 1)})"
    if roll < 0.46:
        op = s.rng.choice(["+", "-", "*"])
        return f"({number(s, depth - 1)} {op} {a})"
    if roll < 0.52:
        return f"{a} / (1.3 + ({vector(s, depth - 1)}) ** 2)"
    if roll < 0.68:
        return s.rng.choice(SMOOTH).format(f="np", n="np", e=a)
    if roll < 0.74:
        b = vector(s, depth - 1)
        chosen = f"np.where({a} > {leaf(s)}, {b}, {vector(s, 0)})"
        return s.rng.choice([f"np.maximum({a}, {leaf(s)})", f"np.abs({b})", chosen])
    if roll < 0.80:
        return f"np.array([{', '.join(number(s, depth - 1) for _ in range(VECTOR))}])"
    if roll < 0.86:
        return call(s, "vector", depth) or f"({a} * {leaf(s)})"
    if s.of("matrix"):
        m = s.pick("matrix")
        return s.rng.choice(
            [
                f"({column(s, depth - 1)}) @ {m}",
                f"{m}.T @ ({column(s, depth - 1)})",
                f"np.sum({matrix(s, depth - 1)}, axis=0)",
                f"np.mean({m}, axis=0)",
                f"({m}[{index(s, s.rows, ROWS, str(m))}] * {a})",
            ]
        )
    return f"-({a})"


def column(s: Scope, depth: int) -> str:
    """A vector of length ROWS, read off a matrix."""
    m = s.pick("matrix")
    options = [
        f"{m} @ ({vector(s, max(depth, 0))})",
        f"np.sum({m}, axis=1)",
        f"{m}[:, {index(s, s.index, VECTOR, f'{m}[0]')}]",
        f"np.min({m}, axis=1)",
    ]
    return s.rng.choice(options)


def matrix(s: Scope, depth: int, fresh: bool = False) -> str:
    m = s.pick("matrix")
    if m is None:
        return f"np.ones(({ROWS}, {VECTOR})) * {leaf(s)}"
    if depth <= 0:
        return f"({m} * {leaf(s)})" if fresh else m
    options = [
        f"({m} * {vector(s, depth - 1)})",
        f"({matrix(s, depth - 1)} + {number(s, depth - 1)})",
        f"np.sin({matrix(s, depth - 1)})",
        f"({m} - np.mean({m}, axis=1, keepdims=True))",
        f"({m} * np.sum({m}, axis=0, keepdims=True))",
        f"({column(s, 0)})[:, None] * {vector(s, 0)}",
        f"({m} @ {m}.T) @ {m}",
        f"np.tanh({m}) * {matrix(s, depth - 1)}",
    ]
    return s.rng.choice(options)


def test(s: Scope, depth: int) -> str:
    """A condition, mostly on computed values."""
    roll = s.rng.random()
    a = number(s, max(depth, 0))
    sign = s.rng.choice(["<", "<=", ">", ">="])
    simple = f"{a} {sign} {constant(s)}"
    if roll < 0.45:
        return simple
    if roll < 0.60:
        return f"{a} {sign} {number(s, max(depth - 1, 0))}"
    if roll < 0.67:
        return f"-0.5 < {a} <= {s.rng.choice(['0.6', '1.5', '2.5'])}"
    if roll < 0.74:
        return f"not {simple}"
    if roll < 0.80:
        return f"({simple} {s.rng.choice(['and', 'or'])} {test(s, depth - 1)})"
    if roll < 0.92 and s.of("int"):
        k = s.pick("int")
        return s.rng.choice([f"{k} % 2 == 0", f"{k} > 1", f"{k} != 2", f"{k} == 0"])
    return s.pick("bool") or simple
