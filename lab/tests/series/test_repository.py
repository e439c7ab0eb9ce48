# SPDX-License-Identifier: GPL-2.0-only
"""Work trees and their way back into the patches."""

from __future__ import annotations

import contextlib
import io
import unittest
from pathlib import Path
from unittest import mock

from lab.core import cache
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import patchset
from lab.series import repository, worktree
from lab.tests.series import support
from lab.tests.series.support import AUTHOR, SIGNED


class WorkTree(support.Folder):
    def setUp(self) -> None:
        super().setUp()
        self.root = self.tmp / "checkout"
        self.enterContext(mock.patch.object(cache, "ROOT", self.root))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))
        self.enterContext(mock.patch.object(cache, "need_space"))
        self.tree = self.tmp / "tree"
        (self.stock / "out-x").mkdir()
        (self.stock / "ignored.o").write_text("x\n")
        (self.stock / ".gitignore").write_text("*\n")  # Debian's hides everything
        self.options = Options(tree=str(self.tree))

    def git(self, *args: str) -> str:
        return repository.git(self.tree, *args, env=AUTHOR)

    def commit(self, subject: str, *numbers: int) -> None:
        """In the repository of the fixture, until there is a work tree."""
        if not hasattr(self, "tree"):
            super().commit(subject, *numbers)
            return
        (self.tree / "virt/old.c").write_text(support.text(*numbers))
        self.git("commit", "-qam", f"{subject}\n\nBecause.\n\n{SIGNED}")

    def mails(self) -> list[str]:
        return [p.name for p in patchset.mails(self.folder)]

    def test_there_and_back(self) -> None:
        before = repository.files_of(self.folder)
        worktree.tree(self.options)
        self.assertEqual(repository.names(self.tree, "ls-files"), {".gitignore", "ignored.o", "virt/old.c"})
        self.assertEqual(len(repository.subjects(self.tree)), 4)
        worktree.refresh(self.options)
        self.assertEqual(repository.files_of(self.folder), before)

    def test_a_new_commit_with_a_new_file(self) -> None:
        worktree.tree(self.options)
        (self.tree / "virt/new.c").write_text("new\n")
        self.git("add", "virt/new.c")
        self.commit("Three: Fifth", 5, 7, 20, 22, 30)
        worktree.refresh(self.options)
        self.assertEqual(self.mails()[-1], "0002-Three-Fifth.patch")
        self.assertEqual((self.root / "virt/new.c").read_text(), "new\n")
        worktree.refresh(self.options)  # its state is that of the patches again

    def test_a_file_that_no_commit_adds_any_more_goes(self) -> None:
        gone = self.root / "virt/gone.c"
        gone.parent.mkdir(parents=True)
        gone.write_text("gone\n")
        worktree.tree(self.options)
        with (
            mock.patch.object(patchset, "checkout_files", return_value={"virt/gone.c": gone}),
            mock.patch.object(worktree, "_state", return_value=repository.made_of(self.tree, "tree")),
        ):
            worktree.refresh(self.options)
        self.assertFalse(gone.exists())

    def test_what_is_not_committed(self) -> None:
        worktree.tree(self.options)
        (self.tree / "virt/old.c").write_text("x\n")
        with self.assertRaisesRegex(LabError, r"not committed \(M virt/old.c\): commit or stash"):
            worktree.refresh(self.options)

    def test_patches_that_changed_meanwhile(self) -> None:
        worktree.tree(self.options)
        path = patchset.mails(self.folder)[0]
        path.write_text(path.read_text().replace("Because.", "Because of that."))
        with self.assertRaisesRegex(LabError, "'make refresh' would undo that"):
            worktree.refresh(self.options)

    def test_some_series(self) -> None:
        worktree.tree(Options(tree=str(self.tree), series="02-two"))
        self.assertEqual([s for _, s in repository.subjects(self.tree)], ["Two: Third"])
        with self.assertRaisesRegex(LabError, "has some of the series only"):
            worktree.refresh(self.options)

    def test_none_or_one_already(self) -> None:
        with self.assertRaisesRegex(LabError, "is no work tree: make it with 'make tree'"):
            worktree.refresh(self.options)
        self.tree.mkdir()
        with self.assertRaisesRegex(LabError, "exists: bring its commits back with 'make refresh'"):
            worktree.tree(self.options)

    def test_one_that_fails_leaves_nothing(self) -> None:
        (self.stock / "virt/old.c").write_text("other\n")
        with self.assertRaisesRegex(LabError, "git am refuses 0001-One-First.patch"):
            worktree.tree(self.options)
        self.assertEqual([p.name for p in self.tmp.iterdir() if "tree" in p.name], [])

    def test_where(self) -> None:
        self.assertEqual(repository.tree_path("~/x", "y"), Path.home() / "x")
        self.assertEqual(repository.tree_path("", "y"), self.tmp / "cache/tree/y")


class Parts(support.Folder):
    def test_merges_are_no_series(self) -> None:
        repository.git(self.work, "checkout", "-q", "-b", "side", "HEAD~")
        repository.git(self.work, "commit", "-q", "--allow-empty", "-m", "side", env=AUTHOR)
        repository.git(self.work, "merge", "-q", "--no-edit", "-s", "ours", "series", env=AUTHOR)
        with self.assertRaisesRegex(LabError, "has a merge after 'base'"):
            repository.subjects(self.work)

    def test_differing(self) -> None:
        want = repository.files_of(self.folder)
        self.assertEqual(repository.differing(self.folder, want, "make x"), [])
        first = min(want)
        changed = {**want, first: b"other", "new.patch": b""}
        found = repository.differing(self.folder, changed, "make x")
        names = [line.partition(" is not what 'make x' writes")[0] for line in found]
        self.assertEqual(names, [f"{self.folder}/{first}", f"{self.folder}/new.patch"])

    def test_install_removes_what_is_no_more(self) -> None:
        out = self.tmp / "out"
        (out / "01-one").mkdir(parents=True)
        (out / "01-one/0001-New.patch").write_text("x")
        (self.folder / "03-three" / "cover.txt").unlink()
        changed = repository.install(repository.files_of(out), self.folder)
        self.assertEqual([n for n in changed if n.endswith("New.patch")], ["01-one/0001-New.patch"])
        self.assertEqual([p.name for p in self.folder.glob("*/*.patch")], ["0001-New.patch"])
        self.assertTrue((self.folder / "02-two/cover.txt").exists())
        self.assertFalse((self.folder / "03-three").exists())


if __name__ == "__main__":
    unittest.main()
