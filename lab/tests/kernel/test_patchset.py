# SPDX-License-Identifier: GPL-2.0-only
"""Patches apply, or say why they do not; the tree follows them."""

from __future__ import annotations

from lab.core.errors import LabError
from lab.kernel import patchset
from lab.tests import support

MAIL = """From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: A <a@b>
Date: Mon, 23 Nov 2026 00:00:00 +0000
Subject: [PATCH 1/1] x

---
diff --git a/virt/old.c b/virt/old.c
--- a/virt/old.c
+++ b/virt/old.c
@@ -1,2 +1,2 @@
 one
-two
+2
diff --git a/virt/new.c b/virt/new.c
new file mode 100644
--- /dev/null
+++ b/virt/new.c
@@ -0,0 +1 @@
+new
--
"""


class Patches(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.stock, self.folder, self.scratch = (self.tmp / n for n in ("stock", "patches", "scratch"))
        for path in (self.stock / "virt", self.folder, self.scratch):
            path.mkdir(parents=True)
        (self.stock / "virt/old.c").write_text("one\ntwo\n")
        (self.folder / "0001-x.patch").write_text(MAIL)
        (self.folder / "series").write_text("# the order\n0001-x.patch\n")

    def test_apply(self) -> None:
        patchset.apply(patchset.mails(self.folder), self.stock, self.scratch, "stock")
        self.assertEqual((self.scratch / "virt/old.c").read_text(), "one\n2\n")
        self.assertEqual((self.scratch / "virt/new.c").read_text(), "new\n")
        self.assertEqual((self.stock / "virt/old.c").read_text(), "one\ntwo\n")

    def test_a_diff_in_a_message_touches_nothing(self) -> None:
        mail = self.folder / "0001-x.patch"
        mail.write_text(MAIL.replace("\n---\n", "\nNot by\n\ndiff --git a/virt/else.c b/virt/else.c\n---\n", 1))
        self.assertEqual(patchset.touched([mail]), ["virt/new.c", "virt/old.c"])

    def test_does_not_apply(self) -> None:
        (self.stock / "virt/old.c").write_text("1\ntwo\n")
        with self.assertRaisesRegex(LabError, r"0001-x.patch does not apply to linux 9: virt/old.c:1; rebase it"):
            patchset.apply(patchset.mails(self.folder), self.stock, self.scratch, "linux 9")

    def test_series_names_a_missing_mail(self) -> None:
        (self.folder / "series").write_text("0002-y.patch\n")
        with self.assertRaisesRegex(LabError, "names 0002-y.patch, which is not there: git checkout "):
            patchset.mails(self.folder)

    def test_base(self) -> None:
        (self.folder / "BASE").write_text('package = "p"\nversion = "1:2-3"\nkernel = "7"\nsha256 = "ab"\n')
        self.assertEqual(patchset.read_base(self.folder / "BASE"), patchset.Base("p", "1:2-3", "7", "ab"))
        (self.folder / "BASE").write_text('package = "p"\n')
        with self.assertRaisesRegex(LabError, "BASE: the key 'version' is missing"):
            patchset.read_base(self.folder / "BASE")
