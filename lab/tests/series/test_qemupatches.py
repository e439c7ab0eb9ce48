# SPDX-License-Identifier: GPL-2.0-only
"""patches/qemu as mails, as commits, and back."""

from __future__ import annotations

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.core import cache
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import patched_qemu, source
from lab.series import qemupatches, repository
from lab.tests import support
from lab.tests.series.support import AUTHOR, SIGNED, text

BASE = 'package = "qemu"\nversion = "1"\nkernel = "1"\nsha256 = "1"\n'


class Patches(unittest.TestCase):
    def folder(self, count: int, listed: str) -> list[str]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for mail in ("0001-a.patch", "0002-b.patch"):
                (folder / mail).write_text("")
            (folder / "series").write_text(listed)
            (folder / "BASE").write_text(BASE)
            (folder / "cover-letter").write_text(f"Subject: [PATCH 00/{count:02d}] x\n")
            return [line.replace(name, "") for line in qemupatches.listing(folder)]

    def test_listing(self) -> None:
        self.assertEqual(self.folder(2, "0001-a.patch\n0002-b.patch\n"), [])
        self.assertEqual(self.folder(2, "0002-b.patch\n0001-a.patch\n"), ["/series: not in the order of the numbers"])
        self.assertEqual(self.folder(2, "0001-a.patch\n"), ["/series and the folder differ by 0002-b.patch"])
        self.assertIn("its Subject must say [PATCH 00/2]", self.folder(3, "0001-a.patch\n0002-b.patch\n")[0])

    def test_missing(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "series").write_text("")
            bad = [line.replace(name, "") for line in qemupatches.listing(Path(name))]
        self.assertEqual(bad, ["/BASE is missing", "/cover-letter is missing"])


class WorkTree(support.InCache):
    """Two patches of a file; the checkpatch of this QEMU says its first argument that is none of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.out = self.enterContext(contextlib.redirect_stdout(io.StringIO()))
        self.stock, self.tree, self.patches = (self.tmp / n for n in ("stock", "tree", "patches"))
        (self.stock / "scripts").mkdir(parents=True)
        (self.stock / "scripts/checkpatch.pl").write_text("exit 0;\n")
        (self.stock / "file.c").write_text(text())
        self.patches.mkdir()
        (self.patches / "BASE").write_text(BASE)
        (self.patches / "series").write_text("")
        found = source.Source("qemu 1", "1", "k", self.stock)
        self.enterContext(mock.patch.object(patched_qemu, "PATCHES", self.patches))
        self.enterContext(mock.patch.object(patched_qemu, "stock", return_value=found))
        self.enterContext(mock.patch.object(cache, "need_space"))
        self.options = Options(tree=str(self.tree))
        qemupatches.tree(self.options)
        self.commit("One", 5)
        self.commit("Two", 5, 20)
        self.assertEqual(qemupatches.refresh(self.options), 0)
        (self.patches / "cover-letter").write_text("Subject: [PATCH 0/2] x\n")

    def commit(self, subject: str, *numbers: int, more: str = "Because.") -> None:
        (self.tree / "file.c").write_text(text(*numbers))
        repository.git(self.tree, "commit", "-qam", f"{subject}\n\n{more}\n\n{SIGNED}", env=AUTHOR)

    def test_there_and_back(self) -> None:
        self.assertEqual(self.out.getvalue(), f"{self.tree}\n")
        self.assertEqual((self.patches / "series").read_text().split(), ["0001-One.patch", "0002-Two.patch"])
        self.assertEqual(qemupatches.check(), [])
        other = Options(tree=str(self.tmp / "other"))
        qemupatches.tree(other)
        self.assertEqual((self.tmp / "other/file.c").read_text(), text(5, 20))

    def test_patches_that_changed_meanwhile(self) -> None:
        path = self.patches / "0001-One.patch"
        path.write_text(path.read_text().replace("Because.", "Because of that."))
        with self.assertRaisesRegex(LabError, "changed after .*/tree was made: move the tree away and run 'make qemu-"):
            qemupatches.refresh(self.options)

    def test_a_patch_that_git_would_write_in_another_way(self) -> None:
        path = self.patches / "0002-Two.patch"
        path.write_text(path.read_text().replace(" file.c | ", " file.c |  "))
        said = f"{path} is not what 'make qemu-refresh' writes: run it and look at git diff"
        self.assertEqual(qemupatches.check(), [said])

    def test_a_list_that_is_wrong_is_told_first(self) -> None:
        (self.patches / "0001-One.patch").unlink()
        (self.patches / "series").write_text("0002-Two.patch\n")
        with mock.patch.object(repository, "scratch") as remake:
            self.assertEqual(len(qemupatches.check()), 1)
        remake.assert_not_called()

    def test_checkpatch(self) -> None:
        """Its complaints without the path; long lines of a message, but not of its tags or of the code."""
        link, long = f"Link: https://example.org/{'x' * 70}", "y" * 76
        self.commit("Three", 5, 20, 30, more=f"{'z' * 75}\n{long}\n\n{link}")
        qemupatches.refresh(self.options)
        says = 'print "$ARGV[-1]:9: ERROR: x\\n" if $ARGV[-1] =~ /0002/; '
        says += 'print "$ARGV[-1]:8: use scripts/update-linux-headers.sh\\n\\n"; exit 1;'
        (self.stock / "scripts/checkpatch.pl").write_text(says)
        found = qemupatches.checkpatch(patched_qemu.stock())
        self.assertEqual(found, ["0002-Two.patch: 9: ERROR: x", f"0003-Three.patch: longer than 75 columns: {long}"])


if __name__ == "__main__":
    unittest.main()
