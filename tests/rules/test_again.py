"""Derivatives can be differentiated again: what templates use has rules in its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from srcdiff.analysis.activity import READERS
from srcdiff.analysis.bind import bind_or_raise
from srcdiff.analysis.kinds import Inference
from srcdiff.frontend.lower import lower_template
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import UNKNOWN, Kind
from srcdiff.ir.walk import subexpressions
from srcdiff.rules.registry import Rule, lookup
from tests.rules.harness import READINGS, Reading, Row, bind, is_active, mismatch, names_of, parts
from tests.rules.rows import ROWS
from tests.rules.test_rules import adjoint, is_smooth

pytestmark = pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")


class Nowhere:
    """A world in which there is nothing but the template."""

    def global_kind(self, e: n.Expr) -> Kind:
        return UNKNOWN

    def user_kind(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Kind | None:
        return None

    def taken_apart(self, kind: Kind, e: n.Expr) -> Kind:
        return kind

    def rely(self, dims: Any) -> None: ...

    def rely_equal(self, a: Any, b: Any) -> None: ...

    def is_pure(self, e: n.Expr) -> bool:
        return True


def templates(rule: Rule) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each template of a rule, and the operand that it is for."""
    for name, pull in rule.pulls.items():
        yield name, pull.template
    yield from rule.pushes.items()


def env(row: Row, reading: Reading, rule: Rule, operands: dict[str, Any]) -> dict[str, Kind]:
    """The kinds of a template's parameters, but for those of seeds and tangents."""
    found = {name: reading.kind(value, name) for name, value in operands.items()}
    return {**found, "y": rule.kind}


@pytest.mark.parametrize("row", ROWS, ids=[f"{i}-{row}" for i, row in enumerate(ROWS)])
def test_templates_are_understood(row: Row) -> None:
    """Everything in a template has a rule that covers it, and the kind of its value is known."""
    y = row.run(*row.operands)
    if not is_smooth(y):
        return
    for reading in READINGS:
        rule, operands = bind(row, reading, row.operands)
        kinds = env(row, reading, rule, operands)
        for name, template in templates(rule):
            value = parts(operands)[name]
            if not is_active(value) or rule.kind == UNKNOWN:
                continue
            _, body = lower_template(template)
            kinds["d"], d = rule.kind, adjoint(y)
            kinds["t"], t = reading.kind(value, name), value
            infer = Inference(Nowhere(), kinds, "here")
            for e in subexpressions(body):
                check_known(e, infer)
            known = {**operands, "y": y, "d": d, "t": t}
            with np.errstate(all="ignore"):
                result = template(**{each: known[each] for each in names_of(template)})
            # Where a number of one type or another is chosen, the kind is the wider one.
            chosen = any(isinstance(e, n.Choose) for e in subexpressions(body))
            assert chosen or not mismatch(infer(body), result)


def check_known(e: n.Expr, infer: Inference) -> None:
    if isinstance(e, n.Compare):
        assert all(lookup(op) is not None for op in e.ops)
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value in READERS:
        return
    if isinstance(e, n.Op | n.Call):
        assert bind_or_raise(e, infer) is not None, e
    assert not isinstance(e, n.OpaqueExpr), e
