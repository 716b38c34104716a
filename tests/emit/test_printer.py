"""What is printed has few brackets, reads well, and is parsed as the tree it was printed from."""

import ast
import math
import os
import random
import sysconfig
import textwrap
import warnings
from pathlib import Path

import gast
import pytest

from srcdiff.emit.printer import Comment, print_module

ALL_OF_IT = bool(os.environ.get("SRCDIFF_WHOLE_STDLIB"))

EXPRESSIONS = """
a + b * c
(a + b) * c
a - b - c
a - (b - c)
a / b * c
a / (b * c)
-x ** 2
(-x) ** 2
x ** -1
2 ** x
x ** y ** z
(x ** y) ** z
-(a + b)
-a * b
a * -b
a @ b @ c
~a & b | c ^ d
a << (b & c)
not a < b
not (a and b)
-(not a)
a < b <= c != d
(a < b) < c
a in b and c not in d
a is not None
a or b and c
(a or b) and c
a and (b and c)
x if t else y
x if t else y if u else z
(x if t else y) if u else z
x if (t if u else v) else y
(x if t else y) + 1
lambda: 0
lambda x, /, y=1, *args, k, **kw: x + y
lambda *, k=2: k
(lambda: x)()
lambda: lambda: x
lambda: (yield)
(x := 1)
[(x := 1), y]
f(x := 1, y)
f(a, *args, k=1, **kw)
f(i for i in x)
f((i for i in x), 1)
f(a=(i for i in x))
[f(i) for i, j in x if i if j for k in (i, j)]
[i for i in (a if b else c)]
{i: j for i, j in x}
{i for i in x}
{1, 2}
{"a": 1, **b}
{}
[]
()
[*a, b]
a[1:2, ::3]
a[i, 1:-1]
a[i - 1:]
a[:n]
a[:]
a[::2]
a[...]
a[i,]
a[()]
a[b[0]]
a[f(x), ..., None]
(a + b)[0]
(-a).real
a.b.c(d)[e].f
(1).real
1.5.real
1j.real
f"{x}"
x = "it's"
x = 'say "hi"'
x = b"bytes"
x = u"old"
x = "a\\nb"
1e-12
100000.0
1e+16
1e309
-1e309
2j
True
"""

STATEMENTS = [
    "return dx, dy",
    "return (dx,)",
    "return",
    "return f(x), (a, b)",
    "a, b = b, a",
    "a, (b, c) = x",
    "a, *b = c",
    "a = b = (1, 2)",
    "x = yield",
    "x += yield y",
    "yield a, b",
    "yield from g(x)",
    "await f(x)",
    "x = await f(x) ** 2",
    "del a, b[0]",
    "del (a, b)",
    "x: int = 3",
    "x: int",
    "(x): int = 3",
    "self.x: list[int] = []",
    "x @= y",
    "x //= y",
    "global a, b",
    "nonlocal a",
    "import a.b as c, d",
    "from .. import a as b, c",
    "from .a.b import *",
    "raise",
    "raise E(x) from None",
    "assert x, (a, b)",
    "assert (x := f())",
    "pass",
    "break",
    "continue",
    "print(a, file=b)",
    "(a, b)",
]

BLOCKS = [
    textwrap.dedent(block)[1:]
    for block in (
        """
    for i, x in enumerate(z):
        f(x)
    else:
        g()
    """,
        """
    for i in (1, 2):
        pass
    """,
        """
    while (x := f()) > 1:
        break
    else:
        pass
    """,
        """
    if a:
        b
    elif c:
        d
    elif e:
        f
    else:
        g
    """,
        """
    if x := f():
        pass
    """,
        """
    if a:
        b
    else:
        if c:
            d
        e
    """,
        """
    with a as b, c(d) as (e, f), g:
        pass
    """,
        """
    with ((a, b)):
        pass
    """,
        """
    with (yield):
        pass
    """,
        """
    try:
        a
    except (B, C) as e:
        d
    except:
        raise
    else:
        f
    finally:
        g
    """,
        """
    try:
        a
    except* B as e:
        pass
    """,
        """
    async def f():
        async with a as b:
            pass
        async for c in d:
            pass
        return [e async for e in f]
    """,
        """
    match x, y:
        case [a, *_] | (b, *rest) if a:
            pass
    """,
        """
    match x:
        case 1 | -2.5 | 3 + 4j | "a" | None | a.B:
            pass
        case {"k": [a, _], 1: (b | c) as d, **rest}:
            pass
        case {**rest}:
            pass
        case C(1, x=(a as b) | _, y=[] as c):
            pass
        case _:
            pass
    """,
    )
]

