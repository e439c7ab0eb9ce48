# SPDX-License-Identifier: GPL-2.0-only
"""Which rule of ppc-debug.rst (A1, A2, ...) each case tests, read from the comment above it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lab.core import cache
from lab.core.errors import LabError
from lab.results.ktap import Result, Status

FOLDER = "tools/testing/selftests/kvm/powerpc"
RULES = "Documentation/virt/kvm/ppc-debug.rst"
NONE = "none"  # the row of cases that no rule is concerned by
_RULE = re.compile(r"^``([A-Z]\d+)``$", re.MULTILINE)
ALL: list[str] = _RULE.findall((cache.ROOT / RULES).read_text())

# A case of kselftest_harness.h, or the main() of a test that has none.
_CASE = re.compile(r"^(?:TEST_F\w*\(\s*(\w+)\s*,\s*(\w+)|TEST(?:_SIGNAL)?\(\s*(\w+)|int main\()", re.MULTILINE)
_COMMENT = re.compile(r"^/\*.*?\*/", re.MULTILINE | re.DOTALL)
_LABELS = re.compile(r"\(([A-Z]\d+(?:,[\s*]+[A-Z]\d+)*)\)[\s*]*\*/$")
_LABEL = re.compile(r"[A-Z]\d+")


def read(text: str, name: str) -> dict[str, list[str] | None]:
    """Rules of each case, by fixture.case ("" for the whole program); None: it has no comment."""
    cases_rules: dict[str, list[str] | None] = {}
    begin = 0
    cases = list(_CASE.finditer(text))
    for case in [c for c in cases if c[0] != "int main("] or cases:
        said = [c[0] for c in _COMMENT.finditer(text, begin, case.start())]
        labels = [found[1] for comment in said if (found := _LABELS.search(comment))]
        begin = case.end()
        key = "" if case[0] == "int main(" else f"{case[1] or 'global'}.{case[2] or case[3]}"
        rules = _LABEL.findall(labels[-1]) if labels else [NONE] if said else None
        for unknown in set(rules or []) - {*ALL, NONE}:
            raise LabError(f"{name}: {key} names the rule {unknown}, which {RULES} does not have")
        cases_rules[key] = rules
    return cases_rules


class Rules:
    """The sources of the checkout; a program without one there (KVM's common tests) has no rules."""

    def __init__(self, folder: Path = cache.ROOT / FOLDER) -> None:
        self.programs = {p.stem: read(p.read_text(), f"{FOLDER}/{p.name}") for p in sorted(folder.glob("*.c"))}

    def of(self, test: str) -> list[str]:
        """The rules of program.fixture.variant.case, of program.fixture.case, or of all that program has."""
        program, *parts = test.split(".")
        cases = self.programs.get(program, {})
        if not parts or "" in cases:
            return [c for c in [*ALL, NONE] if any(c in (named or []) for named in cases.values())]
        return cases.get(f"{parts[0]}.{parts[-1]}") or [NONE]

    def problems(self, programs: Iterable[str]) -> list[str]:
        """Tests of these programs that name no rule or an unknown one, and rules that none names."""
        bad, used = [], set()
        for program in programs:
            for case, named in self.programs.get(program, {}).items():
                used |= set(named or [])
                if named is None:
                    bad.append(
                        f"{FOLDER}/{program}.c: {case or 'main()'} has no comment: "
                        "write /* What it tests, in a sentence. (A1, B1) */ above it, with the rules if there are some"
                    )
        return bad + [
            f"no test case names the rule {rule}: write one, or remove the rule from {RULES}"
            for rule in ALL
            if rule not in used
        ]

    def rows(self, columns: list[tuple[list[Result], set[str] | None]]) -> list[tuple[str, list[str]]]:
        """A row for each rule, a cell for each list of results; beside it what must fail, if some must."""
        return [
            (name, [cell([r for r in results if name in self.of(r.id)], must_fail) for results, must_fail in columns])
            for name in [*ALL, NONE]
        ]


def cell(results: list[Result], must_fail: set[str] | None) -> str:
    """One rule on one host, in a few words."""
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
