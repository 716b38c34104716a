"""The solver, on sets of reachable nodes: facts of which each grows by those that it asks for."""

from __future__ import annotations

from collections import Counter

import pytest

from srcdiff.assemble.recursion import Solver

Graph = dict[str, str]

GRAPHS: dict[str, Graph] = {
    "chain": {"a": "b", "b": "c", "c": ""},
    "diamond": {"a": "bc", "b": "d", "c": "d", "d": ""},
    "loop": {"a": "a"},
    "two": {"a": "b", "b": "ac", "c": ""},
    "inner_cycle": {"a": "b", "b": "c", "c": "bd", "d": ""},
    "cycles_that_share": {"a": "bc", "b": "ca", "c": "be", "e": "cb"},
    "cycle_of_cycles": {"a": "b", "b": "cd", "c": "b", "d": "ea", "e": "df", "f": ""},
    "twice_asked": {"a": "bbc", "b": "c", "c": "ab"},
}


def reachable(graph: Graph, node: str) -> frozenset[str]:
    seen: set[str] = set()
    todo = list(graph[node])
    while todo:
        n = todo.pop()
        if n not in seen:
            seen.add(n)
            todo += graph[n]
    return frozenset(seen)


class Search:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.solver: Solver[frozenset[str]] = Solver(lambda a, b: a == b)
        self.looks: Counter[str] = Counter()

    def ask(self, node: str) -> frozenset[str]:
        return self.solver.ask(node, frozenset(), lambda: self.look(node))

    def look(self, node: str) -> frozenset[str]:
        self.looks[node] += 1
        return frozenset(self.graph[node]).union(*map(self.ask, self.graph[node]))


@pytest.mark.parametrize("name", GRAPHS)
def test_every_fact_is_the_last_word(name: str) -> None:
    graph = GRAPHS[name]
    for first in graph:
        search = Search(graph)
        for node in (first, *graph):
            assert search.ask(node) == reachable(graph, node)
            assert search.solver.is_settled(node)
            assert not search.solver.running()


def test_facts_in_no_cycle_are_looked_at_once() -> None:
    for name in ("chain", "diamond"):
        search = Search(GRAPHS[name])
        search.ask("a")
        assert set(search.looks.values()) == {1}
    search = Search(GRAPHS["inner_cycle"])
    search.ask("a")
    assert search.looks["a"] == search.looks["d"] == 1


def test_cyclic_facts_are_known_as_such() -> None:
    graph = GRAPHS["cycle_of_cycles"]
    search = Search(graph)
    search.ask("a")
    assert [node for node in graph if search.solver.is_cyclic(node)] == list("abcde")


def test_a_failure_leaves_nothing_running() -> None:
    solver: Solver[int] = Solver(lambda a, b: a == b)

    def fail() -> int:
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        solver.ask("a", 0, lambda: solver.ask("b", 0, fail))
    assert not solver.running()
    assert solver.ask("a", 0, lambda: 1) == 1