MODULE = '''\
"""A module.

Its "second" paragraph.
"""

import os

X: int = 3


@decorator(1)
def f(a: int, /, b: float = 1.0, *args: int, c=2, **kwargs) -> tuple[int, ...]:
    """What f does."""
    x = a

    def g(y):
        return x + y

    return g


class A:
    x = 1


class B(A, metaclass=M):
    """What B is."""

    def f(self):
        pass

    async def g(self):
        pass


f(1)
'''


def same(tree: ast.AST, text: str) -> None:
    assert ast.dump(ast.parse(text)) == ast.dump(tree)


@pytest.mark.parametrize("text", EXPRESSIONS.strip().split("\n") + STATEMENTS)
def test_a_line_is_printed_as_written(text: str) -> None:
    assert print_module(ast.parse(text)) == text + "\n"
    assert print_module(gast.parse(text)) == text + "\n"


@pytest.mark.parametrize("text", BLOCKS)
def test_a_block_is_parsed_as_written(text: str) -> None:
    tree = ast.parse(text)
    same(tree, print_module(tree))
    same(tree, print_module(gast.parse(text)))


@pytest.mark.parametrize("text", [b for b in BLOCKS if "match" not in b])
def test_a_block_is_printed_as_written(text: str) -> None:
    assert print_module(ast.parse(text)) == text


def test_a_module_is_printed_as_written() -> None:
    assert print_module(ast.parse(MODULE)) == MODULE
    assert print_module(gast.parse(MODULE)) == MODULE


def test_needless_brackets_go() -> None:
    text = "x = ((a) + (b * c)) - ((d))\nreturn ((a), (b))\nif (a):\n    x = (1)\n"
    assert print_module(ast.parse(text)) == ("x = a + b * c - d\nreturn a, b\nif a:\n    x = 1\n")


def test_type_parameters() -> None:
    # Made of gast's nodes, which every version of Python has.
    params = [
        gast.TypeVar("T", gast.Name("int", gast.Load(), None, None), None),
        gast.TypeVarTuple("Ts", None),
        gast.ParamSpec("P", gast.List([], gast.Load())),
    ]
    name = gast.Name("X", gast.Store(), None, None)
    alias = gast.TypeAlias(name, params, gast.Constant(None, None))
    assert print_module(alias) == "type X[T: int, *Ts, **P = []] = None\n"
    arguments = gast.arguments([], [], None, [], [], None, [])
    body = [gast.Pass()]
    function = gast.FunctionDef("f", arguments, body, [], None, None, params[:1])
    assert print_module(function) == "def f[T: int]():\n    pass\n"
    cls = gast.ClassDef("C", [], [], body, [], params[:1])
    assert print_module(cls) == "class C[T: int]:\n    pass\n"


