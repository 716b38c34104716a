"""`match` as `if` and assignments.

match shape:                        if isinstance(shape, Circle):
    case Circle(r):                     r = shape.r
        y = r * r            →          y = r * r
    case Box(w, h) if w > h:        elif isinstance(shape, Box) and shape.w > shape.h:
        y = w * h                       w, h = (shape.w, shape.h)
                                        y = w * h
"""

from __future__ import annotations

import collections
import collections.abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gast

from srcdiff.errors import UnsupportedError
from srcdiff.frontend.expressions import lower_expression
from srcdiff.frontend.scope import Scope
from srcdiff.frontend.walk import captured_names
from srcdiff.ir import nodes as n
from srcdiff.ir.build import item
from srcdiff.ir.walk import names_in, subexpressions, substitute

Lower = Callable[[list[Any]], n.Block]

# Classes of which a positional pattern takes the whole object.
_WHOLE = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
_SEQUENCE = n.Ref("collections.abc.Sequence", collections.abc.Sequence, collections)
_MAPPING = n.Ref("collections.abc.Mapping", collections.abc.Mapping, collections)
_TEXTS = n.Tuple(tuple(n.Ref(t.__name__, t, t) for t in (str, bytes, bytearray)))


@dataclass(frozen=True)
class _Matched:
    """What a pattern asks of its subject, all of which must hold, and the names that it binds."""

    tests: tuple[n.Expr, ...] = ()
    captures: tuple[tuple[str, n.Expr], ...] = ()

    def __add__(self, other: _Matched) -> _Matched:
        return _Matched(self.tests + other.tests, self.captures + other.captures)


def match_statement(node: Any, scope: Scope, block: Lower) -> list[n.Stmt]:
    """The statements that a `match` stands for; `block` lowers the body of a case."""
    subject = lower_expression(node.subject, scope)
    out = scope.assigned_before()
    captured = captured_names([node])
    if not _is_plain(subject) or names_in(subject) & captured:
        name = n.Var(scope.fresh("subject"), span=subject.span)
        out.append(n.Assign(name, subject, span=subject.span))
        subject = name
    cases = [
        (pattern, case)
        for case in node.cases
        for pattern in (_alternatives(case.pattern) if captured else [case.pattern])
    ]
    return [*out, *_Cases(subject, scope, block, node).lowered(cases)]


def _is_plain(e: n.Expr) -> bool:
    """Whether an expression may be written several times, which gives the same each time."""
    if isinstance(e, n.Tuple):
        return all(map(_is_plain, e.items))
    if isinstance(e, n.Field):
        return e.name in ("shape", "ndim", "dtype") and isinstance(e.base, n.Var)
    return isinstance(e, n.Var | n.Const)


def _alternatives(pattern: Any) -> list[Any]:
    """The patterns that `a | b` joins, where they bind names."""
    if isinstance(pattern, gast.MatchOr) and captured_names([pattern]):
        return [p for inner in pattern.patterns for p in _alternatives(inner)]
    return [pattern]


