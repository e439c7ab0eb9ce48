# SPDX-License-Identifier: GPL-2.0-only
"""make test: build, boot, judge, and say it in a table."""

from __future__ import annotations

import dataclasses
import fnmatch
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from lab.config import data
from lab.core import errors, proc, ui
from lab.core import options as options_
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import apt, install
from lab.gdb import session, stubtest, unhelped
from lab.guest import bringup, guest, nested_qemu
from lab.kernel import kbuild, selftests
from lab.lockstep import lockstep, replay
from lab.machine import boot, protocol, verdict
from lab.results import ktap, records
from lab.results.ktap import Result, Status
from lab.results.tally import Count, Judged
from lab.runner.report import Job, columns_of, count, report, tell

QEMUS = 2  # at a time
BASE, STOCK = "mainline", "stock-mainline"
LONGER = (
    *("make check-upstream", "make check-debian", "make kselftest", "make bench", "make lockstep"),
    *("make test SUITE=gdb", "SUITE=kvm-common", "K=6.12", "K=6.1", "T='*-debug'", "T='*-lockdep'"),
)


def jobs(options: Options) -> list[Job]:
    """What K=, T=, SUITE= and TEST= choose. LabError if that is nothing."""
    suite = data.suite(options.suite or data.SUITE)
    pattern, only_base, named = options.test, options.kernel, options.target
    targets = data.targets(named)
    also = [] if named else sorted({n for t in suite for n in t.also} - {t.name for t in targets})
    bases = [data.base(b) for b in ([only_base] if only_base else [BASE, STOCK])]
    wanted = [t for t in suite if fnmatch.fnmatch(t.id, pattern.partition(".")[0] or "*")]
    if not wanted:
        raise LabError(f"TEST={pattern} names no test; known: {', '.join(sorted(t.id for t in suite))}")
    made = []
    for base in bases:
        recorded = data.expected(base.name)
        for target in [*targets, *map(data.target, also)]:
            fit = [t for t in wanted if t.fits(target) and (target.name not in also or target.name in t.also)]
            tests = [t for t in fit if only_base or not t.bases or base.name in t.bases]
            # Stock runs where it is recorded what it must fail there, unless it is asked for.
            if not only_base and recorded is not None and target.name not in recorded:
                continue
            for some in ([t for t in tests if not t.guest], [t for t in tests if t.guest]):
                if not some:
                    continue
                job = Job(base, target, some, pattern=pattern)
                job.expected = (recorded or {}).get(target.name)
                if job.sessions and base.series and session.unhelped():
                    job.expected = unhelped.expected()
                made.append(job)
    if not made:
        known = sorted({n for t in suite for n in t.targets})
        said = options.said("SUITE", "K", "T", "TEST")
        raise LabError(f"no test is for {said}: take another T=" + (f" ({', '.join(known)})" if known else ""))
    return made


def matches(test: str, pattern: str, tests: list[data.Test]) -> bool:
    """Is this result of a program of the job, and one that TEST= names?"""
    if test.partition(".")[0] not in {t.id for t in tests}:
        return False
    return not pattern or "." not in test or fnmatch.fnmatch(test, pattern if "." in pattern else f"{pattern}.*")


def spec(target: data.Target, built: kbuild.Kernel, tests: list[data.Test], log: str, programs: Path) -> boot.Spec:
    """A boot of a kernel with test programs of a folder, each with its time limit in seconds."""
    files = selftests.programs(programs, tests, target.build)
    patience = target.boot.patience
    commands = [protocol.Command(t.id, [f"/bin/{t.binary}", *t.args], t.limit * patience) for t in tests]
    return boot.Spec(target, built, commands, files, log=log)


def client_missing(target: data.Target) -> str:
    """Why no QEMU can run in the target; else it is there."""
    if not nested_qemu.available(target):
        return f"needs CLIENT={nested_qemu.PATCHED}"
    try:
        nested_qemu.root(target)
    except apt.Torn as why:
        return str(why)
    return ""


def prepare(job: Job) -> None:
    """Install and build what a job needs, so that jobs can run side by side; or skip its tests."""
    if job.sessions:
        install.ensure([*kbuild.needs(job.target.build), *data.packages()["demo"]])
        if why := "" if all(test.binary == "replay" for test in job.tests) else client_missing(job.target):
            job.results = [Result(test.id, Status.SKIP, why) for test in job.tests]
            return
    built = kbuild.build(job.base, job.target.build)
    if job.sessions:
        for name in dict.fromkeys(test.guest for test in job.tests):
            guest.files(guest.find(name))
        return
    programs = selftests.build(job.target.build)
    job.spec = spec(job.target, built, job.tests, f"test-{job.base.name}-{job.target.name}", programs)


# Who judges a test with a guest, by its 'binary'; a script of lab/gdb/scripts if it is none of these.
JUDGES: dict[str, Callable[[data.Base, data.Target, data.Test], Judged]] = {
    "guestboot": bringup.judge,
    "lockstep": lockstep.judge,
    "replay": replay.judge,
    "gdbstub": stubtest.judge,
}


