# SPDX-License-Identifier: GPL-2.0-only
"""Trees to build in: what they are made of, and that nothing but what differs is written."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import stat
import subprocess
import tarfile
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core import cache, options
from lab.core.errors import LabError
from lab.debian.apt import Found
from lab.kernel import patchset, source
from lab.tests import support
from lab.tests.kernel.support import Small, kernel


class Trees(Small):
    def test_version(self) -> None:
        self.assertEqual(source.kernel_version(self.stock), "7.3.4-rc1")
        (self.stock / "Makefile").write_text("VERSION = 7\n")
        with self.assertRaisesRegex(LabError, "is no kernel tree"):
            source.kernel_version(self.stock)

    def test_the_tree_goes_there_and_back(self) -> None:
        (self.stock / "out-x").mkdir()
        (self.stock / "old.c").chmod(0o755)
        tree = self.tmp / "tree"
        source.sync(tree, self.source, {"old.c": (b"changed\n", 0o644), "virt/new.c": (b"new\n", 0o755)})
        self.assertEqual((tree / "old.c").read_text(), "changed\n")
        self.assertEqual((self.stock / "old.c").read_text(), "one\n")
        self.assertTrue((tree / "virt/new.c").stat().st_mode & stat.S_IXUSR)
        self.assertTrue((tree / "Makefile").samefile(self.stock / "Makefile"))
        self.assertFalse((tree / "out-x").exists())
        source.sync(tree, self.source, {})
        self.assertEqual(source.content(tree / "old.c"), (b"one\n", 0o755))
        self.assertFalse((tree / "virt/new.c").exists())

    def test_other_permissions_only(self) -> None:
        """The source, of which the tree has hard links, keeps its own."""
        before = source.content(self.stock / "old.c")
        source.sync(self.tmp / "tree", self.source, {"old.c": (b"one\n", 0o755)})
        self.assertEqual(source.content(self.tmp / "tree/old.c"), (b"one\n", 0o755))
        self.assertEqual(source.content(self.stock / "old.c"), before)

    def test_what_is_the_same_is_not_written(self) -> None:
        """make would compile it again, and all that includes it."""
        tree = self.tmp / "tree"
        files = {"old.c": (b"changed\n", 0o644)}
        source.sync(tree, self.source, files)
        before = (tree / "old.c").stat()
        source.sync(tree, self.source, files)
        self.assertEqual((tree / "old.c").stat().st_ino, before.st_ino)

    def test_an_interrupted_sync_is_mended(self) -> None:
        tree = self.tmp / "tree"
        write = cache.write
        source.sync(tree, self.source, {})

        def stops(path: Path, data: bytes) -> None:
            write(path, data)
            if path.name == "old.c":
                raise KeyboardInterrupt

        with mock.patch.object(cache, "write", stops), self.assertRaises(KeyboardInterrupt):
            source.sync(tree, self.source, {"old.c": (b"changed\n", 0o644)})
        self.assertEqual((tree / "old.c").read_text(), "changed\n")
        source.sync(tree, self.source, {})
        self.assertEqual((tree / "old.c").read_text(), "one\n")

    def test_prepare(self) -> None:
        """The name says what the tree is made of, and the checkout's own new files count."""
        tree = source.prepare(self.base)
        self.assertRegex(tree.release, r"^7\.3\.4-rc1-mainline-[0-9a-f]{12}$")
        self.assertEqual(tree.key, f"k-{tree.suffix[-12:]}")
        source.patch(self.base, tree)
        self.assertEqual((tree.path / "old.c").read_text(), "two\n")
        new = self.tmp / "new.c"
        new.write_text("new\n")
        self.files["virt/new.c"] = new
        source.overlay.cache_clear()
        self.assertNotEqual(source.prepare(self.base).key, tree.key)
        source.patch(self.base, tree)
        self.assertEqual((tree.path / "virt/new.c").read_text(), "new\n")

    def test_an_unpatched_base_is_the_source(self) -> None:
        base = dataclasses.replace(self.base, name="stock", series="")
        tree = source.prepare(base)
        self.assertEqual((tree.path, tree.release), (self.stock, "7.3.4-rc1-stock"))
        source.patch(base, tree)
        self.assertEqual((self.stock / "old.c").read_text(), "one\n")
        with self.assertRaisesRegex(LabError, "K=stock has no series"):
            print(base.patches)

    def test_an_existing_file_is_not_changed_in_the_checkout(self) -> None:
        self.files["old.c"] = self.stock / "old.c"
        with self.assertRaisesRegex(LabError, "old.c exists in linux 7: change it in the patches"):
            source.overlay(self.source, self.base)

    def test_a_deleted_file(self) -> None:
        """It would stay in a tree that was built before."""
        mail = self.tmp / "patches/0001-x.patch"
        text = mail.read_text().replace("--- a", "deleted file mode 100644\n--- a")
        mail.write_text(text.replace("-1 +1", "-1 +0,0").replace("+two\n", "").replace("+++ b/old.c", "+++ /dev/null"))
        with self.assertRaisesRegex(LabError, "the patches delete old.c"):
            source.overlay(self.source, self.base)

    def test_the_newest_version_that_the_series_applies_to(self) -> None:
        (self.tmp / "patches/BASE").write_text("")
        base = dataclasses.replace(self.base, base=str(self.tmp / "patches/BASE"))
        bad = kernel(self.tmp / "bad")
        (bad / "old.c").write_text("three\n")
        trees = {"9": source.Source("linux 9", "9", "n", bad), "8": dataclasses.replace(self.source, name="linux 8")}
        want = patchset.Base("linux", "7", "7", "ab")
        with mock.patch.object(source, "_debian", side_effect=lambda _, one, __: trees[one.version]):
            found = source._instead(mock.Mock(), [Found("linux", v) for v in trees], want, base)
            self.assertEqual(found.name, "linux 8")
            with self.assertRaisesRegex(LabError, "does not apply to linux 9: old.c:1"):
                source._instead(mock.Mock(), [Found("linux", "9")], want, base)


