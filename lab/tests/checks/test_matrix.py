# SPDX-License-Identifier: GPL-2.0-only
"""Configurations, compilers and commits of make check-upstream."""

from __future__ import annotations

import dataclasses
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.checks import matrix
from lab.config import data
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import kbuild
from lab.series import repository
from lab.tests.series import support as folders

OTHER = """From x Mon Sep 17 00:00:00 2001
From: A <a@b>
Date: Sat, 1 Jan 2000 00:00:00 +0000
Subject: [PATCH 2/2] Three: Other

Because.
---
diff --git a/virt/other.c b/virt/other.c
--- a/virt/other.c
+++ b/virt/other.c
@@ -1 +1 @@
-one
+two
"""


class Matrix(unittest.TestCase):
    def test_matrix_loads(self) -> None:
        self.assertEqual({c.name for c in matrix.file().compiler}, {"gcc", "clang"})
        self.assertIn("e500", [c.name for c in matrix.configs()])

    def configs(self, *rows: str) -> list[data.KernelBuild]:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "upstream.toml"
            config = "".join(f'[[config]]\nname = "c"\nsummary = "s"\nbuild = "mac99-g4"\n{row}\n' for row in rows)
            path.write_text(f"boot = []\nlink = {{}}\nbuild = []\ncompiler = []\n{config}")
            with mock.patch.object(matrix, "MATRIX", path):
                return matrix.configs()

    def test_fragments(self) -> None:
        """On top of the build's own, or in their place."""
        own = data.build("mac99-g4").fragments
        found = self.configs("", 'add = ["debug.config"]', 'add = ["debug.config"]\ninstead = true')
        self.assertEqual([c.fragments for c in found], [own, [*own, "debug.config"], ["debug.config"]])
        self.assertEqual({(c.name, c.cross) for c in found}, {("c", data.build("mac99-g4").cross)})
        with self.assertRaisesRegex(LabError, "build c names lab/data/configs/none.config, which is not there"):
            kbuild.fragment(*self.configs('add = ["none.config"]'))

    def test_ends_of_series(self) -> None:
        names = ["", "01-one", "01-one", "02-two", "02-two", "02-two"]
        some = [matrix.Commit(n, "s", {}, "", name) for n, name in enumerate(names)]
        self.assertEqual([c.number for c in matrix.ends(some)], [0, 2, 5])

    def test_what_a_build_depends_on(self) -> None:
        for path, want in (
            ("arch/powerpc/kvm/book3s.c", True),
            ("tools/include/linux/kernel.h", True),
            ("tools/testing/selftests/kvm/a.c", False),
            ("Documentation/virt/kvm/api.rst", False),
            ("MAINTAINERS", False),
        ):
            self.assertEqual(matrix.compiled(path), want, path)

    def test_comments_decide_no_build(self) -> None:
        old = b'/* one */\nint a;\t/* two\n * lines */\nchar *s = "/* no comment */";\n'
        new = b'/* another */\n\nint a;\nchar *s = "/* no comment */";\n'
        self.assertEqual(matrix.code("a.c", old), matrix.code("a.c", new))
        self.assertNotEqual(matrix.code("Makefile", old), matrix.code("Makefile", new))
        for changed in (b"int b;", b"/** kernel-doc */ int a;"):
            self.assertNotEqual(matrix.code("a.c", new.replace(b"int a;", changed)), matrix.code("a.c", new))
        self.assertNotEqual(matrix.code("a.c", new.replace(b"no comment", b"yes")), matrix.code("a.c", new))

    def test_unknown_configuration(self) -> None:
        with self.assertRaisesRegex(LabError, "unknown T=foo; .*pmac32"):
            matrix.chosen("foo")
        self.assertEqual(matrix.chosen(""), (matrix.configs(), [data.target(n) for n in matrix.file().boot]))
        builds, hosts = matrix.chosen("e500,mac99-g4")
        self.assertEqual(([b.name for b in builds], [h.name for h in hosts]), (["e500"], ["mac99-g4"]))


class Commits(folders.Folder):
    def test_keys(self) -> None:
        """Documents and tests change no key: what BASE's kernel has been built for is not built again."""
        for path, subject in (("Documentation/a.rst", "Three: Document"), ("tools/testing/a.c", "Three: Test")):
            (self.work / path).parent.mkdir(parents=True)
            (self.work / path).write_text("x\n")
            repository.git(self.work, "add", path)
            super().commit(subject, 5, 7, 20, 22)
        self.write()
        found = matrix.commits(self.base, Options())
        self.assertEqual([c.number for c in found], [*range(7)])
        self.assertEqual([c.subject for c in found][:2], ["BASE", "One: First"])
        self.assertEqual([c.series for c in found], ["", *["01-one"] * 2, "02-two", *["03-three"] * 3])
        self.assertEqual(found[4].files["virt/old.c"][0].decode(), folders.text(5, 7, 20, 22))
        keys = [c.key for c in found]
        self.assertEqual((len(set(keys)), keys[4:]), (5, [keys[4]] * 3))

    def test_a_later_patch_changes_no_key_before_it(self) -> None:
        """Also if it is the first that touches its file."""
        before = [c.key for c in matrix.commits(self.base, Options())]
        (self.stock / "virt/other.c").write_text("one\n")
        self.change('"Three: Fourth",', '"Three: Fourth",\n\t"Three: Other",')
        (self.folder / "03-three/0002-Three-Other.patch").write_text(OTHER)
        found = matrix.commits(self.base, Options())
        self.assertEqual([c.key for c in found][:-1], before)
        self.assertEqual({"virt/old.c", "virt/other.c"}, set(found[0].files))
        self.assertNotIn(found[-1].key, before)

    def test_what_a_build_does_not_read(self) -> None:
        """It changes the key of the others only."""
        table = dataclasses.replace(matrix.file(), unread={"pmac32": ["virt/*"]})
        with mock.patch.object(matrix, "file", return_value=table):
            found = matrix.commits(self.base, Options())
        self.assertEqual({c.key_of("pmac32") for c in found}, {found[0].key})
        self.assertEqual([c.key_of("pmac64") for c in found], [c.key for c in found])
        self.assertEqual(len({c.key for c in found}), len(found))

    def test_some_series(self) -> None:
        found = matrix.commits(self.base, Options(series="02-two"))
        self.assertEqual([c.subject for c in found], ["BASE", "Two: Third"])


if __name__ == "__main__":
    unittest.main()
