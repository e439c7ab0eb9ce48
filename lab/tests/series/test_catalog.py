# SPDX-License-Identifier: GPL-2.0-only
"""What patches say about themselves."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lab.series import catalog

MAIL = """\
From 0000 Mon Sep 17 00:00:00 2001
From: me <me@example>
Subject: [PATCH 01/20] KVM: PPC: Book3S PR: Do
 something
Date: Sat, 28 Nov 2026 03:19:14 +0000

Cause.

Fixes: 0123456789ab ("x")
Cc: stable@vger.kernel.org # 4.9+
Signed-off-by: me <me@example>
---
 arch/powerpc/kvm/book3s_32_mmu_host.c | 2 +-

diff --git a/arch/powerpc/kvm/book3s_32_mmu_host.c b/arch/powerpc/kvm/book3s_32_mmu_host.c
--- a/arch/powerpc/kvm/book3s_32_mmu_host.c
+++ b/arch/powerpc/kvm/book3s_32_mmu_host.c
@@ -1 +1,2 @@
-old
+new
+newer
"""


class Catalog(unittest.TestCase):
    def test_read(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            mail = Path(name) / "01-entry" / "0001.patch"
            mail.parent.mkdir()
            mail.write_text(MAIL)
            made = catalog.read(mail)
        self.assertEqual((made.subject, made.series), ("KVM: PPC: Book3S PR: Do something", "01-entry"))
        self.assertEqual((made.lines, made.fixes, made.stable, made.since), ((2, 1), ["0123456789ab"], True, "4.9+"))
        self.assertTrue(made.kernel)
        self.assertEqual(catalog.who(made), "32-bit hosts (G3, G4)")

    def test_everybody_is_somebody(self) -> None:
        for patch in catalog.patches():
            self.assertTrue(catalog.who(patch))
