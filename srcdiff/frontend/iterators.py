"""`map`, `filter` and `starmap` as the generator expressions that they are short for.

map(lambda v: v * v, xs)    →       (v * v for v in xs)
map(f, xs, ys)              →       (f(x, y) for x, y in zip(xs, ys))
filter(test, xs)            →       (x for x in xs if test(x))
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import gast

# Names for the items of one iterable, or of several.
_WISHES = ("item", "other", "third", "fourth")


def as_generator(node: Any, callee: Any, fresh: Callable[[str], str]) -> Any | None:
    """The generator expression that a call of `callee` is short for; None for any other call."""
    if node.keywords or any(isinstance(a, gast.Starred) for a in node.args) or len(node.args) < 2:
        return None
    function, *over = node.args
    if callee is map and len(over) <= len(_WISHES):
        return _mapped(node, function, over, fresh)
    if callee is filter and len(over) == 1:
        return _filtered(node, function, over[0], fresh)
    if callee is itertools.starmap and len(over) == 1:
        names = _parameters(function)
        if names and len(names) > 1:
            targets = gast.Tuple([_stored(name) for name in names], gast.Store())
            return _generator(node, function.body, targets, over[0], [])
    return None


def _mapped(node: Any, function: Any, over: list[Any], fresh: Callable[[str], str]) -> Any | None:
    names = _parameters(function)
    if names is not None and len(names) == len(over):
        element = function.body
    elif isinstance(function, gast.Attribute) and function.attr == "zeros_like":
        # As the zeros of lists are written in what we emit.
        return None
    elif isinstance(function, gast.Name | gast.Attribute):
        names = [fresh(wish) for wish in _WISHES[: len(over)]]
        element = _called(node, function, names)
    else:
        return None
    if len(over) == 1:
        return _generator(node, element, _stored(names[0]), over[0], [])
    zipped = gast.Call(_loaded("zip"), over, [])
    targets = gast.Tuple([_stored(name) for name in names], gast.Store())
    return _generator(node, element, targets, _at(zipped, node), [])


def _filtered(node: Any, function: Any, over: Any, fresh: Callable[[str], str]) -> Any | None:
    names = _parameters(function)
    if names is not None and len(names) == 1:
        name, test = names[0], function.body
    elif isinstance(function, gast.Name | gast.Attribute):
        name = fresh(_WISHES[0])
        test = _called(node, function, [name])
    elif isinstance(function, gast.Constant) and function.value is None:
        name = fresh(_WISHES[0])
        test = _loaded(name)
    else:
        return None
    return _generator(node, _loaded(name), _stored(name), over, [test])


def _parameters(function: Any) -> list[str] | None:
    """The parameters of a lambda that has none but plain ones."""
    if not isinstance(function, gast.Lambda):
        return None
    args = function.args
    others = (args.posonlyargs, args.kwonlyargs, args.defaults, args.vararg, args.kwarg)
    if any(others) or any(isinstance(x, gast.NamedExpr) for x in gast.walk(function.body)):
        return None
    return [arg.id for arg in args.args]


def _generator(node: Any, element: Any, target: Any, over: Any, tests: list[Any]) -> Any:
    clause = gast.comprehension(target, over, tests, False)
    return _at(gast.GeneratorExp(element, [clause]), node)


def _called(node: Any, function: Any, names: list[str]) -> Any:
    return _at(gast.Call(function, [_loaded(name) for name in names], []), node)


def _loaded(name: str) -> Any:
    return gast.Name(name, gast.Load(), None, None)


def _stored(name: str) -> Any:
    return gast.Name(name, gast.Store(), None, None)


def _at(made: Any, node: Any) -> Any:
    """What was made, in the place of the call."""
    return gast.copy_location(made, node)
