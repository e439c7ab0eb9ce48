# SPDX-License-Identifier: GPL-2.0-only
"""make test: what the results mean, and the tables that say it."""

from __future__ import annotations

import dataclasses
import fnmatch
import sys
from dataclasses import dataclass, field

from lab.config import data
from lab.core import cache, errors, ui
from lab.gdb import unhelped
from lab.machine import boot
from lab.results import rules, tally
from lab.results.ktap import Result, Status


@dataclass
class Job:
    """One base on one target."""

    base: data.Base
    target: data.Target
    tests: list[data.Test]
    expected: data.Expected | None = None  # of a kernel or QEMU without a fix; None: nothing may fail
    pattern: str = ""  # TEST=
    spec: boot.Spec | None = None
    code: int = errors.PASSED
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    first: float | None = None

    @property
    def name(self) -> str:
        """Kernel and host."""
        return f"{self.base.name} {self.target.name}"

    @property
    def sessions(self) -> bool:
        """True for tests that boot a QEMU with a guest in the host; False for programs that run in the host."""
        return any(test.guest for test in self.tests)


def program_of(test: str) -> str:
    """The program that a test is a case of."""
    return test.partition(".")[0]


def must_fail(job: Job) -> set[str] | None:
    """The tests of a job that must fail, of those that ran; None: nothing may fail."""
    return {r.id for r in job.results if job.expected.must_fail(r.id)} if job.expected else None


def deviation(job: Job, result: Result) -> bool:
    """Is this result other than it must be?"""
    if job.expected is None or result.id.startswith("("):
        return result.status.bad
    if result.status in (Status.SKIP, Status.XFAIL) or data.matched(job.expected.flakes, result.id):
        return False
    return result.status.bad != job.expected.must_fail(result.id)


def missing(job: Job, all_jobs: list[Job]) -> list[str]:
    """Tests that gave no result on an unpatched kernel: that must pass, or that a patched one of this run has.

    Of a program that failed as a whole, the cases behind that are not missed.
    """
    if job.expected is None:
        return []
    have = {r.id for r in job.results}
    programs = {t.id for t in job.tests}
    found = set()
    if not job.pattern:
        wanted = [k.test for k in job.expected.passes if program_of(k.test) in programs]
        found = {w for w in wanted if not fnmatch.filter(have, w)}
    for twin in all_jobs:
        if twin.expected is None and twin.target == job.target:
            found |= {r.id for r in twin.results if program_of(r.id) in programs} - have
    dead = {r.id for r in job.results if r.status.bad and "." not in r.id}
    return sorted(i for i in found if program_of(i) not in dead and not data.matched(job.expected.flakes, i))


def tell(job: Job, result: Result) -> None:
    """Say a result, and its notes if it is not as it must be."""
    note = f": {result.why}" if result.why else ""
    if job.expected is not None and result.status.bad and not deviation(job, result):
        note += " (as it must here)"
    ui.status(result.status.value, f"{job.name}: {result.id}{note}")
    if deviation(job, result):
        for line in result.notes[:8]:
            ui.say(f"  {line}")


def count(all_jobs: list[Job], total: tally.Count) -> None:
    """Add all results to a total; a result that is not as it must be is a failure."""
    for job in all_jobs:
        for result in job.results:
            if deviation(job, result):
                total.failed += 1
            elif result.status is Status.SKIP:
                total.skipped += 1
            elif result.status is Status.XFAIL or (result.status.bad and job.expected and job.expected.fails):
                total.xfailed += 1
            else:
                total.passed += 1
        total.failed += len(missing(job, all_jobs))


def columns_of(all_jobs: list[Job], base: str) -> list[Job]:
    """One for each target: its programs and its guests of QEMU are two jobs."""
    found: dict[str, Job] = {}
    for job in all_jobs:
        if job.base.name != base:
            continue
        one = found.setdefault(job.target.name, dataclasses.replace(job, results=[], seconds=0.0))
        one.results = one.results + job.results
        one.seconds += job.seconds
    return list(found.values())


def table(all_jobs: list[Job]) -> None:
    """Tests by target; the word says what happened, '!' that it should not have."""
    tests = list(dict.fromkeys(r.id for job in all_jobs for r in job.results))
    last = "first result, whole run (s)"
    width = max(map(len, [*tests, last]))
    print()
    for base in dict.fromkeys(job.base.name for job in all_jobs):
        columns = columns_of(all_jobs, base)
        names, ends = [job.target.name for job in columns], [f"{j.first or 0:.1f}, {j.seconds:.1f}" for j in columns]
        widths = [max(11, *map(len, both)) for both in zip(names, ends, strict=True)]
        print(f"{base:{width}}  " + "  ".join(map(str.ljust, names, widths)))
        for test in tests:
            cells = []
            for job, column in zip(columns, widths, strict=True):
                found = next((r for r in job.results if r.id == test), None)
                word = "-" if found is None else found.status.value + ("!" if deviation(job, found) else "")
                cells.append(ui.paint(f"{word:{column}}", word.rstrip("!"), sys.stdout))
            if any(c.strip() != "-" for c in cells):
                print(f"{test:{width}}  " + "  ".join(cells))
        print(f"{last:{width}}  " + "  ".join(map(str.ljust, ends, widths)) + "\n")


def rule_table(all_jobs: list[Job]) -> None:
    """What the tests of each rule say; nothing if no test of the run is for one."""
    known = rules.Rules()
    if all(known.of(r.id) == [rules.NONE] for job in all_jobs for r in job.results):
        return
    for base in dict.fromkeys(job.base.name for job in all_jobs):
        columns = columns_of(all_jobs, base)
        rows = known.rows([(job.results, must_fail(job)) for job in columns])
        rows.insert(0, (f"{base}: rule", [job.target.name for job in columns]))
        widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(columns))]
        print()
        for name, cells in rows:
            print(f"{name:{len(rows[0][0])}}  " + "  ".join(map(str.ljust, cells, widths)).rstrip())


def corrections(all_jobs: list[Job]) -> list[str]:
    """What to do for these results to be the expected ones."""
    wrong = {job.base.name: job.expected for job in all_jobs if job.expected is not None and any(
        deviation(job, r) for r in job.results if not r.id.startswith("(")
    )}  # fmt: skip
    return [f"if that is as it should be: {_correction(base, expected)}" for base, expected in wrong.items()]


def _correction(base: str, expected: data.Expected) -> str:
    if not expected.fails:
        return f"make expect K={base}"
    if data.expected(base):
        return f"edit lab/data/expect/{base}.toml"
    return f"edit {unhelped.LIST.relative_to(cache.ROOT)}, and run 'make docs'"


def report(all_jobs: list[Job], total: tally.Count) -> int:
    """Print the table and all deviations; an exit status."""
    table(all_jobs)
    for job in all_jobs:
        for result in job.results:
            if deviation(job, result):
                why = result.why if result.status.bad else "passes, but must fail here"
                print(f"{job.name}: {result.id}: {result.status.value}" + (f": {why}" if why else ""))
        for test in missing(job, all_jobs):
            print(f"{job.name}: {test}: gave no result here")
    for line in corrections(all_jobs):
        print(line)
    if total.xfailed:
        print(f"{total.xfailed} expected failures (not counted as passed)")
    rule_table(all_jobs)
    return errors.worst([*(job.code for job in all_jobs), errors.FAILED if total.failed else errors.PASSED])
