# SPDX-License-Identifier: GPL-2.0-only
"""make test: what the results mean, and the tables that say it."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, field

from lab.config import data
from lab.core import errors, ui
from lab.machine import boot
from lab.results import rules, tally
from lab.results.ktap import Result, Status


@dataclass
class Job:
    """One base on one target; expected: ids that must fail, None: nothing may; luck: ids not judged."""

    base: data.Base
    target: data.Target
    tests: list[data.Test]
    expected: set[str] | None = None
    luck: frozenset[str] = frozenset()
    pattern: str = ""  # TEST=
    spec: boot.Spec | None = None
    code: int = errors.PASSED
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    first: float | None = None

    @property
    def name(self) -> str:
        return f"{self.base.name} {self.target.name}"

    @property
    def sessions(self) -> bool:
        """With a guest of a real QEMU, not programs in the host."""
        return any(test.guest for test in self.tests)


def deviation(job: Job, result: Result) -> bool:
    """Is this result other than it must be?"""
    if job.expected is not None and not result.id.startswith("("):
        return result.status.bad != (result.id in job.expected)
    return result.status.bad


def missing(job: Job) -> list[str]:
    return sorted((job.expected or set()) - {r.id for r in job.results})


def tell(job: Job, result: Result) -> None:
    note = f": {result.why}" if result.why else ""
    if job.expected is not None and result.status.bad and not deviation(job, result):
        note += " (as it must on this kernel)"
    ui.status(result.status.value, f"{job.name}: {result.id}{note}")
    if deviation(job, result):
        for line in result.notes[:8]:
            ui.say(f"  {line}")


def count(all_jobs: list[Job], total: tally.Count) -> None:
    for job in all_jobs:
        for result in job.results:
            if deviation(job, result):
                total.failed += 1
            elif result.status is Status.SKIP:
                total.skipped += 1
            elif result.status is Status.XFAIL:
                total.xfailed += 1
            else:
                total.passed += 1
        total.failed += len(missing(job))


def columns_of(all_jobs: list[Job], base: str) -> list[Job]:
    """One for each target: its programs and its guests of QEMU are two jobs."""
    found: dict[str, Job] = {}
    for job in all_jobs:
        if job.base.name != base:
            continue
        one = found.setdefault(job.target.name, dataclasses.replace(job, results=[], seconds=0.0))
        one.results = one.results + job.results
        one.seconds += job.seconds
        if job.expected is not None:
            one.expected = (one.expected or set()) | job.expected
    return list(found.values())


def table(all_jobs: list[Job]) -> None:
    """Tests by target; the word says what happened, '!' that it should not have."""
    tests = list(dict.fromkeys(r.id for job in all_jobs for r in job.results))
    width = max(len(t) for t in [*tests, "test"])
    print()
    for base in dict.fromkeys(job.base.name for job in all_jobs):
        columns = columns_of(all_jobs, base)
        print(f"{base:{width}}  " + "  ".join(f"{job.target.name:11}" for job in columns))
        for test in tests:
            cells = []
            for job in columns:
                found = next((r for r in job.results if r.id == test), None)
                word = "-" if found is None else found.status.value + ("!" if deviation(job, found) else "")
                cells.append(ui.paint(f"{word:11}", word.rstrip("!"), sys.stdout))
            if any(c.strip() != "-" for c in cells):
                print(f"{test:{width}}  " + "  ".join(cells))
        print(
            f"{'first result, whole run (s)':{width}}  "
            + "  ".join(f"{f'{job.first or 0:.1f}, {job.seconds:.1f}':11}" for job in columns)
        )
        print()


def clause_table(all_jobs: list[Job]) -> None:
    """What is proved, clause by clause."""
    known = rules.Clauses()
    for base in dict.fromkeys(job.base.name for job in all_jobs):
        columns = columns_of(all_jobs, base)
        fails = None if columns[0].expected is None else [job.expected or set() for job in columns]
        rows = known.rows([job.results for job in columns], fails)
        rows.insert(0, (f"{base}: clause", [job.target.name for job in columns]))
        widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(columns))]
        print()
        for name, cells in rows:
            print(f"{name:{len(rows[0][0])}}  " + "  ".join(map(str.ljust, cells, widths)).rstrip())


def corrections(all_jobs: list[Job]) -> list[str]:
    """What to change in lab/data/expect for these results to be the expected ones.

    Changes, not whole lists: a job has a part of a target's tests only, and with TEST= a part of those.
    """
    lines = []
    for job in all_jobs:
        if job.expected is None:
            continue
        other = [r for r in job.results if deviation(job, r) and not r.id.startswith("(")]
        changes = {
            "add": sorted(r.id for r in other if r.status.bad),
            "remove": sorted({r.id for r in other if not r.status.bad} | set(missing(job))),
        }
        said = "; ".join(f"{verb} {', '.join(ids)}" for verb, ids in changes.items() if ids)
        if said:
            where = f"lab/data/expect/{job.base.name}.toml, [{job.target.name}]"
            lines.append(f"{where}, if that is as it should be: {said}")
    return lines


def report(all_jobs: list[Job], total: tally.Count) -> int:
    table(all_jobs)
    for job in all_jobs:
        for result in job.results:
            if deviation(job, result):
                why = "passes, but must fail on this kernel" if not result.status.bad else result.why
                print(f"{job.name}: {result.id}: {result.status.value}" + (f": {why}" if why else ""))
        for test in missing(job):
            print(f"{job.name}: {test}: must fail on this kernel, but gave no result")
    for line in corrections(all_jobs):
        print(line)
    if total.xfailed:
        print(f"{total.xfailed} expected failures (clauses not yet met; not counted as passed)")
    clause_table(all_jobs)
    return errors.worst([*(job.code for job in all_jobs), errors.FAILED if total.failed else errors.PASSED])
