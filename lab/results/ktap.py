# SPDX-License-Identifier: GPL-2.0-only
"""A strict reader of what kselftests print."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from enum import Enum

from lab.core import errors
from lab.machine.protocol import Outcome


class Status(Enum):
    """How a test ended; the values are what people see."""

    PASS = "PASSED"
    FAIL = "FAILED"
    SKIP = "SKIPPED"
    XFAIL = "XFAIL"
    CRASH = "CRASHED"
    TIMEOUT = "TIMEOUT"

    @property
    def bad(self) -> bool:
        """Does it fail a run?"""
        return self in (Status.FAIL, Status.CRASH, Status.TIMEOUT)


@dataclass(frozen=True)
class Result:
    """One test's end."""

    id: str
    status: Status
    why: str = ""
    notes: tuple[str, ...] = ()  # what the program said about it


def broken(name: str, code: int, why: str) -> Result:
    """The result of what did not come to its end, by the exit status (lab/core/errors.py) that says how."""
    status = {errors.CRASHED: Status.CRASH, errors.TIMEOUT: Status.TIMEOUT}.get(code, Status.FAIL)
    return Result(name, status, why)


def all_skipped(results: list[Result]) -> list[Result]:
    """A failure for a run in which every test was skipped; else nothing."""
    if results and all(r.status is Status.SKIP for r in results):
        return [Result("(all)", Status.FAIL, "every test was skipped: nothing was tested")]
    return []


KSFT_SKIP = 4
_LINE = re.compile(r"(not )?ok (\d+)\s*(?:- )?(.*)")
_DIRECTIVE = re.compile(r"#\s*(SKIP|XFAIL|XPASS|TODO|error)\b[ :]*(.*)")
_NOISE = re.compile(r"TAP version|#\s+(RUN|OK|FAIL|Starting|Totals:)\b")
# A subtest's result: indented, or behind the "# " that run_kselftest.sh puts before a program's lines.
_NESTED = re.compile(r"(?:# |  )[#\s]*(?=(?:not )?ok \d)")
_BAIL = re.compile(r"[#\s]*Bail out!\s*(.*)")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*SKIP\b\s*(.*))?\s*")


def _result(binary: str, match: re.Match[str]) -> Result:
    bad, number, rest = match[1] is not None, match[2], match[3]
    directive = _DIRECTIVE.search(rest)
    name = (rest[: directive.start()] if directive else rest.split(" # ")[0]).strip()
    why = directive[2].strip() if directive else ""
    if directive and not name:
        # ksft_test_result_skip() and its like print the directive before the name.
        name, _, why = why.partition(" # ")
    test = f"{binary}.{re.sub(r'[^A-Za-z0-9_.+-]+', '_', name).strip('_') or number}"
    word = directive[1] if directive else ""
    if word == "SKIP" and not bad:
        return Result(test, Status.SKIP, why)
    if word in ("XFAIL", "TODO"):
        return Result(test, Status.XFAIL, why)
    if word == "XPASS":
        return Result(test, Status.FAIL, "passes, though it is marked as an expected failure: take the mark away")
    return Result(test, Status.FAIL if bad else Status.PASS, why)


