"""`python -m tests.fuzz --count 500 --seed 0 --profile all --shrink`: hunts for wrong gradients."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter

from tests.fuzz.engines import ENGINES
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.run import Outcome, check
from tests.fuzz.scope import PROFILES
from tests.fuzz.shrink import as_zoo_entry, shrink


def refusal(text: str) -> str:
    """The reason that a refusal states: what follows the place, if it has one."""
    lines = text.strip().splitlines()
    carets = [i for i, line in enumerate(lines) if line.strip() and not line.strip(" ^")]
    return lines[min(carets[-1] + 1 if carets else 0, len(lines) - 1)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="programs to judge")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="all")
    parser.add_argument("--mode", choices=sorted(ENGINES), default="both", help="derivatives")
    parser.add_argument("--shrink", action="store_true", help="make the failures small")
    parser.add_argument("--show", type=int, default=3, help="failures to print")
    parser.add_argument("--seconds", type=float, default=60.0, help="time to shrink one failure")
    options = parser.parse_args()
    engine = ENGINES[options.mode]
    warnings.simplefilter("ignore")
    started = time.monotonic()
    kinds: Counter[str] = Counter()
    causes: Counter[tuple[str, str]] = Counter()
    failures: list[tuple[FuzzProgram, Outcome]] = []
    seed = options.seed
    while sum(kinds.values()) - kinds["unfit"] < options.count:
        program = generate(seed, options.profile)
        outcome = check(program, engine)
        kinds[outcome.kind] += 1
        if outcome.kind != "ok":
            reason = ""
            if outcome.kind == "refused":
                reason = f"{outcome.cause}: {refusal(outcome.detail)}"
            causes[outcome.kind, reason or outcome.cause] += 1
        if outcome.failed:
            failures.append((program, outcome))
        seed += 1
    judged = sum(kinds.values()) - kinds["unfit"]
    took = time.monotonic() - started
    print(f"{judged} programs judged, seeds {options.seed} to {seed - 1}, {took:.1f} s")
    for kind in ("ok", "wrong", "crash", "refused", "unfit"):
        print(f"  {kind:8}{kinds[kind]:6}")
    for (kind, cause), number in causes.most_common(20):
        print(f"  {number:6} {kind}: {cause}")
    shown: set[tuple[str, str]] = set()
    for program, outcome in failures:
        if len(shown) == options.show:
            break
        if (outcome.kind, outcome.cause) in shown:
            continue
        shown.add((outcome.kind, outcome.cause))
        print(f"\n--- {outcome.kind} at '{program.label}'\n{outcome.detail}")
        small = shrink(program, engine, options.seconds) if options.shrink else program
        print(as_zoo_entry(small, check(small, engine)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
