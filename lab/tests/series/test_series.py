# SPDX-License-Identifier: GPL-2.0-only
"""The division into series, their mails and cover letters, and who signs them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab import __main__ as front
from lab.checks import checkout
from lab.config import data
from lab.core.errors import LabError
from lab.kernel import division, patchmail, patchset, source
from lab.series import cover, export, repository, send, worktree

AUTHOR = {
    "GIT_AUTHOR_NAME": "Project maintainers",
    "GIT_AUTHOR_EMAIL": "m@users.noreply.example",
    "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
}
SIGNED = "Signed-off-by: Project maintainers <m@users.noreply.example>"
DIVISION = """# head
[[series]]
name = "01-one"
title = "One: Start"
tree = "some/tree"
stable = true
patches = [
\t"One: First",
\t"One: \\"Second\\"",
]

[[series]]
name = "02-two"
title = "Two"
tree = "some/tree"
cc = ["C <c@example.org>"]
safety = true
patches = [
\t"Two: Third",
]

[[series]]
name = "03-three"
title = "Three"
tree = "other/tree"
after = ["02-two"]
patches = [
\t"Three: Fourth",
]
"""
LINES = [f"{n}\n" for n in range(40)]


def text(*numbers: int) -> str:
    return "".join(f"new {n}\n" if n in numbers else line for n, line in enumerate(LINES))


class Folder(unittest.TestCase):
    """A tree with one file, and four patches in three series; the last is after the third, not after the others."""

    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        clean = {k: v for k, v in os.environ.items() if k not in front.VARIABLES}
        self.enterContext(mock.patch.dict(os.environ, clean | {"LAB_CACHE": str(self.tmp / "cache")}, clear=True))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.folder, self.stock, self.work = (self.tmp / n for n in ("patches", "stock", "work"))
        for path in (self.folder, self.stock / "virt", self.work / "virt"):
            path.mkdir(parents=True)
        (self.stock / "virt/old.c").write_text(text())
        (self.work / "virt/old.c").write_text(text())
        repository.commit_base(self.work, "base")
        (self.folder / "BASE").write_text("package: p\nversion: 1\nkernel: 7\nsha256: ab\n")
        (self.folder / division.FILE).write_text(DIVISION)
        for one in division.parse(self.folder / division.FILE):
            (self.folder / one.name).mkdir()
            (self.folder / one.name / cover.TEXT).write_text(f"What {one.name} is for.\n")
        base = data.base("mainline")
        self.base = dataclasses.replace(base, series=str(self.folder), base=str(self.folder / "BASE"))
        self.enterContext(mock.patch.object(data, "base", return_value=self.base))
        found = source.Source("linux 7", "7", "k", self.stock)
        self.enterContext(mock.patch.object(source, "find", return_value=found))
        self.enterContext(mock.patch.object(patchset, "checkout_files", return_value={}))
        changed: list[int] = []
        for subject, number in (
            ("One: First", 5),
            ('One: "Second"', 7),
            ("Two: Third", 20),
            ("Three: Fourth", 22),
        ):
            changed.append(number)
            self.commit(subject, *changed)
        self.write()

    def commit(self, subject: str, *numbers: int) -> None:
        (self.work / "virt/old.c").write_text(text(*numbers))
        repository.git(self.work, "commit", "-qam", f"{subject}\n\nBecause.\n\n{SIGNED}", env=AUTHOR)

    def write(self) -> list[str]:
        with tempfile.TemporaryDirectory() as name:
            worktree.export(self.work, self.base, Path(name))
            return repository.install(Path(name), self.folder)

    def change(self, old: str, new: str) -> None:
        path = self.folder / division.FILE
        self.assertIn(old, path.read_text())
        path.write_text(path.read_text().replace(old, new))


class Division(Folder):
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
        self.assertEqual([s.name for s in division.choose(self.rows(), "", "safety")], ["02-two"])
        self.assertEqual(len(division.choose(self.rows(), "", "")), 3)

    def test_unknown(self) -> None:
        with self.assertRaisesRegex(LabError, "unknown SERIES=four; known: 01-one"):
            division.choose(self.rows(), "four", "")
        with self.assertRaisesRegex(LabError, "unknown PART=x; known: stable, safety"):
            division.choose(self.rows(), "", "x")
        with self.assertRaisesRegex(LabError, "not both"):
            division.choose(self.rows(), "01-one", "stable")

    def test_order(self) -> None:
        self.bad('"02-two"\ntitle', '"00-two"\ntitle', "00-two stands behind 01-one")

    def test_after_what_comes_later(self) -> None:
        self.bad("safety = true", 'after = ["03-three"]', "after = '03-three' is no series before it")

    def test_after_a_doubtful_one(self) -> None:
        self.assertEqual(division.parts(self.rows())["safety"], ["02-two"])
        self.change("safety = true", "safety = true\ndoubtful = true")
        self.change('after = ["02-two"]\n', "")
        self.assertEqual(division.parts(self.rows())["safety"], [])
        self.bad('tree = "other/tree"\n', 'tree = "other/tree"\nafter = ["02-two"]\n', "nothing may wait for that")

    def test_twice(self) -> None:
        self.bad("Three: Fourth", "One: First", "is in 01-one and in 03-three")

    def test_unknown_key(self) -> None:
        self.bad("safety = true", "save = true", "unknown key 'save'")

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
        self.assertEqual(division.rewrite(DIVISION, lists), DIVISION)
        lists["02-two"] = ['A "b" \\c']
        (self.folder / division.FILE).write_text(division.rewrite(DIVISION, lists))
        self.assertEqual(self.rows()[1].patches, ['A "b" \\c'])
        self.assertEqual(self.rows()[0].patches, ["One: First", 'One: "Second"'])


class Mails(Folder):
    def names(self) -> list[str]:
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.glob("*/*") if p.name != cover.TEXT)

    def test_layout(self) -> None:
        """git am patches/mainline/*/*.patch takes the mails in posting order, and no cover letter."""
        patches = sorted(self.folder.glob("*/*.patch"))
        self.assertEqual([p.name[:4] for p in patches], ["0001", "0002", "0001", "0001"])
        self.assertEqual(patches, patchset.mails(self.folder))
        self.assertIn("Subject: [PATCH 1/2] One: First", patches[0].read_text())
        self.assertIn("02-two/cover-letter", self.names())

    def test_some(self) -> None:
        self.assertEqual([p.parent.name for p in patchset.mails(self.folder, {"02-two"})], ["02-two"])

    def test_cover_letter(self) -> None:
        letter = (self.folder / "03-three" / cover.LETTER).read_text()
        self.assertIn("Subject: [PATCH 0/1] Three\n\nWhat 03-three is for.\n", letter)
        self.assertIn("  Three: Fourth\n", letter)
        self.assertIn("1 file changed, 1 insertion(+), 1 deletion(-)", letter)
        self.assertIn("For: other/tree\nApplies to: v7 (p 1 of Debian)\nAfter: Two\n", letter)

    def test_base_commit(self) -> None:
        exact = patchset.Base("p", "1", "7", "ab", "c" * 40)
        (one, *_) = division.parse(self.folder / division.FILE)
        self.assertIn(f"base-commit: {'c' * 40}", cover.applies_to(one, exact, []))

    def test_long_cover_letter(self) -> None:
        (self.folder / "01-one" / cover.TEXT).write_text("x\n" * 61)
        with self.assertRaisesRegex(LabError, "61 lines, more than 60"):
            self.write()

    def test_moved_to_another_series(self) -> None:
        """make series after a change of series.toml moves the mails."""
        self.change('\t"Two: Third",\n', "")
        self.change('\t"Three: Fourth",\n', '\t"Two: Third",\n\t"Three: Fourth",\n')
        self.change('after = ["02-two"]\n', "")
        self.assertEqual(worktree.series_command(self.base), 0)
        self.assertIn("03-three/0001-Two-Third.patch", self.names())
        self.assertNotIn("02-two/0001-Two-Third.patch", self.names())
        self.assertEqual(checkout.round_trip(), [])

    def test_new_commit(self) -> None:
        """make refresh writes a new commit's subject into the series of the commit before it."""
        self.commit("Three: Fifth", 5, 7, 20, 22, 35)
        self.assertIn(division.FILE, self.write())
        self.assertEqual(division.parse(self.folder / division.FILE)[2].patches, ["Three: Fourth", "Three: Fifth"])
        self.assertIn("03-three/0002-Three-Fifth.patch", self.names())

    def test_round_trip(self) -> None:
        self.assertEqual(checkout.round_trip(), [])
        (self.folder / "02-two" / cover.LETTER).write_text("other")
        self.assertEqual(len(checkout.round_trip()), 1)

    def test_listing(self) -> None:
        self.assertEqual(checkout.listing(), [])
        (self.folder / "02-two/0009-x.patch").write_text("Subject: [PATCH 9/9] x\n\n")
        (self.folder / "01-one" / cover.TEXT).unlink()
        with mock.patch.object(division, "MOST", 1):
            bad = " / ".join(checkout.listing())
        self.assertIn("0009-x.patch: no series", bad)
        self.assertIn("01-one: 2 patches, more than the 1", bad)
        self.assertIn("cover.txt is missing", bad)

    def test_no_mail_of_a_patch(self) -> None:
        self.change("Two: Third", "Two: Fifth")
        with self.assertRaisesRegex(LabError, "02-two: no mail has the subject 'Two: Fifth'"):
            patchset.mails(self.folder)

    def test_alone(self) -> None:
        self.assertEqual(checkout.alone(), [])
        self.change('after = ["02-two"]\n', "")
        (bad,) = checkout.alone()
        self.assertRegex(bad, "^03-three, alone: 0001-Three-Fourth.patch does not apply .* after another series, too")


