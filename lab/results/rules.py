# SPDX-License-Identifier: GPL-2.0-only
"""Which clause of the promise (A1 to W5) each case proves, read from the tests' own comments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lab.core import cache
from lab.core.errors import LabError
from lab.results.ktap import Result, Status

FOLDER = "tools/testing/selftests/kvm/powerpc"
ALL = [f"{part}{n}" for part, count in (("A", 10), ("B", 4), ("C", 4), ("D", 5), ("W", 5)) for n in range(1, count + 1)]
NONE = "none"  # the row of cases that say "No clause"

# A case of kselftest_harness.h, or the main() of a test that has none.
_CASE = re.compile(r"^(?:TEST_F\w*\(\s*(\w+)\s*,\s*(\w+)|TEST(?:_SIGNAL)?\(\s*(\w+)|int main\()", re.MULTILINE)
_COMMENT = re.compile(r"^/\*[\s*]*(?:(No clause)\b|([A-Z]\d+(?:, [A-Z]\d+)*)(?::|\s*\*/))", re.MULTILINE)


def read(text: str, name: str) -> dict[str, list[str] | None]:
    """Clauses of each case, by fixture.case ("" for the whole program); None: it names none."""
    found: dict[str, list[str] | None] = {}
    begin = 0
    cases = list(_CASE.finditer(text))
    if any(case[0] != "int main(" for case in cases):
        cases = [case for case in cases if case[0] != "int main("]
    for case in cases:
        said = list(_COMMENT.finditer(text, begin, case.start()))
        begin = case.end()
        key = "" if case[0] == "int main(" else f"{case[1] or 'global'}.{case[2] or case[3]}"
        clauses = None if not said else [NONE] if said[-1][1] else said[-1][2].split(", ")
        for unknown in set(clauses or []) - {*ALL, NONE}:
            raise LabError(f"{name}: {key} names the clause {unknown}; known: {ALL[0]} to {ALL[-1]}")
        found[key] = clauses
    return found


class Clauses:
    """The sources of the checkout; a program without one there (KVM's common tests) has no clauses."""

    def __init__(self, folder: Path = cache.ROOT / FOLDER) -> None:
        self.programs = {p.stem: read(p.read_text(), f"{FOLDER}/{p.name}") for p in sorted(folder.glob("*.c"))}

    def of(self, test: str) -> list[str]:
        """The clauses of program.fixture.variant.case, of program.fixture.case, or of all that program has."""
        program, *parts = test.split(".")
        cases = self.programs.get(program, {})
        if not parts or "" in cases:
            return [c for c in [*ALL, NONE] if any(c in (named or []) for named in cases.values())]
        return cases.get(f"{parts[0]}.{parts[-1]}") or [NONE]

    def problems(self, programs: Iterable[str]) -> list[str]:
        bad, proved = [], set()
        for program in programs:
            for case, named in self.programs.get(program, {}).items():
                proved |= set(named or [])
                if named is None:
                    bad.append(
                        f"{FOLDER}/{program}.c: {case or 'main()'} names no clause: "
                        "write /* A1, B1: ... */ (or /* No clause */) above it"
                    )
        return bad + [f"no case of the suite proves {clause}" for clause in ALL if clause not in proved]

    def rows(self, columns: list[list[Result]], fails: list[set[str]] | None) -> list[tuple[str, list[str]]]:
        """A row for each clause, a cell for each list of results; fails: what must fail, if some must."""
        return [
            (
                clause,
                [
                    cell([r for r in results if clause in self.of(r.id)], fails[i] if fails else None)
                    for i, results in enumerate(columns)
                ],
            )
            for clause in [*ALL, NONE]
        ]


def cell(results: list[Result], must_fail: set[str] | None) -> str:
    """One clause on one host, in a few words."""
    number = Counter(r.status for r in results)
    skipped = number[Status.SKIP]
    ran = len(results) - skipped - number[Status.XFAIL]
    bad = {r.id for r in results if r.status.bad}
    words = []
    if must_fail is None:
        words += [f"{ran - len(bad)} passed"] if ran > len(bad) else []
        words += [f"{len(bad)} FAILED"] if bad else []
    elif ran:
        wrong = sum(1 for r in results if r.status is not Status.SKIP and r.status.bad != (r.id in must_fail))
        said = f"fails {len(bad)} of {ran}" if bad else f"passes {ran} of {ran}"
        words += [said + ("" if wrong else " as it must")]
        words += [f"{wrong} NOT AS IT MUST"] if wrong else []
    words += [f"{number[Status.XFAIL]} not yet met"] if number[Status.XFAIL] else []
    words += [f"{skipped} skipped"] if skipped else []
    return ", ".join(words) or "-"
