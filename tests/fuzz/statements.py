"""Random statements: assignments, branches, jumps; and all others, chosen by the profile."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import aliasing, lists, records
from tests.fuzz.aliasing import ALIASING_MAKERS
from tests.fuzz.containers import CONTAINERS
from tests.fuzz.expressions import call, matrix, number, test, vector
from tests.fuzz.flow import FLOW_MAKERS, indented
from tests.fuzz.lists import LIST_MAKERS
from tests.fuzz.loops import for_loop, while_loop
from tests.fuzz.records import DICT_MAKERS, OBJECT_MAKERS, WRITER_MAKERS
from tests.fuzz.scope import SHAPES, VECTOR, Scope
from tests.fuzz.stores import IN_PLACE_MAKERS, store, store_matrix

Lines = list[str]

# What groups of statements a feature of a profile stands for.
MAKERS = {
    "containers": tuple((8, make) for make in CONTAINERS),
    "inplace": IN_PLACE_MAKERS,
    "views": ALIASING_MAKERS,
    "lists": LIST_MAKERS,
    "dicts": DICT_MAKERS,
    "objects": OBJECT_MAKERS,
    "writers": WRITER_MAKERS,
}

BEGINNINGS = {
    "lists": (lists.make, lists.make_of_arrays),
    "dicts": (records.make_dict,),
    "objects": (records.make_object,),
    "views": (aliasing.name_array, aliasing.name_view),
}

# How a name of each kind adds to the result.
FORMS = {"float": "{}"} | dict.fromkeys(SHAPES, "np.sum({})") | {"matrix": "np.mean({})"}
FORMS |= {"floats": "sum({})", "vectors": "np.sum({}[-1])", "lists": "{}[-1][0]"}
FORMS |= {"numbers": "sum({}.values())"}


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

    def body(self, s: Scope, begun: bool = False) -> Lines:
        """The whole body; with `begun`, what the profile is about is there from the start."""
        lines: Lines = []
        for feature, makers in BEGINNINGS.items():
            if begun and s.has(feature):
                lines += s.rng.choice(makers)(s) or []
        while self.budget > 0:
            lines += self.statement(s, 0)
        return [*lines, self.result(s)]

    def result(self, s: Scope) -> str:
        if self.returns == "vector":
            return f"return {vector(s, 1, fresh=s.apart or s.rng.random() < 0.5)}"
        if self.returns == "pair":
            return f"return {number(s, 1)}, {number(s, 1)}"
        if self.returns == "none":
            return "return"
        if self.returns == "outputs":
            return f"return {number(s, 1)}, {vector(s, 1)}"
        terms = [number(s, 1)]
        for kind, form in FORMS.items():
            names = s.of(kind)
            for name in s.rng.sample(names, s.rng.randint(0, len(names))):
                terms.append(f"{s.rng.choice(['', '0.5 * '])}{form.format(name)}")
        s.rng.shuffle(terms)
        return "return " + " + ".join(terms[:6])

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
                choices += [(8, lambda: store(s)), (3, lambda: store_matrix(s))]
            if not s.apart:
                choices += [(2, lambda: self.alias(s))]
        for feature, makers in MAKERS.items():
            if s.has(feature):
                choices += [(weight, lambda make=make: make(s)) for weight, make in makers]
        if depth < 4 and self.budget > 0:
            choices += [
                (8, lambda: self.branch(s, depth)),
                (8, lambda: self.for_loop(s, depth)),
                (5, lambda: self.while_loop(s, depth)),
            ]
            if s.has("flow"):
                choices += [
                    (weight, lambda make=make: make(self, s, depth)) for weight, make in FLOW_MAKERS
                ]
        if depth > 0:
            choices.append((5, lambda: self.jump(s)))
        weights = [w for w, _ in choices]
        while True:
            lines = s.rng.choices(choices, weights)[0][1]()
            if lines is not None:
                return lines

    def for_loop(self, s: Scope, depth: int) -> Lines:
        return for_loop(self, s, depth)

    def while_loop(self, s: Scope, depth: int) -> Lines:
        return while_loop(self, s, depth)

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