class Delivered(Folder):
    def export(self, **environment: str) -> Path:
        out = self.tmp / "out"
        with (
            mock.patch.dict(os.environ, environment | {"OUT": str(out)}),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            self.assertEqual(export.export_command(self.base), 0)
        return out

    def test_one_series(self) -> None:
        """With what it needs, and nothing else."""
        out = self.export(SERIES="03-three")
        listed = (out / "patches/series").read_text().split()
        self.assertEqual(listed, ["02-two/0001-Two-Third.patch", "03-three/0001-Three-Fourth.patch"])

    def test_stable_for_debian(self) -> None:
        out = self.export(PART="stable", FORMAT="debian")
        listed = (out / "series").read_text().split()
        self.assertEqual(len(listed), 2)
        self.assertIn("Forwarded: no", (out / "debian/patches" / listed[0]).read_text())

    def test_all(self) -> None:
        (mbox,) = self.export(FORMAT="mbox").iterdir()
        self.assertEqual(mbox.read_text().count("\nSubject: [PATCH "), 4)

    def written(self, who: str) -> tuple[str, str, str]:
        """Sender, cover letter and patch of 03-three as they would be sent."""
        mails, where = self.tmp / "mails", self.tmp / "where"
        mails.mkdir()
        where.mkdir()
        with mock.patch.dict(os.environ, {"SERIES": "03-three"}):
            sender, (one,) = send.write(self.base, where, mails, patchmail.person(who) if who else None)
        return sender, (one.parent / "0000-cover-letter.patch").read_text(), one.read_text()

    def test_signed(self) -> None:
        sender, letter, patch = self.written("Ann B <ann@b.example>")
        self.assertEqual(sender, "Ann B <ann@b.example>")
        self.assertIn("From: Ann B <ann@b.example>\n", letter)
        self.assertRegex(letter, r"prerequisite-patch-id: [0-9a-f]{40}\n$")
        self.assertIn("From: Ann B <ann@b.example>\n", patch)
        self.assertIn("Because.\n\nSigned-off-by: Ann B <ann@b.example>\n---\n", patch)
        self.assertNotIn("noreply", patch)

    def test_unsigned(self) -> None:
        sender, letter, patch = self.written("")
        self.assertEqual(sender, "Project maintainers <m@users.noreply.example>")
        self.assertIn(patchmail.UNSIGNED, letter)
        self.assertIn(f"Because.\n---\n{patchmail.UNSIGNED}\n", patch)
        self.assertNotIn("Signed-off-by", patch)

    def test_one_series_is_sent(self) -> None:
        for name in ("", "01-one,02-two"):
            with (
                mock.patch.dict(os.environ, {"SERIES": name}),
                self.assertRaisesRegex(LabError, "name one series; known: 01-one, 02-two"),
            ):
                send.one_series(self.base)


class PatchMail(unittest.TestCase):
    def test_person(self) -> None:
        self.assertEqual(patchmail.address(patchmail.person("Ann B <a@b.example>")), "Ann B <a@b.example>")
        for bad in ("", "Ann", "a@b.example", "Ann <a@b>", "Ann <a b>", "Ann <a@users.noreply.example>"):
            with self.assertRaisesRegex(LabError, "FROM="):
                patchmail.person(bad)

    def test_signed(self) -> None:
        ann = patchmail.person("Ann <a@b.example>")
        other = "Signed-off-by: O <o@o.example>"
        self.assertEqual(
            patchmail.signed(f"s\n\nb\n\n{other}\n{SIGNED}\nCc: x\n", ann).splitlines()[4:],
            [other, "Signed-off-by: Ann <a@b.example>", "Cc: x"],
        )
        self.assertEqual(patchmail.signed(f"s\n\nb\n\n{SIGNED}\n", None), "s\n\nb\n")

    def test_subject(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".patch") as file:
            file.write(
                "From 0000 Mon Sep 17 00:00:00 2001\nFrom: =?UTF-8?q?J=C3=B6?= <j@j.example>\n"
                "Subject: [PATCH 01/10] KVM: a long\n subject\n\nSubject: no\n"
            )
            file.flush()
            self.assertEqual(patchmail.subject(Path(file.name)), "KVM: a long subject")


if __name__ == "__main__":
    unittest.main()