class _Cases:
    def __init__(self, subject: n.Expr, scope: Scope, block: Lower, node: Any) -> None:
        self._subject = subject
        self._scope = scope
        self._block = block
        self._node = node

    def lowered(self, cases: list[tuple[Any, Any]]) -> list[n.Stmt]:
        """The cases from the first of these on."""
        if not cases:
            return []
        (pattern, case), rest = cases[0], cases[1:]
        found = self._pattern(pattern, self._subject)
        test = _all(found.tests)
        binds = self._bindings(found, case)
        if case.guard is None:
            body = (*binds, *self._block(case.body))
            if test is None:
                return list(body)
            return [n.If(test, body, tuple(self.lowered(rest)), span=test.span)]
        guard = lower_expression(case.guard, self._scope)
        before = self._scope.assigned_before()
        if not before and not self._outlives(found, case):
            joined = self._joined(test, guard, found)
            if joined is not None:
                body = (*binds, *self._block(case.body))
                return [n.If(joined, body, tuple(self.lowered(rest)), span=guard.span)]
        inner = n.If(guard, self._block(case.body), tuple(self.lowered(rest)), span=guard.span)
        tried = (*binds, *before, inner)
        if test is None:
            return list(tried)
        return [n.If(test, tried, tuple(self.lowered(rest)), span=test.span)]

    def _joined(self, test: n.Expr | None, guard: n.Expr, found: _Matched) -> n.Expr | None:
        """Pattern and guard in one test; None where the guard hides what it reads."""
        captures = dict(found.captures)
        hidden = any(isinstance(e, n.OpaqueExpr | n.Closure) for e in subexpressions(guard))
        if hidden and names_in(guard) & captures.keys():
            return None
        guard = substitute(guard, captures)
        return guard if test is None else n.Op("and", (test, guard), span=guard.span)

    def _outlives(self, found: _Matched, case: Any) -> bool:
        """Whether a name is read that the case binds before its guard fails."""
        names = {name for name, _ in found.captures}
        inside = {id(x) for part in (case.guard, *case.body) for x in gast.walk(part)}
        return any(
            isinstance(x, gast.Name) and x.id in names and id(x) not in inside
            for x in gast.walk(self._scope.source.node)
        )

    def _bindings(self, found: _Matched, case: Any) -> list[n.Stmt]:
        if not found.captures:
            return []
        span = self._scope.span(case.pattern)
        names, values = zip(*found.captures, strict=True)
        targets = tuple(n.Var(name) for name in names)
        if len(targets) == 1:
            return [n.Assign(targets[0], values[0], span=span)]
        if not any(names_in(v) & set(names) for v in values):
            return [n.Assign(t, v, span=span) for t, v in zip(targets, values, strict=True)]
        return [n.Assign(n.Tuple(targets), n.Tuple(values), span=span)]

    # --- patterns -------------------------------------------------------------------------------

    def _pattern(self, p: Any, subject: n.Expr) -> _Matched:
        span = self._scope.span(p)
        match type(p).__name__:
            case "MatchValue":
                value = lower_expression(p.value, self._scope)
                return _Matched((n.Compare(("eq",), (subject, value), span=span),))
            case "MatchSingleton":
                value = n.Const(p.value)
                return _Matched((n.Compare(("is",), (subject, value), span=span),))
            case "MatchAs":
                inner = _Matched() if p.pattern is None else self._pattern(p.pattern, subject)
                return inner if p.name is None else inner + _Matched((), ((p.name, subject),))
            case "MatchOr":
                return self._either(p, subject)
            case "MatchSequence":
                return self._sequence(p, subject)
            case "MatchMapping":
                return self._mapping(p, subject)
            case "MatchClass":
                return self._class(p, subject)
        raise self._refused(p, "this pattern is not supported.")

    def _refused(self, p: Any, reason: str) -> UnsupportedError:
        span = self._scope.span(p) or self._scope.span(self._node)
        return UnsupportedError(reason, span, None, "write it with if and elif.")

    def _either(self, p: Any, subject: n.Expr) -> _Matched:
        parts = [self._pattern(inner, subject) for inner in p.patterns]
        if any(part.captures for part in parts):
            raise self._refused(p, "alternatives inside of a pattern that bind names.")
        tests = [_all(part.tests) for part in parts]
        known = tuple(test for test in tests if test is not None)
        if len(known) < len(tests):
            return _Matched()
        values = [_compared_with(test, subject) for test in known]
        if all(v is not None for v in values):
            found = n.Tuple(tuple(v for v in values if v is not None))
            return _Matched((n.Compare(("in",), (subject, found), span=self._scope.span(p)),))
        return _Matched((n.Op("or", known, span=self._scope.span(p)),))

    def _sequence(self, p: Any, subject: n.Expr) -> _Matched:
        patterns = list(p.patterns)
        stars = [k for k, inner in enumerate(patterns) if isinstance(inner, gast.MatchStar)]
        span = self._scope.span(p)
        out = _Matched()
        if not (isinstance(subject, n.Tuple) and not stars and len(subject.items) == len(patterns)):
            length = n.Call(n.Ref("len", len, len), (subject,))
            fixed = n.Const(len(patterns) - len(stars))
            enough = n.Compare(("ge" if stars else "eq",), (length, fixed), span=span)
            text = n.Op("not", (_is_instance(subject, _TEXTS),))
            out = _Matched((_is_instance(subject, _SEQUENCE), text, enough))
        for k, inner in enumerate(patterns):
            behind = k - len(patterns)
            if stars and k == stars[0]:
                if inner.name is not None:
                    stop = n.Const(behind + 1) if behind + 1 else None
                    rest = n.Index(subject, n.Slice(n.Const(k) if k else None, stop))
                    rest_list = n.Call(n.Ref("list", list, list), (rest,))
                    out += _Matched((), ((inner.name, rest_list),))
                continue
            key = n.Const(behind if stars and k > stars[0] else k)
            out += self._pattern(inner, item(subject, key) or n.Index(subject, key))
        return out

    def _mapping(self, p: Any, subject: n.Expr) -> _Matched:
        if p.rest is not None:
            raise self._refused(p, "the rest of a mapping in a pattern is not supported.")
        out = _Matched((_is_instance(subject, _MAPPING),))
        for key_node, inner in zip(p.keys, p.patterns, strict=True):
            key = lower_expression(key_node, self._scope)
            out += _Matched((n.Compare(("in",), (key, subject)),))
            out += self._pattern(inner, n.Index(subject, key))
        return out

    def _class(self, p: Any, subject: n.Expr) -> _Matched:
        cls = lower_expression(p.cls, self._scope)
        out = _Matched((_is_instance(subject, cls),))
        names = list(p.kwd_attrs)
        patterns = list(p.kwd_patterns)
        if p.patterns:
            if not isinstance(cls, n.Ref):
                raise self._refused(p, "positional patterns of a class that is not known.")
            if cls.value in _WHOLE:
                return out + self._pattern(p.patterns[0], subject)
            given = getattr(cls.value, "__match_args__", ())
            names = [*given[: len(p.patterns)], *names]
            patterns = [*p.patterns, *patterns]
            if len(names) != len(patterns):
                raise self._refused(p, f"{cls.path} takes fewer positional patterns.")
        for name, inner in zip(names, patterns, strict=True):
            out += self._pattern(inner, n.Field(subject, name))
        return out


def _is_instance(subject: n.Expr, cls: n.Expr) -> n.Expr:
    return n.Call(n.Ref("isinstance", isinstance, isinstance), (subject, cls))


def _compared_with(test: n.Expr, subject: n.Expr) -> n.Expr | None:
    """`v` of `subject == v`, where v is a literal."""
    if isinstance(test, n.Compare) and test.ops == ("eq",) and test.args[0] == subject:
        return test.args[1] if isinstance(test.args[1], n.Const) else None
    return None


def _all(tests: tuple[n.Expr, ...]) -> n.Expr | None:
    if len(tests) > 1:
        return n.Op("and", tests, span=tests[0].span)
    return tests[0] if tests else None
