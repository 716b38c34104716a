"""Every smooth program of the zoo to second order: each mode over each mode, and Hessians.

The Hessian times a direction is compared with differences of gradients along that direction.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import grad, jvp
from tests.fuzz.load import loaded
from tests.oracles import copy_arguments, same_bits
from tests.test_zoo import gradient_of, quietly, single
from tests.test_zoo_forward import chosen, tangents_for
from tests.wrappers import Write, over_forward, over_reverse
from tests.zoo.all import PROGRAMS, Program

SMOOTH = [p for p in PROGRAMS if p.differences]

# What may be refused to second order: most need a list as a tape that a helper takes.
MAY_BE_REFUSED = set(
    """
    largest_so_far previous_or_none
    added_to_what_is_read all_kinds_of_parameters appended_in_branches array_tree arrays_replaced
    around_a_contour
    call_in_branch call_in_break_test call_in_store call_in_tests call_of_other_module call_on_rows
    call_overwriting_its_parameter call_returning_tuple call_with_arrays call_with_while
    call_with_while_in_loop calls_as_arguments calls_with_stars determinant
    double_starred_parameters early_returns_in_loops filled_then_stored four_levels given_method
    given_partial indices_and_slices integrate iterating_callees keywords_and_defaults
    list_of_parameters_updated order_of_a_walk views_on_the_tapes_of_a_helper
    array_made_a_list_in_each_trip list_inside_a_call list_made_in_each_trip
    list_made_in_each_trip_and_read_after many_bodies
    ray_tracer
    lists_of_active_values local_names_as_in_helper made_in_one_branch masked_stores_in_a_loop
    methods nested_calling_each_other over_reversed_range_with_break
    overwrites_arrays_that_it_passes recursion_with_two_results repeated_squaring
    bodies self_energies transform_by_stages
    signature_of_its_own starred_parameters summed three_deep tuples_and_dicts_as_arguments
    """.split()
)


@functools.cache
def wrapper(program: Program, write: Write) -> Any:
    """The function `s` of that text, with the program as its `f`."""
    with ExitStack() as stack:
        module = stack.enter_context(loaded(write(len(program.arguments()), program.argnums)))
        module.f = program.function
        # Its source is read at the first call, so its file has to stay.
        _OPEN.append(stack.pop_all())
        return module.s


_OPEN: list[ExitStack] = []


@pytest.fixture(scope="module", autouse=True)
def closing() -> Iterator[None]:
    """Modules written for these tests last as long as they do."""
    yield
    while _OPEN:
        _OPEN.pop().close()


def moved(args: tuple[Any, ...], tangents: tuple[Any, ...], h: float) -> tuple[Any, ...]:
    out = list(copy_arguments(args))
    for k, step in enumerate(tangents):
        if isinstance(step, np.ndarray):
            out[k] = (out[k] + h * step).astype(step.dtype)
        elif step is not None:
            out[k] = type(out[k])(out[k] + h * step)
    return tuple(out)


def parts(gradient: Any) -> tuple[Any, ...]:
    return gradient if isinstance(gradient, tuple) else (gradient,)


@functools.cache
def expected(program: Program) -> tuple[tuple[Any, ...], float]:
    """The Hessian times the direction by differences, and how large gradients are."""
    args = program.arguments()
    tangents = tangents_for(program, args, 3)
    h = 1e-2 if single(args) else 6e-6
    with np.errstate(all="ignore"):
        up, down = (parts(gradient_of(program)(*moved(args, tangents, t))) for t in (h, -h))
    slopes = tuple(
        (np.asarray(a, float) - np.asarray(b, float)) / (2 * h)
        for a, b in zip(up, down, strict=True)
    )
    size = max(float(np.max(np.abs(a), initial=0.0)) for a in up)
    return slopes, max(1.0, size)


def assert_hessian(got: Any, program: Program, what: str) -> None:
    want, size = expected(program)
    tolerance = 5e-2 if single(program.arguments()) else 1e-5
    for g, w in zip(parts(got), want, strict=True):
        assert np.shape(g) == np.shape(w)
        assert np.all(np.isfinite(w)), "no number to compare with"
        allowed = tolerance * (size + float(np.max(np.abs(w), initial=0.0)))
        np.testing.assert_allclose(g, w, rtol=0.0, atol=allowed, err_msg=what)


def derived(program: Program, derivative: Callable[[], Any]) -> Any:
    """What a derivative gives; skips where it may be refused and is."""
    try:
        with quietly(program):
            return derivative()
    except srcdiff.UnsupportedError:
        if program.name in MAY_BE_REFUSED:
            pytest.skip("refused")
        raise


def programs(chosen: list[Program]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("program", chosen, ids=lambda p: f"{p.topic}-{p.name}")


each_smooth = programs(SMOOTH)
# Over forward mode, which has neither tapes nor undo, some programs are enough.
some_smooth = programs(SMOOTH[::4])


@each_smooth
def test_forward_over_reverse(program: Program) -> None:
    args = program.arguments()
    tangents = tangents_for(program, args, 3)
    kept = copy_arguments(args)
    value, got = derived(program, lambda: jvp(gradient_of(program), args, tangents))
    assert same_bits(args, kept)
    assert_hessian(got, program, "forward over reverse")
    with quietly(program):
        gradient = gradient_of(program)(*args)
    tolerance = 1e-4 if single(args) else 1e-10
    for v, g in zip(parts(value), parts(gradient), strict=True):
        np.testing.assert_allclose(v, g, rtol=tolerance, atol=tolerance)


@each_smooth
def test_reverse_over_reverse(program: Program) -> None:
    check_reverse_over(program, over_reverse)


@some_smooth
def test_reverse_over_forward(program: Program) -> None:
    check_reverse_over(program, over_forward)


def check_reverse_over(program: Program, write: Write) -> None:
    args = program.arguments()
    moving = chosen(program, args)
    argnums = moving[0] if isinstance(program.argnums, int) else moving
    weights = [tangents_for(program, args, 3)[k] for k in moving]
    kept = copy_arguments(args)
    twice = grad(wrapper(program, write), argnums=argnums)
    got = derived(program, lambda: twice(*args, *weights))
    assert same_bits(args, kept)
    assert_hessian(got, program, f"reverse {write.__name__}")


@some_smooth
def test_forward_over_forward(program: Program) -> None:
    args = program.arguments()
    tangents = tangents_for(program, args, 3)
    weights = [tangents[k] for k in chosen(program, args)]
    still = (None,) * len(weights)
    s = wrapper(program, over_forward)
    _, got = derived(program, lambda: jvp(s, (*args, *weights), (*tangents, *still)))
    want, size = expected(program)
    curvature = sum(
        float(np.sum(np.asarray(h) * np.asarray(w, float)))
        for h, w in zip(want, weights, strict=True)
    )
    reach = sum(float(np.sum(np.abs(w))) for w in weights)
    largest = size + max(float(np.max(np.abs(h), initial=0.0)) for h in want)
    tolerance = 5e-2 if single(args) else 1e-5
    assert abs(float(np.asarray(got).reshape(())) - curvature) <= tolerance * reach * largest