def without_gdb(result: Result) -> Result:
    """A session's result without what gdb says by itself: that is in the log."""
    return dataclasses.replace(result, notes=tuple(x for x in result.notes if x.startswith("#")))


def judge(job: Job, test: data.Test) -> Judged:
    """What became of a test with a guest. LabError if the set-up is wrong, which ends the whole run."""
    try:
        return JUDGES.get(test.binary, session.judge)(job.base, job.target, test)
    except LabError as why:
        if why.code == errors.SETUP:
            raise
        # That a test failed is its result, which an unpatched kernel may have to have.
        code = errors.PASSED if why.code == errors.FAILED else why.code
        return Judged([ktap.broken(test.id, why.code, str(why))], code=code)


def execute_sessions(job: Job) -> None:
    """Each has a host of its own."""
    for result in job.results:  # skipped
        tell(job, result)
    for test in [] if job.results else job.tests:
        how = f"{test.steps} steps, compared with TCG's" if test.steps else "in QEMU, without gdb"
        what = f"{test.guest} {how}" if test.binary in JUDGES else f"a session of gdb with {test.guest}"
        ui.say(f"{job.name}: {test.id}, {what}")
        judged = judge(job, test)
        job.seconds += judged.seconds
        job.first = job.first or judged.first
        job.code = errors.worst((job.code, judged.code))
        for result in judged.results:
            if result.id.startswith("(") or matches(result.id, job.pattern, job.tests):
                kept = result if test.binary in JUDGES else without_gdb(result)
                job.results.append(kept)
                if not result.id.startswith("("):
                    tell(job, kept)


def execute(job: Job) -> None:
    """Run a job's programs or sessions, and leave the results in it."""
    if job.sessions:
        execute_sessions(job)
        return
    assert job.spec is not None
    record, found = verdict.run(job.spec, f": {len(job.tests)} programs", name=job.name)
    job.code, job.seconds, job.first = found.code, record.seconds, record.first_result
    job.results = collect(job, record, found)
    for result in job.results:
        tell(job, result)
    if options_.everywhere.verbose:
        for outcome in record.channel.outcomes:
            sys.stderr.write(outcome.output.decode(errors="replace"))


def collect(job: Job, record: boot.Record, found: verdict.Verdict) -> list[Result]:
    """The results of a boot's programs that count; more for programs that did not run, and for a broken kernel."""
    readers = {t.id: ktap.parse if t.ktap else ktap.by_status for t in job.tests}
    results = [r for o in record.channel.outcomes for r in readers[o.name](o) if matches(r.id, job.pattern, job.tests)]
    ran = {o.name for o in record.channel.outcomes}
    results += [Result(t.id, Status.CRASH, "not run") for t in job.tests if t.id not in ran]
    if found.code:
        results.append(ktap.broken("(kernel)", found.code, found.text))
    results += ktap.all_skipped(results)
    flakes = job.expected.flakes if job.expected else []
    return [r for r in results if not data.matched(flakes, r.id)]


def leave_records(all_jobs: list[Job], options: Options) -> None:
    """One for each base and target; a part of a suite, which TEST= names, leaves none."""
    if options.test:
        return
    how = [x for x in (options.client, options.flow) if x]  # sessions of another kind leave a record of their own
    suite = "-".join([options.suite or data.SUITE, *how])
    for base in dict.fromkeys(job.base.name for job in all_jobs):
        for job in columns_of(all_jobs, base):
            sessions = any(j.sessions for j in all_jobs if j.name == job.name)
            record = records.of_results("test", job.base, job.target, suite, job.results, job.seconds)
            records.leave(record, job.base, job.target, sessions)


def run_jobs(todo: list[Job]) -> None:
    """Build what the jobs need, one after the other, and boot them, some at a time."""
    for number, job in enumerate(todo, 1):
        prepare(job)
        ui.say(f"{number} of {len(todo)} runs prepared ({job.name}), {ui.so_far()}")
    # Failing often means waiting for a time limit: the longest first, beside the others.
    order = sorted(todo, key=lambda job: job.expected is None)
    with ThreadPoolExecutor(QEMUS) as pool:
        try:
            running = {pool.submit(execute, job): job for job in order}
            for number, future in enumerate(as_completed(running), 1):
                future.result()
                ui.say(f"{number} of {len(todo)} runs done ({running[future].name}), {ui.so_far()}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            proc.kill_all()
            raise


def run(options: Options, first: Callable[[list[Job], Count], None] | None = None) -> int:
    """Prepare, boot and judge what the options choose; 'first' comes before that and counts with it."""
    start = time.monotonic()
    todo = jobs(options)
    total = Count()
    if first:
        first(todo, total)
    run_jobs(todo)
    count(todo, total)
    code = report(todo, total)
    if not (total.passed or total.failed):
        raise LabError("every test was skipped: nothing was tested; the reasons are above")
    leave_records(todo, options)
    if first:
        ui.say(f"not in this run, as they take longer: {', '.join(LONGER)}")
    ui.say(f"took {ui.took(time.monotonic() - start)}")
    print(total.line(), flush=True)
    return code
