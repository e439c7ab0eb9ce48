# SPDX-License-Identifier: GPL-2.0-only
"""series.toml: order, dependencies, and what follows a new commit."""

from __future__ import annotations

from lab.config import commands
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import division
from lab.tests.series import support


class Division(support.Folder):
    def rows(self) -> list[division.Series]:
        return division.parse(self.folder / division.FILE)

    def bad(self, old: str, new: str, why: str) -> None:
        self.change(old, new)
        with self.assertRaisesRegex(LabError, why):
            self.rows()

    def test_needed(self) -> None:
        names = [s.name for s in division.choose(self.rows(), "03-three", "")]
        self.assertEqual(names, ["02-two", "03-three"])
        self.assertEqual([s.name for s in division.choose(self.rows(), "", "stable")], ["01-one"])
        self.assertEqual([s.name for s in division.choose(self.rows(), "", "safety")], ["01-one"])
        self.assertEqual(len(division.choose(self.rows(), "", "")), 3)

    def test_unknown(self) -> None:
        with self.assertRaisesRegex(LabError, "unknown SERIES=four; known: 01-one"):
            division.choose(self.rows(), "four", "")
        with self.assertRaisesRegex(LabError, "unknown PART=x; known: stable, safety"):
            commands.check_values(Options(part="x"))
        with self.assertRaisesRegex(LabError, "not both"):
            division.choose(self.rows(), "01-one", "stable")

    def test_order(self) -> None:
        self.bad('"02-two"\ntitle', '"00-two"\ntitle', "00-two stands behind 01-one")

    def test_after_what_comes_later(self) -> None:
        self.bad('cc = ["C <c@example.org>"]', 'after = ["03-three"]', "after = '03-three' is no series before it")

    def test_after_a_doubtful_one(self) -> None:
        self.change('cc = ["C <c@example.org>"]', "doubtful = true")
        self.change('after = ["02-two"]\n', "")
        self.bad('tree = "other/tree"\n', 'tree = "other/tree"\nafter = ["02-two"]\n', "nothing may wait for that")

    def test_twice(self) -> None:
        self.bad("Three: Fourth", "One: First", "is in 01-one and in 03-three")

    def test_unknown_key(self) -> None:
        self.bad("safety =", "save =", "unknown key 'series.0..save'")

    def test_safety_of_another_patch(self) -> None:
        self.bad('["One: First"]', '["Two: Third"]', "01-one: safety = 'Two: Third' is none of its patches")

    def test_safety_outside_of_stable(self) -> None:
        self.change("stable = true\n", "")
        self.assertEqual(division.choose(self.rows(), "", "safety"), [])

    def test_follow(self) -> None:
        """A new commit belongs to the series of the commit before it; a renamed one stays where it is."""

        def lists(*subjects: str) -> list[list[str]]:
            return list(division.follow(self.rows(), list(subjects)).values())

        one, two, three, four = division.of_subject(self.rows())
        self.assertEqual(lists(one, two, "New", three, four, "Last"), [[one, two, "New"], [three], [four, "Last"]])
        self.assertEqual(lists(one, two, "Renamed", four), [[one, two], ["Renamed"], [four]])
        self.assertEqual(lists("All", "of", "them", "renamed"), [["All", "of"], ["them"], ["renamed"]])
        self.assertEqual(lists(one, "Split", "up", three), [[one, "Split", "up"], [three], []])
        self.assertEqual(lists(one, four), [[one], [], [four]])
        with self.assertRaisesRegex(LabError, f"'{one}' is of 01-one, but stands behind a patch of 02-two"):
            lists(three, one)
        with self.assertRaisesRegex(LabError, "'Renamed' can be of 01-one or of 02-two"):
            lists(one, "Renamed", four)

    def test_rewrite(self) -> None:
        lists = {s.name: s.patches for s in self.rows()}
        self.assertEqual(division.rewrite(support.DIVISION, lists), support.DIVISION)
        lists["01-one"] = ["One: Renamed", lists["01-one"][1]]
        lists["02-two"] = ['A "b" \\c']
        (self.folder / division.FILE).write_text(division.rewrite(support.DIVISION, lists))
        self.assertEqual(self.rows()[1].patches, ['A "b" \\c'])
        self.assertEqual(self.rows()[0].patches, ["One: Renamed", 'One: "Second"'])
        self.assertEqual(self.rows()[0].safety, ["One: Renamed"])
