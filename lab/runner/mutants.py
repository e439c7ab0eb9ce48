# SPDX-License-Identifier: GPL-2.0-only
"""make test MUTANTS=1: kernels with one small defect each, which the tests must find."""

from __future__ import annotations

import dataclasses
import fnmatch
import time
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, errors, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import kbuild, selftests, source
from lab.machine import boot, verdict
from lab.results.ktap import Result, Status
from lab.runner import suite

LIST = data.DATA / "mutants.toml"
SHOWN = 6  # tests in the line of a mutant that was found


@dataclass(frozen=True)
class Mutant:
    """A defect: [[mutant]]."""

    name: str  # of the defect
    file: str  # of the kernel, one that the series changes
    old: str  # what the defect is in the place of; it is in the file exactly once
    new: str  # the defect
    fail: dict[str, list[str]]  # per target, patterns of the tests that must find it
    runs: int = 0  # a race: how often these tests run, and nothing else; each has to fail once

    def apply(self, text: str) -> str:
        """The file with the defect. LabError if 'old' is not there exactly once."""
        if (found := text.count(self.old)) != 1:
            raise LabError(
                f"{LIST}: {self.name}: its 'old' is {found} times in {self.file}, not once: bring it up to date"
            )
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class File:
    """lab/data/mutants.toml."""

    mutant: list[Mutant]  # in the order of running


def load(path: Path = LIST) -> list[Mutant]:
    """The mutants of a list. LabError for unknown keys, names that are not unique, and mutants that nothing finds."""
    made = data.read(File, path).mutant
    names = [m.name for m in made]
    for one in made:
        if names.count(one.name) > 1:
            raise LabError(f"{path}: two mutants are called '{one.name}': give one of them another name")
        if not any(one.fail.values()):
            raise LabError(f"{path}: {one.name} names no test that must fail: write it, or remove the mutant")
        for target in one.fail:
            data.target(target)
    return made


def build(mutant: Mutant, target: data.Target) -> kbuild.Kernel:
    """The series' kernel with the defect, from the same tree: only one file is compiled, and the kernel linked."""
    base = data.base(suite.BASE)
    found = source.find(base)
    tree = source.prepare(base)
    files = dict(source.overlay(found, base))
    if mutant.file not in files:
        raise LabError(f"{LIST}: {mutant.name}: the series does not change {mutant.file}: name a file that it changes")
    text, mode = files[mutant.file]
    files[mutant.file] = (mutant.apply(text.decode()).encode(), mode)
    digest = cache.digest(mutant.file, mutant.old, mutant.new, tree.key)[:12]
    key = f"{tree.key}-{digest}" if tree.key else ""
    defective = source.Tree(tree.path, tree.kernel, f"-mutant-{digest}", key)
    name = f"mutant-{mutant.name}"
    return kbuild.build_tree(defective, target.build, name, lambda: source.sync(tree.path, found, files))


def judge(mutant: Mutant, target: data.Target, results: list[Result]) -> list[str]:
    """What is not as the list says, a line each: a test that misses the defect, or one that fails without a reason."""
    patterns = mutant.fail[target.name]
    bad = {r.id: r for r in results if r.status.bad}
    missed = [p for p in patterns if not fnmatch.filter(bad, p)]
    extra = [r for i, r in bad.items() if not any(fnmatch.fnmatchcase(i, p) for p in patterns)]
    return [f"{p} does not fail" for p in missed] + [
        " ".join((f"{r.id} fails, and is not in the list", *r.notes)) for r in extra
    ]


def programs(mutant: Mutant, target: data.Target) -> list[data.Test]:
    """What runs with the defect: all test programs of the target; for a race, the tests that find it, several times."""
    every = data.programs(target)
    if not mutant.runs:
        return every
    found = []
    for pattern in mutant.fail[target.name]:
        binary, _, case = pattern.partition(".")
        args = ["-t", case.rpartition(".")[2]] if "*" in case else ["-r", case]
        found += [dataclasses.replace(t, args=args) for t in every if t.id == binary] * mutant.runs
    return found


def shares(mutant: Mutant, target: data.Target, results: list[Result]) -> list[str]:
    """How often each test of a race has failed."""
    found = []
    for pattern in mutant.fail[target.name]:
        of = [r for r in results if fnmatch.fnmatchcase(r.id, pattern)]
        found.append(f"{pattern} in {sum(r.status.bad for r in of)} of {len(of)} runs")
    return found


def run(mutant: Mutant, target: data.Target) -> tuple[list[str], list[str]]:
    """Boot the kernel with the defect and run the test programs. The tests that fail, and what is not as the list
    says, a line each."""
    tests = programs(mutant, target)
    spec = suite.spec(target, build(mutant, target), tests, f"mutant-{target.name}", selftests.build(target.build))
    job = suite.Job(data.base(suite.BASE), target, tests, spec=spec)
    record = boot.run(spec)
    boot.echo_console(record)
    results = suite.collect(job, record, verdict.judge(spec, record))
    found = shares(mutant, target, results) if mutant.runs else [r.id for r in results if r.status.bad]
    return found, judge(mutant, target, results)


def main(options: Options) -> int:
    """Every mutant on the targets that it names, or on those of T=; TEST= names mutants by a pattern."""
    start = time.monotonic()
    if said := options.said("K", "SUITE", "CLIENT", "FLOW"):
        raise LabError(f"MUTANTS=1 runs the suite {data.SUITE} on K={suite.BASE} with defects: leave out {said}")
    wanted = {t.name for t in data.targets(options.target)}
    chosen = [m for m in load() if fnmatch.fnmatch(m.name, options.test or "*")]
    todo = [(m, data.target(name)) for m in chosen for name in m.fail if name in wanted]
    if not todo:
        raise LabError(f"no mutant of {LIST} is for that: known are {', '.join(m.name for m in load())}")
    total = suite.Count()
    for number, (mutant, target) in enumerate(todo, 1):
        ui.say(f"mutant {number} of {len(todo)}: {mutant.name} on {target.name}")
        found, wrong = run(mutant, target)
        total.failed += bool(wrong)
        total.passed += not wrong
        status = Status.FAIL if wrong else Status.PASS
        some = ", ".join(found[:SHOWN]) + (f" and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
        ui.status(status.value, f"{target.name}: {mutant.name}: {'; '.join(wrong) or 'found by ' + some}")
    ui.say(f"took {ui.took(time.monotonic() - start)}")
    print(total.line(), flush=True)
    return errors.FAILED if total.failed else errors.PASSED
