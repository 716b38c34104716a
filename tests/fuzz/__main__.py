"""Hunts for wrong derivatives.

    python -m tests.fuzz --count 500 --seed 0 --profile views --mode both --jobs 2

judges programs 0 to 499 of a profile, prints what came of them, makes each kind of failure small,
and ends with status 1 if there were any. A failure's program is printed as an entry of the zoo.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter

from tests.fuzz.engines import ENGINES
from tests.fuzz.hunt import Found, Report, hunt, size
from tests.fuzz.run import check
from tests.fuzz.scope import PROFILES
from tests.fuzz.shrink import alike, as_zoo_entry, shrink

KINDS = ("ok", "wrong", "crash", "refused", "unfit")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=300, help="programs of each profile")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument(
        "--profile", default="all", help=f"several with commas, or 'every': {', '.join(PROFILES)}"
    )
    parser.add_argument("--mode", choices=sorted(ENGINES), default="both", help="derivatives")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--show", type=int, default=3, help="failures to make small and print")
    parser.add_argument("--refusals", type=int, default=0, help="likewise, reasons of refusals")
    parser.add_argument("--seconds", type=float, default=60.0, help="to make one program small")
    chosen = parser.parse_args()
    every = chosen.profile == "every"
    chosen.profiles = list(PROFILES) if every else chosen.profile.split(",")
    if unknown := set(chosen.profiles) - set(PROFILES):
        parser.error(f"there is no profile {', '.join(sorted(unknown))}")
    return chosen


def summary(report: Report, took: float) -> str:
    kinds = report.kinds
    named = {"ok": "right", "crash": "crashed"}
    counted = ", ".join(f"{kinds[k]} {named.get(k, k)}" for k in KINDS)
    judged = sum(kinds[k] for k in ("ok", "wrong", "crash"))
    lines = [
        f"{sum(kinds.values())} programs: {counted}",
        f"{report.statements} statements in {judged} programs judged",
        f"{report.judged} comparisons, {took:.0f} s, {report.statements / took:.0f} statements/s",
    ]
    lines += [f"  {n:6} unfit: {reason}" for reason, n in report.unfit.most_common(6)]
    lines += [f"  {n:6} refused: {reason}" for reason, n, _ in refusals(report)[:12]]
    return "\n".join(lines)


def refusals(report: Report) -> list[tuple[str, int, Found]]:
    """Reasons with their numbers and the smallest programs, the most frequent first."""
    found = [(reason, number, program) for reason, (number, program) in report.refused.items()]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def different(failures: list[Found]) -> list[Found]:
    """Small programs first, and one of each cause before there is a second of any."""
    seen: Counter[str] = Counter()
    ordered = []
    for program, outcome in sorted(failures, key=lambda f: size(f[0])):
        cause = f"{outcome.kind} {alike(outcome.cause)}"
        ordered.append((seen[cause], len(ordered), (program, outcome)))
        seen[cause] += 1
    return [found for _, _, found in sorted(ordered, key=lambda item: item[:2])]


def show(found: Found, mode: str, seconds: float) -> None:
    program, outcome = found
    engine = ENGINES[mode]
    small = shrink(program, engine, seconds)
    print(f"\n--- {outcome.kind}: {outcome.cause} (--profile and --seed: '{program.label}')")
    print(check(small, engine).detail.strip()[-1500:])
    print(as_zoo_entry(small, check(small, engine)), flush=True)


def main() -> int:
    chosen = options()
    warnings.simplefilter("ignore")
    started = time.monotonic()
    report = Report()
    for part in hunt(chosen.count, chosen.seed, chosen.profiles, chosen.mode, chosen.jobs):
        report.add(part)
        for program, outcome in part.failures:
            print(f"{outcome.kind} at '{program.label}': {outcome.cause}", flush=True)
    print(summary(report, time.monotonic() - started), flush=True)
    for found in different(report.failures)[: chosen.show]:
        show(found, chosen.mode, chosen.seconds)
    for _, _, found in refusals(report)[: chosen.refusals]:
        show(found, chosen.mode, chosen.seconds)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
