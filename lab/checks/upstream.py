# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: every commit on every configuration; and what else maintainers ask."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from lab.checks import matrix, upstream_builds, upstream_hosts, upstream_ledger, upstream_once
from lab.config import data
from lab.core import errors, ui
from lab.core.options import Options
from lab.results import records


def impossible(results: list[tuple[matrix.Cell, matrix.Result]]) -> dict[str, str]:
    """What cannot be built on BASE either, and why."""
    return {cell.name: result.failed for cell, result in results if cell.commit.number == 0 and result.failed}


def growth(results: list[tuple[matrix.Cell, matrix.Result]]) -> list[str]:
    """Bytes of code of each module before and after."""
    rows = []
    for cell, before in results:
        if cell.commit.number == 0 and before.sizes:
            after = [r for c, r in results if c.name == cell.name][-1]
            for module, size in before.sizes.items():
                now = after.sizes.get(module, 0)
                rows.append(f"{module}, {cell.name}: {size} -> {now} bytes of code ({now - size:+})")
    return rows


@dataclass
class Table:
    """The table, commits by configurations; and what is wrong with each of the builds that were judged."""

    rows: list[str] = field(default_factory=list)
    builds: list[list[str]] = field(default_factory=list)  # of each: lines, none if it is good

    @property
    def bad(self) -> list[str]:
        """All lines."""
        return [line for lines in self.builds for line in lines]


def judged(builds: upstream_builds.Builds, results: list[tuple[matrix.Cell, matrix.Result]]) -> Table:
    """Judge the builds, each once: not those of a commit that changes nothing compiled, nor what BASE cannot build."""
    stock = {cell.name: result for cell, result in results if cell.commit.number == 0}
    found = Table()
    rows = found.rows
    width = max(len(c.subject) for c in builds.commits)
    what = f"new warnings: {'/'.join(k.name for k in builds.compilers)}"
    rows.append(f"{what:{width + 3}}  " + "  ".join(f"{c.name:>{len(c.name)}}" for c in builds.configs))
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
            if cell.commit is not commit:
                continue
            if stock[cell.name].failed:
                words[cell.name] = "-"
                continue
            why = matrix.wrong(result, stock[cell.name])
            words[cell.name] = "FAIL" if result.failed else str(len(why)) if commit.number else "ok"
            found.builds.append([f"{commit.number} {commit.subject}: {cell.name}: {x}" for x in why])
        cells = []
        for config in builds.configs:
            names = [f"{config.name} {k.name}" for k in builds.compilers]
            both = "/".join(words[name] for name in names if name in words)
            cells.append(f"{both:>{len(config.name)}}")
        rows.append(f"{commit.number:2} {commit.subject:{width}}  " + "  ".join(cells))
    return found


def count(table: Table, boots: dict[str, list[str]], states: int, bad_checks: int, checks: int) -> tuple[int, int]:
    """Passed and failed: builds, boots (a line of 'boots' for each that failed, of so many states), and checks."""
    failed = sum(map(bool, table.builds)) + sum(map(len, boots.values())) + bad_checks
    return len(table.builds) + states * len(boots) + checks - failed, failed


def main(options: Options) -> int:
    start = time.monotonic()
    base = data.base(options.kernel or "mainline")
    builds = upstream_builds.Builds(base, options)
    upstream_ledger.load(builds)
    whole = not (options.target or options.series or options.part)
    ended = False
    try:
        results = builds.run()
        table = judged(builds, results)
        bad = table.bad
        ui.say(f"{len(results)} cells, {builds.ran} of them built now, in {ui.took(time.monotonic() - start)}")
        tests = upstream_hosts.programs(builds)
        boots = upstream_hosts.boots(builds)
        ended = True
    finally:
        upstream_ledger.save(builds, whole and ended)
    checks = {f"the selftests build after every commit for {t}": upstream_once.Found(why) for t, why in tests.items()}
    if whole:
        checks |= upstream_once.run(builds)
    print()
    print("\n".join(table.rows))
    cannot = impossible(results)
    for name, why in cannot.items():
        print(f"-: {name} cannot be built on BASE either: {why}")
    print()
    print("\n".join(growth(results)))
    for name, died in boots.items():
        print(f"{'FAILED' if died else 'ok':7} every commit boots on {name}")
        bad += [f"{line} (booted on {name})" for line in died]
    for name, lines in checks.items():
        print(f"{'FAILED' if lines.bad else 'ok':7} {name}{': ' + lines.note if lines.note else ''}")
    for line in [*bad, *(f"{name}: {line}" for name, lines in checks.items() for line in lines.bad)]:
        print(line)
    states = len({commit.key for commit in builds.commits})
    passed, failed = count(table, boots, states, sum(bool(c.bad) for c in checks.values()), len(checks))
    if whole:
        record = records.Record("check-upstream", base.name, "", seconds=time.monotonic() - start)
        record.counts = {k: v for k, v in (("passed", passed), ("failed", failed)) if v}
        record.facts = {"notes": growth(results), "bad": bad[: records.LISTED]}
        record.facts["bad"] += [f"{name}: {line}" for name, lines in checks.items() for line in lines.bad][:10]
        records.leave(record, base)
    ui.say(f"took {ui.took(time.monotonic() - start)}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return errors.FAILED if failed else errors.PASSED
