"""Many random programs: what came of each, counted, and what to look at."""

from __future__ import annotations

import ast
import multiprocessing
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tests.fuzz.engines import ENGINES
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.run import Outcome, check
from tests.fuzz.shrink import alike

CHUNK = 20  # programs that a worker judges before it reports
TRIES = 5  # how many refused statements are taken out of one program
OUTPUTS = {"vjp"}  # modes for which functions return several values, every other time

Found = tuple[FuzzProgram, Outcome]


@dataclass
class Report:
    """What came of some programs.

    Attributes:
        kinds: outcomes, each program counted once: by what it is when its refused statements have
            been taken out.
        statements: of the programs that were judged.
        judged: comparisons of one derivative, for one tuple of arguments, with the truth.
        unfit: reasons why programs cannot be judged.
        refused: reason -> how many programs had it, and the one with the fewest statements.
        failures: what failed.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    statements: int = 0
    judged: int = 0
    unfit: Counter[str] = field(default_factory=Counter)
    refused: dict[str, tuple[int, Found]] = field(default_factory=dict)
    failures: list[Found] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.kinds += other.kinds
        self.statements += other.statements
        self.judged += other.judged
        self.unfit += other.unfit
        for reason, (number, found) in other.refused.items():
            self._refused(reason, number, found)
        self.failures += other.failures

    def _refused(self, reason: str, number: int, found: Found) -> None:
        before, smallest = self.refused.get(reason, (0, found))
        if size(found[0]) < size(smallest[0]):
            smallest = found
        self.refused[reason] = (before + number, smallest)

    def judge(self, seed: int, profile: str, mode: str) -> None:
        """Adds what comes of one program; statements that are refused are taken out of it."""
        program = generate(seed, profile, outputs=mode in OUTPUTS and seed % 2 == 1)
        outcome = check(program, ENGINES[mode])
        for _ in range(TRIES):
            if outcome.kind != "refused":
                break
            self._refused(alike(outcome.cause), 1, (program, outcome))
            rest = without_line(program, outcome.line)
            if rest is None:
                break
            program, before = rest, outcome
            outcome = check(program, ENGINES[mode])
            if outcome.kind == "unfit":
                outcome = before
                break
        self.kinds[outcome.kind] += 1
        if outcome.kind == "unfit":
            self.unfit[outcome.cause] += 1
        if outcome.kind in ("ok", "wrong", "crash"):
            self.statements += size(program)
            self.judged += outcome.judged
        if outcome.failed:
            self.failures.append((program, outcome))


def size(program: FuzzProgram) -> int:
    """How many statements the program has."""
    return sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(program.text)))


def without_line(program: FuzzProgram, line: int) -> FuzzProgram | None:
    """The program without the innermost statement that stands on this line."""
    tree = ast.parse(program.text)
    smallest: tuple[int, list[ast.stmt], int] | None = None
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for k, statement in enumerate(block if isinstance(block, list) else []):
                last = statement.end_lineno or statement.lineno
                if statement.lineno <= line <= last:
                    found = (last - statement.lineno, block, k)
                    if smallest is None or found[0] <= smallest[0]:
                        smallest = found
    if smallest is None:
        return None
    _, block, k = smallest
    block[k : k + 1] = [] if len(block) > 1 else [ast.Pass()]
    return replace(program, text=ast.unparse(ast.fix_missing_locations(tree)) + "\n")


def _chunk(job: tuple[int, int, str, str]) -> Report:
    first, last, profile, mode = job
    warnings.simplefilter("ignore")
    report = Report()
    for seed in range(first, last):
        report.judge(seed, profile, mode)
    return report


def hunt(count: int, seed: int, profiles: Iterable[str], mode: str, jobs: int) -> Iterator[Report]:
    """Reports on `count` programs of each profile, as they come in."""
    ends = seed + count
    chunks = [
        (first, min(first + CHUNK, ends), profile, mode)
        for first in range(seed, ends, CHUNK)
        for profile in profiles
    ]
    if jobs == 1:
        yield from map(_chunk, chunks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_chunk, chunks)
