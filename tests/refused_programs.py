"""Programs that are refused. «These marks» stand around what the caret has to point at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

HEADER = """import contextlib
import math

import numpy as np

TABLE = np.array([0.4, -0.9, 1.3])
SCALE = 2.0
STATE = {"n": 0}


class Box:
    pass


BOX = Box()
"""

X = np.array([0.5, 1.5, -0.3])
A = np.array([[0.5, 1.5], [-0.3, 2.0]])


@dataclass(frozen=True)
class Refused:
    """A program, and what its refusal says.

    `text` is of functions of which `f` is differentiated; `function` is the one that the error
    names. `reason` and `remedy` are parts of the message's; every refusal has a remedy, but those
    (None) of programs that Python itself does not run.
    """

    name: str
    text: str
    reason: str
    remedy: str | None
    args: tuple[Any, ...] = (X,)
    function: str = "f"

    @property
    def module(self) -> str:
        """The text of a module, without marks."""
        return f"{HEADER}\n\n{self.text.strip()}\n".replace("«", "").replace("»", "")

    @property
    def place(self) -> tuple[int, str, str]:
        """The line's number, its text, and the carets below it, without indentation."""
        marked = f"{HEADER}\n\n{self.text.strip()}\n"
        number, line = next((k, s) for k, s in enumerate(marked.split("\n"), 1) if "«" in s)
        line = line.strip()
        start = line.index("«")
        plain = line.replace("«", "").replace("»", "")
        stop = line.index("»") - 1 if "»" in line else len(plain)
        return number, plain, " " * start + "^" * (stop - start)


