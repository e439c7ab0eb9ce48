# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: every commit on every configuration; and what else maintainers ask."""

from __future__ import annotations

import time

from lab.checks import matrix, upstream_hosts, upstream_ledger, upstream_once
from lab.checks.upstream_builds import Builds, Results
from lab.config import data
from lab.core import errors, ui
from lab.core.options import Options
from lab.results import records


def growth(results: Results) -> list[str]:
    """Bytes of code of each module before and after."""
    rows = []
    for cell, before in results:
        if cell.commit.number == 0 and before.sizes:
            after = [r for c, r in results if c.name == cell.name][-1]
            for module, size in before.sizes.items():
                now = after.sizes.get(module, 0)
                rows.append(f"{module}, {cell.name}: {size} -> {now} bytes of code ({now - size:+})")
    return rows


def judged(builds: Builds, results: Results) -> tuple[list[str], list[list[str]]]:
    """The table, commits by configurations; and what is wrong with each build that was judged, no line if it is good.

    Each is judged once: not those of a commit that changes nothing compiled, nor what BASE cannot build.
    """
    stock = {cell.name: result for cell, result in results if cell.commit.number == 0}
    found = []
    width = max(len(c.subject) for c in builds.commits)
    what = f"new warnings: {'/'.join(k.name for k in builds.compilers)}"
    rows = ["  ".join([f"{what:{width + 3}}", *(c.name for c in builds.configs)])]
    last, series = "", ""
    for commit in builds.commits:
        if commit.key == last:
            continue  # a test or a document: nothing was to be built
        last = commit.key
        if commit.series != series:
            series = commit.series
            rows.append(series)
        words = {}
        for cell, result in results:
            if cell.commit is commit and stock[cell.name].failed:
                words[cell.name] = "-"
            elif cell.commit is commit:
                why = matrix.wrong(result, stock[cell.name])
                words[cell.name] = "FAIL" if result.failed else str(len(why)) if commit.number else "ok"
                found.append([f"{commit.number} {commit.subject}: {cell.name}: {x}" for x in why])
        cells = []
        for config in builds.configs:
            names = [f"{config.name} {k.name}" for k in builds.compilers]
            both = "/".join(words[name] for name in names if name in words)
            cells.append(f"{both:>{len(config.name)}}")
        rows.append(f"{commit.number:2} {commit.subject:{width}}  " + "  ".join(cells))
    return rows, found


def count(
    found: list[list[str]], boots: dict[str, list[str]], states: int, bad_checks: int, checks: int
) -> tuple[int, int]:
    """Passed and failed: builds, boots (a line of 'boots' for each that failed, of so many states), and checks."""
    failed = sum(map(bool, found)) + sum(map(len, boots.values())) + bad_checks
    return len(found) + states * len(boots) + checks - failed, failed


def main(options: Options) -> int:
    """make check-upstream: what is not in the ledger yet. Writes the ledger, and a record of a whole run."""
    start = time.monotonic()
    base = data.base("mainline")
    builds = Builds(base, options)
    upstream_ledger.load(builds)
    whole = not (options.target or options.series or options.part)
    ended = False
    try:
        results = builds.run()
        rows, found = judged(builds, results)
        bad = [line for lines in found for line in lines]
        ui.say(f"{len(results)} cells, {builds.ran} of them built now, in {ui.took(time.monotonic() - start)}")
        programs = upstream_hosts.programs(builds)
        boots = upstream_hosts.boots(builds)
        tests = upstream_hosts.tests(builds)
        ended = True
    finally:
        upstream_ledger.save(builds, whole and ended)
    checks = {f"the selftests build after every commit for {t}": upstream_once.Found(y) for t, y in programs.items()}
    checks |= {f"the tests pass after every series on {t}": upstream_once.Found(y) for t, y in tests.items()}
    if whole:
        checks |= upstream_once.run(builds)
    print()
    print("\n".join(rows))
    for cell, result in results:
        if cell.commit.number == 0 and result.failed:
            print(f"-: {cell.name} cannot be built on BASE either: {result.failed}")
    print()
    print("\n".join(growth(results)))
    for name, died in boots.items():
        print(f"{'FAILED' if died else 'ok':7} every commit boots on {name}")
        bad += [f"{line} (booted on {name})" for line in died]
    for name, lines in checks.items():
        print(f"{'FAILED' if lines.bad else 'ok':7} {name}{': ' + lines.note if lines.note else ''}")
    also = [f"{name}: {line}" for name, lines in checks.items() for line in lines.bad]
    for line in [*bad, *also]:
        print(line)
    states = len({commit.key for commit in builds.commits})
    passed, failed = count(found, boots, states, sum(bool(c.bad) for c in checks.values()), len(checks))
    if whole:
        record = records.Record("check-upstream", base.name, "", seconds=time.monotonic() - start)
        record.counts = {k: v for k, v in (("passed", passed), ("failed", failed)) if v}
        record.facts = {"notes": growth(results), "bad": [*bad[: records.LISTED], *also[:10]]}
        records.leave(record, base)
    ui.say(f"took {ui.took(time.monotonic() - start)}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return errors.FAILED if failed else errors.PASSED