def parse(outcome: Outcome) -> list[Result]:
    """One program's results. What is missing or contradicts itself is a crash or a failure.

    Accepted format: a plan, "1..N" or "1..0 # SKIP why", before or after N lines
    "[not ]ok NUMBER[ - NAME][ # DIRECTIVE why]", numbered from 1, of different names. Other lines are notes
    on the next result. A result has the id PROGRAM.NAME, that of the program as a whole PROGRAM.
    Subtests are no results of their own; one that fails makes the result fail that follows it.
    """
    binary = outcome.name
    planned: int | None = None
    plan_skip: str | None = None
    results: list[Result] = []
    numbers: list[int] = []
    notes: list[str] = []
    inside: list[str] = []  # lines of subtests that failed, of the next result
    bail: str | None = None
    for line in re.split(r"\r*\n", outcome.output.decode(errors="replace")):
        if match := _PLAN.fullmatch(line):
            if planned is not None:
                return [*results, Result(binary, Status.CRASH, "prints two plans")]
            planned, plan_skip = int(match[1]), match[2]
        elif match := _LINE.fullmatch(line):
            found = _contradicted(_result(binary, match), inside)
            results.append(dataclasses.replace(found, notes=tuple(notes)) if found.status.bad else found)
            numbers.append(int(match[2]))
            notes, inside = [], []
        elif match := _BAIL.fullmatch(line):
            bail = match[1].strip() or "no reason given"
        elif line.strip("# ") and not _NOISE.match(line):
            notes.append(line)
            if (at := _NESTED.match(line)) and (match := _LINE.fullmatch(line[at.end() :])):
                inside += [match[0]] if _result(binary, match).status.bad else []
    end = _end(outcome, planned, plan_skip, results, numbers, bail)
    if end is None and inside:
        end = _contradicted(Result(binary, Status.PASS), inside)
    return [*results, end] if end else results


def _contradicted(result: Result, inside: list[str]) -> Result:
    """A failed subtest under a result that says 'ok' is a failure."""
    if not inside or result.status not in (Status.PASS, Status.SKIP):
        return result
    return dataclasses.replace(result, status=Status.FAIL, why=f"says ok, but has a subtest that says '{inside[0]}'")


def by_status(outcome: Outcome) -> list[Result]:
    """The one result of a program that prints no KTAP: its exit status says it all."""
    name, why = outcome.name, _last_comment(outcome)
    if ended := _no_exit(outcome, why):
        return [ended]
    if outcome.value == 0:
        return [Result(name, Status.PASS)]
    if outcome.value == KSFT_SKIP:
        return [Result(name, Status.SKIP, re.sub(r"^1\.\.0 # SKIP\W*", "", why))]
    said = tuple(outcome.output.decode(errors="replace").splitlines()[-8:])
    return [Result(name, Status.FAIL, f"exit status {outcome.value}; {why}", said)]


def _no_exit(outcome: Outcome, more: str) -> Result | None:
    """A result for a program that did not end by itself."""
    if outcome.how == "exit":
        return None
    status = Status.TIMEOUT if outcome.how == "timeout" else Status.CRASH
    how = {"timeout": f"no end after {outcome.value} s", "signal": f"killed by signal {outcome.value}"}
    return Result(outcome.name, status, f"{how.get(outcome.how, 'cut short')}; {more}")


def _end(
    outcome: Outcome,
    planned: int | None,
    plan_skip: str | None,
    results: list[Result],
    numbers: list[int],
    bail: str | None,
) -> Result | None:
    """A result for the program as a whole, if it did not end as its lines say."""
    name, cases = outcome.name, len(results)
    if ended := _no_exit(outcome, f"{cases} results"):
        return ended
    if bail is not None:
        return Result(name, Status.CRASH, f"bails out after {cases} results: {bail}")
    if (outcome.value == KSFT_SKIP and not cases) or (planned == 0 and plan_skip is not None):
        return Result(name, Status.SKIP, plan_skip or _last_comment(outcome))
    if planned is None:
        return Result(name, Status.CRASH, f"exit status {outcome.value} and no plan; {_last_comment(outcome)}")
    if cases != planned or numbers != list(range(1, cases + 1)):
        return Result(name, Status.CRASH, f"{cases} of {planned} results (exit status {outcome.value})")
    if planned == 0:
        return Result(name, Status.CRASH, "plans no test")
    if len({r.id for r in results}) != cases:
        return Result(name, Status.CRASH, "two results have the same name")
    if outcome.value not in (0, KSFT_SKIP) and not any(r.status.bad for r in results):
        return Result(name, Status.FAIL, f"exit status {outcome.value}, though no result failed")
    return None


def _last_comment(outcome: Outcome) -> str:
    said = [x.lstrip("# ").strip() for x in outcome.output.decode(errors="replace").splitlines() if x.strip()]
    return said[-1] if said else "no output"
