# SPDX-License-Identifier: GPL-2.0-only
"""make fuzz: the random selftests for as long as SECONDS= says, with a seed that is recorded."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from lab.config import data
from lab.core import ui
from lab.core.errors import FAILED, PASSED, LabError
from lab.core.options import Options
from lab.kernel import kbuild, selftests
from lab.machine import protocol, verdict
from lab.results import records, tally
from lab.runner import report, suite

SECONDS = 600
SLACK = 5  # a program may take this many times SECONDS


@dataclass(frozen=True)
class Program:
    """A selftest that goes on for as long as it is told to: [[program]]."""

    binary: str  # of the series' own suite
    args: list[str]  # {seconds} is SECONDS=, {seed} is SEED=, {programs} is what takes about as long


@dataclass(frozen=True)
class File:
    """lab/data/fuzz.toml."""

    program: list[Program]  # in the order of running
    programs_a_second: int  # random programs that take a second


def file() -> File:
    """lab/data/fuzz.toml."""
    return data.read(File, data.DATA / "fuzz.toml")


def seed(given: str) -> int:
    """The number that SEED= gives, or a random one of 32 bits. LabError if it is no number."""
    said = given or f"{secrets.randbits(32):#x}"
    try:
        return int(said, 0)
    except ValueError:
        raise LabError(f"SEED={said}: give a number, such as 0x1234") from None


def tests(target: data.Target, seconds: int, number: int, wanted: str = "") -> list[data.Test]:
    """The programs that run on this target, with their arguments."""
    known = file()
    words = {"seconds": seconds, "seed": f"{number:#x}", "programs": seconds * known.programs_a_second}
    fit = {t.binary for t in data.programs(target)}
    made = [
        data.Test(p.binary, seconds * SLACK + 120, args=[a.format(**words) for a in p.args])
        for p in known.program
        if p.binary in fit and wanted in ("", p.binary)
    ]
    if not made:
        names = ", ".join(p.binary for p in known.program if p.binary in fit) or "none"
        raise LabError(f"no random test for T={target.name} TEST={wanted}; known: {names}")
    return made


def said(outcome: protocol.Outcome) -> list[str]:
    """The program's own words about what it did: its seed and its numbers."""
    lines = outcome.output.decode(errors="replace").splitlines()
    return [x.removeprefix("# ").strip() for x in lines if re.match(r"# .*\d", x) and "Totals:" not in x][:6]


def main(options: Options) -> int:
    """make fuzz: each fuzzing program for SECONDS= in a host of its own, and a record. FAILED if one fails."""
    base, target = data.chosen(options)
    seconds, number = options.seconds or SECONDS, seed(options.seed)
    chosen = tests(target, seconds, number, options.test)
    built, programs = kbuild.build(base, target.build), selftests.build(target.build)
    total, code = tally.Count(), PASSED
    for test in chosen:  # each in a host of its own: one that falls over does not take the others along
        spec = suite.spec(target, built, [test], f"fuzz-{base.name}-{target.name}-{test.id}", programs)
        record, found = verdict.run(spec, f": {test.id} {' '.join(test.args)}")
        job = report.Job(base, target, [test])
        job.results = suite.collect(job, record, found)
        code = code or found.code
        notes = [line for o in record.channel.outcomes for line in said(o)]
        for line in notes:
            ui.say(f"  {line}")
        for result in job.results:
            report.tell(job, result)
        report.count([job], total)
        said_seed = {"said": notes, "seed": hex(number)}
        left = records.of_results("fuzz", base, target, test.id, job.results, record.seconds, **said_seed)
        records.leave(left, base, target)
    print(total.line(), flush=True)
    return code or (FAILED if total.failed else PASSED)