class Own(support.InCache):
    """KERNEL_SRC=: a tree or a tarball."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.own = kernel(self.tmp / "own")
        source._find.cache_clear()

    def find(self, path: Path) -> source.Source:
        with mock.patch.object(options, "everywhere", options.Options(kernel_src=str(path))):
            return source.find(data.base("stock-mainline"))

    def test_tree(self) -> None:
        (self.own / "old.o").write_text("built\n")
        found = self.find(self.own)
        self.assertEqual((found.kernel, found.key), ("7.3.4-rc1", ""))
        self.assertEqual((found.tree / "old.c").read_text(), "one\n")
        self.assertFalse((found.tree / "old.o").exists())

    def test_git_tree(self) -> None:
        (self.own / ".gitignore").write_text("ignored\n")
        (self.own / "ignored").write_text("x\n")
        subprocess.run(["git", "init", "-q", self.own], check=True)
        found = self.find(self.own)
        self.assertTrue((found.tree / "old.c").exists())
        self.assertFalse((found.tree / "ignored").exists() or (found.tree / ".git").exists())

    def test_two_runs(self) -> None:
        """The first one writes the patches' files into the copy. The second one sees what the user has now."""
        patched = {"old.c": (b"changed\n", 0o644), "virt/new.c": (b"new\n", 0o644)}
        for git in (False, True):
            (self.own / "removed.c").write_text("x\n")
            if git:
                subprocess.run(["git", "init", "-q", self.own], check=True)
            for _ in range(2):
                source._find.cache_clear()
                found = self.find(self.own)
                self.assertEqual((found.tree / "old.c").read_text(), "one\n")
                self.assertFalse((found.tree / "virt/new.c").exists())
                source.sync(found.tree, found, patched)
                (self.own / "removed.c").unlink(missing_ok=True)
            self.assertFalse((found.tree / "removed.c").exists(), git)

    def test_tarball(self) -> None:
        with tarfile.open(self.tmp / "linux.tar", "w") as tar:
            tar.add(self.own, "linux-7")
        found = self.find(self.tmp / "linux.tar")
        self.assertRegex(found.key, "^tar-[0-9a-f]{12}$")
        self.assertEqual((found.tree / "old.c").read_text(), "one\n")


if __name__ == "__main__":
    unittest.main()
