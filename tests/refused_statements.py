"""Statements that are refused where they meet what is differentiated, by topic as in the docs."""

from __future__ import annotations

from tests.refused_programs import Refused

STATEMENTS: list[Refused] = [
    Refused(
        "manager_that_swallows",
        """
class Quiet:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return True


def f(x):
    y = x[0]
    with «Quiet()»:
        y = math.sqrt(x[2])
    return y
""",
        "this context manager may swallow exceptions",
        "write it with try and except.",
    ),
    Refused(
        "generator_manager_that_swallows",
        """
@contextlib.contextmanager
def quiet():
    try:
        yield
    except ValueError:
        pass


def f(x):
    y = x[0]
    with «quiet()»:
        y = math.sqrt(x[2])
    return y
""",
        "this context manager may swallow exceptions",
        "write it with try and except.",
    ),
    Refused(
        "value_in_an_exception",
        """
def f(x):
    try:
        raise ValueError(x[0] * 2.0)
    except ValueError as error:
        return «error.args»[0]
""",
        "values that an exception carries are not followed.",
        "keep the value in a variable, or return it.",
    ),
    Refused(
        "jump_out_of_finally",
        """
def f(x):
    for v in x:
        «try:
            y = v * v
        finally:
            break
    return y
""",
        "a jump out of finally is not supported.",
        "jump after the try.",
    ),
    Refused(
        "rest_of_a_mapping",
        """
def f(x):
    match {"a": x[0], "b": 2.0}:
        case «{"a": a, **rest}»:
            return a * len(rest)
    return x[1]
""",
        "the rest of a mapping in a pattern is not supported.",
        "write it with if and elif.",
    ),
    Refused(
        "percent_formatting",
        """
def f(x):
    return float(«"%f" % x[0]») * 2.0
""",
        "a value that is differentiated goes through text.",
        "keep it a number.",
    ),
    Refused(
        "format_method",
        """
def f(x):
    return float(«"{:.3f}".format(x[0])») * 2.0
""",
        "a value that is differentiated goes through text.",
        "keep it a number.",
    ),
    Refused(
        "pickled",
        """
import pickle


def f(x):
    return np.sum(pickle.loads(«pickle.dumps(x)»))
""",
        "a value that is differentiated goes through pickle.",
        "keep it a number.",
    ),
    Refused(
        "through_json",
        """
import json


def f(x):
    return json.loads(«json.dumps(float(x[0]))») * 2.0
""",
        "a value that is differentiated goes through JSON.",
        "keep it a number.",
    ),
    Refused(
        "through_bytes",
        """
def f(x):
    return np.sum(np.frombuffer(«x.tobytes()»))
""",
        "a value that is differentiated goes through bytes.",
        "keep it a number.",
    ),
    Refused(
        "stateful_function_as_a_value",
        """
def apply(g, y):
    return g(y) + 1.0


def f(x):
    count = 0

    def g(y):
        nonlocal count
        count += 1
        return y * y

    return apply(«g», x[0]) * count
""",
        "the function 'g' assigns to 'count' of the function around it, and is used here otherwise",
        "call it, or return the new value",
    ),
    Refused(
        "stateful_function_after_a_read",
        """
def f(x):
    total = x[0]

    def add(v):
        nonlocal total
        total = total + v
        return total

    return total * «add(x[1])»
""",
        "is called after 'total' has been read.",
        "call it in a statement of its own.",
    ),
    Refused(
        "writes_and_raises",
        """
def fill(A, limit):
    A[0] = A[1] * 2.0
    if A[0] > limit:
        raise ValueError


def f(x):
    y = x * 1.0
    try:
        «fill(y, 1.0)»
    except ValueError:
        y[1] = 0.0
    return np.sum(y)
""",
        "a call in try writes into 'y', and may raise half-way.",
        "return a new array",
    ),
]