REFUSED = [
    # --- lists, dicts, sets
    Refused(
        "pop_beside_other_reads",
        """
def f(x):
    parts = [x[0], x[1]]
    return parts[0] * «parts.pop()»
""",
        ".pop() of a list of values that are differentiated is not supported here.",
        "in statements of their own.",
    ),
    Refused(
        "two_names_of_a_list",
        """
def f(x):
    parts = [x[0], x[1]]
    other = parts
    «other.append(x[2])»
    return parts[2] * other[0]
""",
        "'other' is written into, and may share memory with 'parts'",
        ".copy()",
    ),
    Refused(
        "list_comprehension_that_may_not_be_evaluated",
        """
def f(x):
    return sum(«[v * v for v in x]») if x[0] > 0.0 else x[0]
""",
        "a list comprehension of values that are differentiated is not supported.",
        "statement of its own",
    ),
    Refused(
        "generator_with_a_name",
        """
def f(x):
    values = «(v * v for v in x)»
    return sum(values)
""",
        "a generator expression of values that are differentiated is not supported.",
        "list",
    ),
    Refused(
        "set_comprehension",
        """
def f(x):
    parts = «{v * v for v in x}»
    return max(parts)
""",
        "a set comprehension of values that are differentiated is not supported.",
        "loop",
    ),
    Refused(
        "set_display",
        """
def f(x):
    parts = «{x[0], x[1]}»
    return max(parts)
""",
        "a set of values that are differentiated is not supported.",
        "",
    ),
    Refused(
        "starred_call",
        """
def g(a, b, c):
    return a * b * c


def f(x):
    return g(«*x»)
""",
        "it is not known how many values *x stands for.",
        "one by one",
    ),
    Refused(
        "list_shrinks_while_iterated",
        """
def f(x, ws):
    s = 0.0
    for w in ws:
        s = s * x[0] + w
        «ws.pop()»
    return s
""",
        "'ws' is changed while a loop runs over it.",
        "loop over a copy of it",
        (X, [1.0, 2.0, 3.0]),
    ),
    Refused(
        "walrus_after_a_read",
        """
def f(x):
    y = x[0]
    return y + («y := x[1] * 2.0»)
""",
        "an expression that reads 'y' and then assigns to it is not supported.",
        "assign in a statement of its own.",
    ),
    Refused(
        "f_string",
        """
def f(x):
    return float(«f"{x[0]}"») * 2.0
""",
        "an f-string of values that are differentiated is not supported.",
        "",
    ),
    # --- functions
    Refused(
        "lambda",
        """
def f(x):
    first = sorted(range(2), key=«lambda i: i * x[0]»)[0]
    return x[1] * first
""",
        "a lambda of values that are differentiated is not supported.",
        "function",
    ),
    Refused(
        "nested_class",
        """
def f(x):
    «class Local:
        value = x[0]

    return Local.value * 2.0
""",
        "'x', which is differentiated",
        "",
    ),
    Refused(
        "recursion_with_more_dimensions_each_time",
        """
def g(x, n):
    if n == 0:
        return np.sum(x)
    return «g(x[None], n - 1)»


def f(x, n):
    return g(x, n) * 2.0
""",
        "g calls itself with arguments of another type each time.",
        "same types",
        (X, 3),
        function="g",
    ),
    Refused(
        "recursion_with_a_longer_tuple_each_time",
        """
def f(x, n, path=()):
    if n == 0:
        return x[len(path)]
    return np.sin(«f(x, n - 1, (path, n))»)
""",
        "f calls itself with arguments of another type each time.",
        "same types",
        (X, 2),
    ),
    Refused(
        "mutual_recursion_with_more_dimensions_each_time",
        """
def g(x, n):
    if n == 0:
        return np.sum(x)
    return np.sin(h(x[None], n - 1))


def h(x, n):
    return 2.0 * «g(x, n)»


def f(x, n):
    return g(x, n) * 2.0
""",
        "g calls itself with arguments of another type each time.",
        "same types",
        (X, 3),
        function="h",
    ),
    Refused(
        "recursion_without_an_end",
        """
def g(x):
    y = x * 0.5
    return g(y) + 1.0


def f(x):
    return «g(np.sum(x))»
""",
        "g calls itself on every path, and never returns.",
        "give it a case",
    ),
    Refused(
        "recursion_with_an_unknown_function_inside",
        """
def g(x, n):
    if n == 0:
        return «np.unwrap(x)»
    return 0.5 * g(x, n - 1)


def f(x):
    return np.sum(g(x, 2))
""",
        "no derivative is known for np.unwrap.",
        "functions that have a derivative",
        function="g",
    ),
    Refused(
        "generator",
        """
def f(x):
    «yield x[0] * 2.0»
""",
        "yield is not supported",
        "",
    ),
    Refused(
        "yield_from",
        """
def f(x):
    «yield from x»
""",
        "yield",
        "",
    ),
    Refused(
        "calls_generator",
        """
def g(x):
    for i in range(3):
        «yield x[i]»


def f(x):
    total = 0.0
    for v in g(x):
        total += v * v
    return total
""",
        "yield is not supported",
        "",
        function="g",
    ),
    Refused(
        "async",
        """
«async def f(x):»
    return x[0] * 2.0
""",
        "async functions are not supported",
        "",
    ),
    Refused(
        "unknown_name",
        """
def f(x):
    return np.sum(«undefined» * x)
""",
        "the name 'undefined' is not defined.",
        None,
    ),
    Refused(
        "return_of_nothing_on_one_path",
        """
def f(x):
    if len(x) > 100:
        return x[0]
    «return»
""",
        "f returns None here, of which there is no derivative.",
        "return a number, or raise an error.",
    ),
    # --- statements
    Refused(
        "global_statement",
        """
def f(x):
    «global SCALE»
    SCALE = 3.0
    return SCALE * x[0]
""",
        "a function that assigns to global variables is not supported.",
        "pass the value in and return the new one.",
    ),
    Refused(
        "nonlocal_statement",
        """
def made():
    count = 0.0

    def inner(x):
        «nonlocal count»
        count += 1.0
        return x[0] * count

    return inner


f = made()
""",
        "a function that assigns to nonlocal variables is not supported.",
        "pass the value in and return the new one.",
        function="inner",
    ),
    # --- what writes behind our back
    Refused(
        "memoryview",
        """
def f(x):
    y = x * 2.0
    «memoryview(y)»[0] = 0.0
    return y[0]
""",
        "no derivative is known for memoryview",
        "stop_gradient",
    ),
    Refused(
        "memoryview_by_name",
        """
def f(x):
    y = x * 2.0
    m = «memoryview(y)»
    m[0] = 0.0
    return y[0]
""",
        "no derivative is known for memoryview",
        "stop_gradient",
    ),
    Refused(
        "callback",
        """
def f(x, callback):
    y = x * 2.0
    «callback(y)»
    return y[0]
""",
        "callback may keep or change 'y', which is differentiated.",
        "stop_gradient",
        (X, list.clear),
    ),
    Refused(
        "kept_in_an_object",
        """
def f(x):
    y = x * 2.0
    «setattr(BOX, "y", y)»
    y[0] = 1.0
    return np.sum(y)
""",
        "setattr may keep or change 'y', which is differentiated.",
        "stop_gradient",
    ),
    Refused(
        "attribute_store",
        """
def f(x):
    «BOX.y» = x[0] * 2.0
    return BOX.y * x[1]
""",
        "BOX lives outside of the function; stores into it are not supported yet.",
        "copy it into a local name first.",
    ),
    # --- functions and methods
    Refused(
        "unknown_function",
        """
def f(x):
    return np.sum(«np.unwrap(x)»)
""",
        "no derivative is known for np.unwrap.",
        "stop_gradient",
    ),
    Refused(
        "unknown_math_function",
        """
def f(x):
    return «math.lgamma(x[0])» * 2.0
""",
        "no derivative is known for math.lgamma.",
        "stop_gradient",
    ),
    Refused(
        "unknown_method",
        """
def f(x):
    return np.sum(«x.choose(3)»)
""",
        "no derivative is known for .choose().",
        "stop_gradient",
    ),
    Refused(
        "missing_method",
        """
def f(x):
    return «x.frobnicate()» * 2.0
""",
        "no derivative is known for .frobnicate().",
        "",
    ),
    Refused(
        "axis_by_variable",
        """
def f(x, axis):
    return np.sum(«np.sum(x, axis=axis)» ** 2)
""",
        "np.sum: ",
        "",
        (A, 1),
    ),
    Refused(
        "axis_of_method_by_variable",
        """
def f(x, axis):
    return np.sum(«x.sum(axis)» ** 2)
""",
        ".sum(): ",
        "",
        (A, 1),
    ),
    Refused(
        "dtype_keyword",
        """
def f(x):
    return «np.sum(x, dtype=np.float32)» * 2.0
""",
        "np.sum: ",
        "",
    ),
    Refused(
        "where_keyword",
        """
def f(x):
    return «np.sum(x, where=x > 0.0)» * 2.0
""",
        "np.sum: ",
        "",
    ),
    Refused(
        "wrong_arguments_of_helper",
        """
def g(a, b):
    return a * b


def f(x):
    return «g(x[0])» * 2.0
""",
        "g(): missing a required argument: 'b'.",
        None,
    ),
    # --- indices
    Refused(
        "store_by_an_unknown_key",
        """
def f(x, places):
    y = x * 2.0
    «y[places["first"]]» = x[0]
    return np.sum(y)
""",
        "it is not known what the index",
        "index by integers, slices, or arrays of integers or bools.",
        (X, {"first": object()}),
    ),
    Refused(
        "store_into_a_copy",
        """
def f(x):
    y = x * 2.0
    «y[[0, 1]][0]» = x[0]
    return np.sum(y)
""",
        "not a plain array variable",
        "index the array once",
    ),
    Refused(
        "out_that_may_not_be_evaluated",
        """
def f(x):
    y = x * 2.0
    z = y if x[0] > 0.0 else «np.add(x, y, out=y)»
    return np.sum(z * y)
""",
        "np.add writes into y in a way that is not supported.",
        "assign the result in a statement of its own",
    ),
    Refused(
        "out_of_another_dtype",
        """
def f(x):
    y = np.zeros(len(x))
    «np.add(x, 1.0, out=y, dtype=np.float32)»
    return np.sum(y * x)
""",
        "np.add writes into y in a way that is not supported.",
        "c[...] = np.add(a, b)",
    ),
    Refused(
        "out_into_an_updated_element",
        """
def f(x):
    «x[0] += np.sum(np.exp(x, out=x))»
    return np.sum(x)
""",
        "this update reads its target before a call writes into an array.",
        "call it in a statement of its own",
    ),
    Refused(
        "shuffled_in_place",
        """
def f(x):
    y = x * 2.0
    «np.random.shuffle(y)»
    return y[0]
""",
        "np.random.shuffle may keep or change 'y'",
        "x = x[np.random.permutation(len(x))]",
    ),
    Refused(
        "resized_in_place",
        """
def f(x):
    y = x * 2.0
    «y.resize((2,))»
    return y[0]
""",
        "y.resize may keep or change 'y'",
        "make a new array",
    ),
    Refused(
        "put_with_a_mode",
        """
def f(x):
    y = x * 2.0
    «np.put(y, [0, 9], x[0], mode="clip")»
    return y[0]
""",
        "np.put may keep or change",
        "assign by index",
    ),
    Refused(
        "diagonal_filled_from_the_same_array",
        """
def f(A):
    «np.fill_diagonal(A, A[:, 0])»
    return np.sum(A * A)
""",
        "the value may share memory with what it is stored into",
        "value.copy()",
        (A,),
    ),
    Refused(
        "flattened_stored_through_a_view",
        """
def f(A):
    row = A[0]
    «A.flat[1:3] = row»
    return np.sum(A * A)
""",
        "NumPy copies it element by element.",
        "value.copy()",
        (A,),
    ),
    Refused(
        "updated_through_an_unknown_view",
        """
def f(x):
    y = «np.require(x)»
    y *= 2.0
    return np.sum(x)
""",
        "no derivative is known for np.require.",
        "",
    ),
    Refused(
        "key_of_floats",
        """
def f(x):
    return np.sum(«x[x]»)
""",
        "the index x is not supported on an array that is differentiated.",
        "index it by integers, slices, or arrays of integers or bools.",
    ),
    # --- shared memory
    Refused(
        "global_array",
        """
def f(x):
    «TABLE[0]» = x[0]
    return np.sum(TABLE * x)
""",
        "TABLE lives outside of the function; stores into it are not supported yet.",
        "copy it into a local name first.",
    ),
    Refused(
        "alias_of_global_array",
        """
def f(x):
    t = TABLE
    «t[0] = x[0]»
    return np.sum(t * x)
""",
        "'t' is written into, and may share memory with a global",
        "make 't' an array of its own with .copy().",
    ),
    # --- kinds
    Refused(
        "complex",
        """
def f(x):
    y = x * 1j
    return «np.linalg.norm(y)»
""",
        "np.linalg.norm: values of type complex128 are not differentiated here.",
        "compute with the real and the imaginary part.",
    ),
    Refused(
        "unknown_kind",
        """
def f(x, options):
    return np.sum(«x * options[1]»)
""",
        "it is not known what",
        "float(",
        (X, {1: 0.5}),
    ),
    Refused(
        "constant_into_global_array",
        """
def f(x):
    «TABLE[0]» = 3.0
    return np.sum(TABLE * x)
""",
        "TABLE lives outside of the function; stores into it are not supported yet.",
        "copy it into a local name first.",
    ),
    Refused(
        "update_of_global_array",
        """
def f(x):
    «TABLE[:]» *= 2.0
    return np.sum(TABLE * x)
""",
        "TABLE lives outside of the function; stores into it are not supported yet.",
        "copy it into a local name first.",
    ),
    Refused(
        "array_attribute_of_an_object",
        """
def f(x, box):
    «box.y[0]» = 3.0
    return np.sum(box.y * x)
""",
        "box.y lives outside of the function; stores into it are not supported yet.",
        "copy it into a local name first.",
        (X, type("Box", (), {"y": np.ones(3)})()),
    ),
    Refused(
        "store_into_a_global_dict",
        """
def f(x):
    «STATE["n"]» = len(x) + 2
    y = np.sum(x * x)
    print(STATE)
    return y
""",
        "STATE lives outside of the function; stores into it are not supported yet.",
        "copy it into a local name first.",
    ),
    Refused(
        "update_of_a_global_dict",
        """
def f(x):
    y = np.sum(x * x)
    «STATE["n"]» += 1
    return y
""",
        "STATE lives outside of the function; stores into it are not supported yet.",
        "copy it into a local name first.",
    ),
    Refused(
        "store_into_the_result_of_a_call",
        """
def f(x):
    y = x * 2.0
    «(y * 2.0)[0]» = x[0]
    return np.sum(y)
""",
        "is written into, and has no name; stores into shared memory are not supported yet.",
        "assign it to a local name first.",
    ),
    Refused(
        "unknown_name_in_an_f_string",
        """
def f(x):
    print(«f"{undefined}"»)
    return np.sum(x * x)
""",
        "the name 'undefined' is not defined.",
        None,
    ),
    Refused(
        "dict_that_shares_a_dict",
        """
def f(x, options):
    mine = options
    «mine["rate"] = 0.25»
    return np.sum(x * float(options["rate"]))
""",
        "'mine' is written into, and may share memory with 'options'",
        ".copy()",
        (X, {"rate": 0.5}),
    ),
    # --- in a branch that is not taken
    Refused(
        "branch_not_taken",
        """
def f(x, n):
    if n > 5:
        y = «np.unwrap(x)»
    else:
        y = x * 2.0
    return np.sum(y)
""",
        "no derivative is known for np.unwrap.",
        "stop_gradient",
        (X, 1),
    ),
    Refused(
        "in_a_helper",
        """
def g(x):
    return «np.unwrap(x)»


def f(x):
    return np.sum(g(x))
""",
        "no derivative is known for np.unwrap.",
        "stop_gradient",
        function="g",
    ),
]
