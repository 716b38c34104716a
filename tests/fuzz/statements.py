"""Random statements: assignments, stores, branches, loops with jumps."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.fuzz.containers import CONTAINERS
from tests.fuzz.expressions import call, constant, index, matrix, number, test, vector
from tests.fuzz.scope import ROWS, VECTOR, Scope

INDENT = "    "
Lines = list[str]


def indented(lines: Lines) -> Lines:
    return [INDENT + line for line in lines]


class Writer:
    """Writes the body of one function. `returns` is the kind of result it owes its callers."""

    def __init__(self, returns: str, budget: int) -> None:
        self.returns = returns
        self.budget = budget

    # -------------------------------------------------------------- blocks

    def block(self, s: Scope, depth: int, size: int) -> Lines:
        lines: Lines = []
        for _ in range(size):
            lines += self.statement(s, depth)
        return lines

    def body(self, s: Scope) -> Lines:
        lines: Lines = []
        while self.budget > 0:
            lines += self.statement(s, 0)
        return [*lines, self.result(s)]

    def result(self, s: Scope) -> str:
        if self.returns == "vector":
            return f"return {vector(s, 1, fresh=True)}"
        if self.returns == "pair":
            return f"return {number(s, 1)}, {number(s, 1)}"
        terms = [number(s, 1)]
        for kind, form in (("float", "{}"), ("vector", "np.sum({})"), ("matrix", "np.mean({})")):
            names = s.of(kind)
            for name in s.rng.sample(names, s.rng.randint(0, len(names))):
                terms.append(f"{s.rng.choice(['', '0.5 * '])}{form.format(name)}")
        s.rng.shuffle(terms)
        return "return " + " + ".join(terms[:5])

    def statement(self, s: Scope, depth: int) -> Lines:
        self.budget -= 1
        choices: list[tuple[int, Callable[[], Lines | None]]] = [
            (14, lambda: self.assign(s)),
            (9, lambda: self.augment(s)),
            (4, lambda: self.pair(s)),
            (3, lambda: self.integer(s)),
            (2, lambda: self.boolean(s)),
            (1, lambda: self.int_to_float(s)),
        ]
        if s.profile.arrays:
            choices += [(6, lambda: self.assign_vector(s)), (2, lambda: self.assign_matrix(s))]
            if s.stores:
                choices += [(12, lambda: self.store(s)), (4, lambda: self.store_matrix(s))]
            else:
                choices += [(2, lambda: self.alias(s))]
        if s.profile.containers:
            choices += [(8, lambda make=make: make(s)) for make in CONTAINERS]
        if depth < 4 and self.budget > 0:
            choices += [
                (8, lambda: self.branch(s, depth)),
                (8, lambda: self.for_loop(s, depth)),
                (5, lambda: self.while_loop(s, depth)),
            ]
        if depth > 0:
            choices.append((5, lambda: self.jump(s)))
        weights = [w for w, _ in choices]
        while True:
            lines = s.rng.choices(choices, weights)[0][1]()
            if lines is not None:
                return lines

    # -------------------------------------------------------------- simple statements

    def assign(self, s: Scope) -> Lines | None:
        name = s.target("float")
        if name is None:
            return None
        text = number(s, s.rng.choice([1, 2, 2, 3]))
        s.assign(name, "float")
        return [f"{name} = {text}"]

    def augment(self, s: Scope) -> Lines | None:
        names = [n for n in s.of("float") if n not in s.reserved]
        if not names:
            return None
        op, value = s.rng.choice(
            [("+", "{}"), ("-", "{}"), ("*", "np.cos({})"), ("/", "(1.5 + ({}) ** 2)")]
        )
        return [f"{s.rng.choice(names)} {op}= {value.format(number(s, s.rng.choice([1, 2])))}"]

    def pair(self, s: Scope) -> Lines | None:
        first, second = s.target("float"), s.target("float")
        if first is None or second is None or first == second:
            return None
        called = call(s, "pair", 2) if s.rng.random() < 0.5 else None
        known = first in s.kinds and second in s.kinds
        if called is None and known and s.rng.random() < 0.6:
            called = s.rng.choice([f"{second}, {first}", f"{second}, {number(s, 1)}"])
        text = called or f"{number(s, 1)}, {number(s, 1)}"
        s.assign(first, "float")
        s.assign(second, "float")
        return [f"{first}, {second} = {text}"]

    def integer(self, s: Scope) -> Lines | None:
        name = s.target("int")
        if name is None:
            return None
        options = [str(s.rng.randrange(4))]
        for k in s.of("int"):
            options += [f"({k} + 1) % 3", f"{k} // 2", f"2 - {k} % 3"]
        text = s.rng.choice(options)
        s.assign(name, "int")
        return [f"{name} = {text}"]

    def boolean(self, s: Scope) -> Lines | None:
        name = s.target("bool")
        if name is None:
            return None
        text = test(s, 1)
        s.assign(name, "bool")
        return [f"{name} = {text}"]

    def int_to_float(self, s: Scope) -> Lines | None:
        name = s.target("float")
        if name is None:
            return None
        s.assign(name, "float")
        return [f"{name} = {s.rng.choice('012')}", f"{name} += {number(s, 1)}"]

    def assign_vector(self, s: Scope) -> Lines | None:
        name = s.target("vector")
        if name is None:
            return None
        source = s.pick("vector")
        options = [f"np.zeros({VECTOR})", f"np.full({VECTOR}, 1.0 * {number(s, 1)})"]
        if source:
            options += [f"{source}.copy()", f"np.zeros_like({source})", f"np.zeros(len({source}))"]
        text = (
            s.rng.choice(options)
            if s.rng.random() < 0.3
            else vector(s, s.rng.choice([1, 2]), fresh=True)
        )
        s.assign(name, "vector")
        s.frozen.discard(name)
        return [f"{name} = {text}"]

    def assign_matrix(self, s: Scope) -> Lines | None:
        name = s.target("matrix")
        if name is None or not (s.of("matrix") or s.rng.random() < 0.3):
            return None
        text = matrix(s, 1, fresh=True)
        s.assign(name, "matrix")
        s.frozen.discard(name)
        return [f"{name} = {text}"]

    def alias(self, s: Scope) -> Lines | None:
        """A second name for an array; only where nothing is ever stored into."""
        first, second = s.target("vector"), s.pick("vector")
        if first is None or second is None:
            return None
        if first in s.kinds and first != second and s.rng.random() < 0.5:
            if second in s.reserved:
                return None
            return [f"{first}, {second} = {second}, {first}"]
        text = s.rng.choice(
            [second, f"{second}[::-1]", f"{second} if {test(s, 1)} else {vector(s, 1)}"]
        )
        s.assign(first, "vector")
        return [f"{first} = {text}"]

    # -------------------------------------------------------------- stores

    def store(self, s: Scope) -> Lines | None:
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

    def store_matrix(self, s: Scope) -> Lines | None:
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

    # -------------------------------------------------------------- branches and jumps

    def branch(self, s: Scope, depth: int) -> Lines:
        lines = [f"if {test(s, s.rng.choice([0, 1, 1, 2]))}:"]
        inner = s.branch()
        scopes = [inner]
        lines += indented(self.block(inner, depth + 1, s.rng.randint(1, 2)))
        if s.rng.random() < 0.25:
            lines.append(f"elif {test(s, 1)}:")
            scopes.append(s.branch())
            lines += indented(self.block(scopes[-1], depth + 1, 1))
        if s.rng.random() < 0.5:
            lines.append("else:")
            scopes.append(s.branch())
            lines += indented(self.block(scopes[-1], depth + 1, s.rng.randint(1, 2)))
            for name in set.intersection(*(set(scope.kinds) for scope in scopes)):
                if len({scope.kinds[name] for scope in scopes}) == 1:
                    s.kinds.setdefault(name, scopes[0].kinds[name])
            for scope in scopes:
                s.frozen |= scope.frozen
        s.join(*scopes)
        return lines

    def jump(self, s: Scope) -> Lines:
        """A jump under a test, for the code after it to be worth something."""
        words = ["return"] if s.loops == 0 else ["return", "break", "break", "continue", "continue"]
        word = s.rng.choice(words)
        inner = s.branch()
        lines = [f"if {test(s, 1)}:"]
        if s.rng.random() < 0.3:
            lines += indented(self.assign(inner) or [])
        lines += indented([self.result(inner) if word == "return" else word])
        s.join(inner)
        return lines

    # -------------------------------------------------------------- loops

    def for_loop(self, s: Scope, depth: int) -> Lines:
        inner = s.branch()
        inner.loops += 1
        name = s.rng.choice(["i", "j", "l"])
        x = s.pick("vector")
        roll = s.rng.random()
        plain = s.profile.recursive
        if x and not s.stores and not plain and roll < 0.12:
            name, header = self.iterated(s, inner, name, x)
        elif roll < 0.16 and not plain:
            name = f"v{name}"
            header = f"for {name} in ({number(s, 1)}, {constant(s)}, {number(s, 1)}):"
            inner.assign(name, "float")
            inner.reserved.add(name)
        elif x and not s.stores and roll < (0.2 if plain else 0.26):
            name = f"v{name}"
            header = f"for {name} in {s.rng.choice([x, f'{x}[1:]', f'np.sin({x})'])}:"
            inner.assign(name, "float")
            inner.reserved.add(name)
        elif s.of("matrix") and not s.stores and roll < (0.3 if plain else 0.34):
            name = f"row{name}"
            header = f"for {name} in {s.pick('matrix')}:"
            inner.assign(name, "vector")
        else:
            inside, text = s.rng.choice(
                [
                    (VECTOR, f"range(len({x}))" if x else f"range({VECTOR})"),
                    (VECTOR, f"range(1, len({x}) - 1)" if x else "range(1, 3)"),
                    (VECTOR, f"range({VECTOR - 1}, -1, -1)"),
                    (VECTOR, "range(0, 4, 2)"),
                    (ROWS, f"range({ROWS})"),
                    (ROWS, "range(2)"),
                    (ROWS, s.rng.choice(["range(0)", "range(2, 2)", "range(1, 3)"])),
                    (0, f"range({s.pick('int') or 3})"),
                    (0, "range(5, -3, -3)"),
                ]
            )
            header = f"for {name} in {text}:"
            inner.assign(name, "int")
            if inside:
                inner.index.append(name)
            if inside == ROWS:
                inner.rows.append(name)
        inner.maybe = {}  # what the body alone assigns is unbound on the first trip
        lines = [header, *indented(self.block(inner, depth + 1, s.rng.randint(1, 3)))]
        if s.rng.random() < 0.06 and inner.kinds.get(name) == "int":
            lines.append(f"{INDENT}{name} = {s.rng.choice(['0', f'{name} + 1'])}")
        if inner.kinds.get(name) == "int" and re.search(r"range\((4|3|2|len\(\w\))\):", header):
            lines[1:1] = indented(self.later_trips(s, name)) if s.rng.random() < 0.2 else []
        s.join(inner)
        if name not in s.kinds:
            s.maybe[name] = inner.kinds[name]
        return [*lines, *self.otherwise(s, depth)]

    def iterated(self, s: Scope, inner: Scope, name: str, x: str) -> tuple[str, str]:
        """A loop over vectors by `enumerate`, `zip` or `reversed`: its variable and its header."""
        y = s.pick("vector") or x
        v, w = f"v{name}", f"w{name}"
        header = s.rng.choice(
            [
                f"for {name}, {v} in enumerate({x}):",
                f"for {name}, {v} in enumerate({x}[1:], start=1):",
                f"for {v} in reversed({x}):",
                f"for {v}, {w} in zip({x}, {y}[1:]):",
                f"for {name}, ({v}, {w}) in enumerate(zip({x}, np.cos({y}))):",
            ]
        )
        for bound, kind in ((name, "int"), (v, "float"), (w, "float")):
            if re.search(rf"\b{bound}\b", header.partition(" in ")[0]):
                inner.assign(bound, kind)
                inner.reserved.add(bound)
                if bound != v and bound not in s.kinds:
                    s.maybe[bound] = kind
        if name in inner.kinds and "enumerate" in header:
            inner.index.append(name)
        return v, header

    def otherwise(self, s: Scope, depth: int) -> Lines:
        """Now and then, the else of a loop."""
        if s.profile.recursive or s.rng.random() > 0.1:
            return []
        inner = s.branch()
        lines = self.block(inner, depth + 1, s.rng.randint(1, 2))
        s.join(inner)
        return ["else:", *indented(lines)]

    def later_trips(self, s: Scope, loop: str) -> Lines:
        """A value of the trip before, read from the second trip on."""
        names = [name for name in s.of("float") if name not in s.reserved]
        if not names:
            return []
        before, target = s.fresh("prev"), s.rng.choice(names)
        return [
            f"if {loop} > 0:",
            f"{INDENT}{target} += {before} * {constant(s)}",
            f"{before} = {number(s, 1)}",
        ]

    def while_loop(self, s: Scope, depth: int) -> Lines:
        inner = s.branch()
        inner.loops += 1
        inner.maybe = {}
        size = s.rng.randint(1, 3)
        if s.rng.random() < 0.35:
            z = s.fresh("z")
            lines = [f"{z} = 1.0 + abs({number(s, 1)})"]
            inner.assign(z, "float")
            inner.reserved.add(z)
            shrink = s.rng.choice(
                [f"{z} = {z} * 0.5", f"{z} *= 0.6 + 0.1 * math.sin({number(s, 0)})"]
            )
            bound = s.rng.choice(["0.2", "0.4", "0.7"])
            body = [shrink, *self.block(inner, depth + 1, size)]
            lines += [f"while {z} > {bound}:", *indented(body)]
            s.assign(z, "float")
            s.reserved.add(z)
        else:
            count, limit = s.fresh("trips"), s.rng.randint(1, 4)
            lines = [f"{count} = 0"]
            inner.assign(count, "int")
            inner.reserved.add(count)
            ask = test(s, 1)
            body = [f"{count} += 1", *self.block(inner, depth + 1, size)]
            if s.rng.random() < 0.25:
                body.insert(0, f"if {count} >= {limit} or {ask}:")
                body.insert(1, f"{INDENT}break")
                lines.append("while True:")
            else:
                lines.append(f"while {count} < {limit} and {ask}:")
            lines += indented(body)
            s.assign(count, "int")
            s.reserved.add(count)
        s.join(inner)
        return [*lines, *self.otherwise(s, depth)]