def test_numbers_that_no_source_has() -> None:
    def text(value: object) -> str:
        return print_module(ast.Constant(value)).rstrip()

    assert text(-1.5) == "-1.5"
    assert text(math.inf) == "1e309"
    assert math.isnan(eval(text(math.nan)))
    assert math.isnan(eval(text(complex(1, math.nan))).imag)
    assert eval(text(complex(-0.0, math.inf))) == complex(-0.0, math.inf)
    assert text((1, -2)) == "(1, -2)"
    assert text((1,)) == "(1,)"
    assert text(frozenset({2, 1})) == "frozenset({1, 2})"
    assert eval(text(7**9000)) == 7**9000
    power = ast.BinOp(ast.Constant(-2.0), ast.Pow(), ast.Constant(-2.0))
    assert print_module(power) == "(-2.0) ** -2.0\n"
    assert eval(print_module(power)) == 0.25


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'ends with "',
        'has """ inside',
        "has 'single' and \"double\"",
        "back\\slash \\n and a\nline\n  indented\n",
        "\ttab\r return \x0c feed \0 null \x7f \udc80 \u2028 漢",
        "",
        '"',
        '\\"""',
        "{not} a format",
    ],
)
def test_strings_survive(text: str) -> None:
    statement = ast.Expr(ast.Constant(text))
    function = ast.parse("def f():\n    pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body.insert(0, statement)
    printed = print_module(function)
    assert '"""' in printed
    assert ast.get_docstring(ast.parse(printed).body[0], clean=False) == text  # type: ignore[arg-type]
    assert ast.literal_eval(print_module(ast.Constant(text)).rstrip("\n")) == text
    same(ast.parse(f"f({text!r})"), print_module(ast.parse(f"f({text!r})")))


def test_comments() -> None:
    tree = ast.parse("import os\ndef f(x):\n    'What.'\n    x = 1\n    if x:\n        pass\n")
    function = tree.body[1]
    assert isinstance(function, ast.FunctionDef)
    assignment, branch = function.body[1:]
    assignment.trailing_comment = "undo"  # type: ignore[attr-defined]
    branch.trailing_comment = "taken"  # type: ignore[attr-defined]
    branch.body = [Comment("nothing\n\nto do")]  # type: ignore[attr-defined]
    function.body.insert(1, Comment("forward sweep"))
    tree.body.insert(1, Comment("section"))
    tree.body.append(Comment())
    assert print_module(tree) == textwrap.dedent(
        '''\
        import os


        # section
        def f(x):
            """What."""
            # forward sweep
            x = 1  # undo
            if x:  # taken
                # nothing
                #
                # to do
                pass


        #
        '''
    )


def test_comments_stay_on_their_line() -> None:
    statement = ast.parse("x = 1").body[0]
    statement.trailing_comment = "two\nlines"  # type: ignore[attr-defined]
    assert print_module(statement) == "x = 1  # two lines\n"


def test_nodes_with_optional_fields_left_out() -> None:
    test = gast.Name("x", gast.Load(), None, None)
    branch = gast.If(test=test, body=[gast.Pass()])
    loop = gast.While(test=test, body=[branch])
    assert print_module(gast.Module([loop], [])) == "while x:\n    if x:\n        pass\n"


def test_empty_module_and_empty_body() -> None:
    assert print_module(ast.parse("")) == ""
    function = ast.parse("def f(): pass").body[0]
    function.body = []  # type: ignore[attr-defined]
    assert print_module(function) == "def f():\n    pass\n"


def test_long_sum_does_not_recurse() -> None:
    text = "x = " + " + ".join(["a * b ** 2"] * 1000) + "\n"
    assert print_module(ast.parse(text)) == text


def random_expression(rng: random.Random, depth: int) -> ast.expr:
    """Any nesting of the kinds of expression that brackets depend on."""

    def part() -> ast.expr:
        return random_expression(rng, depth - 1)

    load = ast.Load()
    if depth == 0:
        return rng.choice([ast.Name("x", load), ast.Constant(1), ast.Constant(2.5)])
    binary = rng.choice(ast.operator.__subclasses__())()
    unary = rng.choice(ast.unaryop.__subclasses__())()
    boolean = rng.choice(ast.boolop.__subclasses__())()
    compare = rng.choice(ast.cmpop.__subclasses__())()
    no_arguments = ast.arguments([], [], None, [], [], None, [])
    makers = [
        lambda: ast.BinOp(part(), binary, part()),
        lambda: ast.BinOp(part(), binary, part()),
        lambda: ast.UnaryOp(unary, part()),
        lambda: ast.BoolOp(boolean, [part(), part()]),
        lambda: ast.Compare(part(), [compare, ast.Lt()], [part(), part()]),
        lambda: ast.IfExp(part(), part(), part()),
        lambda: ast.Lambda(no_arguments, part()),
        lambda: ast.NamedExpr(ast.Name("y", ast.Store()), part()),
        lambda: ast.Await(part()),
        lambda: ast.Yield(part()),
        lambda: ast.YieldFrom(part()),
        lambda: ast.Tuple([part(), ast.Starred(part(), load)], load),
        lambda: ast.Tuple([part()], load),
        lambda: ast.List([part(), part()], load),
        lambda: ast.Dict([part(), None], [part(), part()]),
        lambda: ast.Attribute(part(), "a", load),
        lambda: ast.Call(part(), [part()], [ast.keyword("k", part()), ast.keyword(None, part())]),
        lambda: ast.Subscript(part(), ast.Slice(part(), part(), part()), load),
        lambda: ast.Subscript(part(), part(), load),
        lambda: ast.ListComp(
            part(), [ast.comprehension(ast.Name("y", ast.Store()), part(), [part()], 0)]
        ),
    ]
    return rng.choice(makers)()


def test_random_expressions_keep_their_meaning() -> None:
    rng = random.Random(0)
    for number in range(3000):
        expression = random_expression(rng, number % 5)
        for statement in (
            ast.Expr(expression),
            ast.Return(expression),
            ast.Assign([ast.Name("z", ast.Store())], expression),
            ast.While(expression, [ast.Pass()], []),
            ast.With([ast.withitem(expression)], [ast.Pass()]),
        ):
            same(ast.Module([statement], []), print_module(statement))


def stdlib() -> list[Path]:
    """Every file of the standard library, or about 150 of them, always the same ones."""
    root = Path(sysconfig.get_path("stdlib"))
    paths = [p for p in sorted(root.rglob("*.py")) if "site-packages" not in p.parts]
    return paths if ALL_OF_IT else paths[:: len(paths) // 150]


def test_standard_library_survives() -> None:
    tried = 0
    for path in stdlib():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError):
                continue  # the standard library keeps broken files to test itself with
            wanted = ast.dump(tree)
            # Each second file goes through gast, to keep the time down.
            through = gast.ast_to_gast(tree) if tried % 2 else tree
            assert ast.dump(ast.parse(print_module(through))) == wanted, path
        tried += 1
    assert tried > 100
