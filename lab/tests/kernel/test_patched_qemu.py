# SPDX-License-Identifier: GPL-2.0-only
"""What a build of the patched QEMU is made of."""

from __future__ import annotations

import unittest

from lab.config import data
from lab.kernel import patched_qemu


class Building(unittest.TestCase):
    def test_every_host_of_pr_can_be_built_for(self) -> None:
        machines = {data.target(n).must.machine for n in data.names("targets") if data.target(n).must.pr}
        self.assertLessEqual(machines, set(patched_qemu.HOSTS))

    def test_a_message_is_not_built(self) -> None:
        mails = [b"Subject: %s\n\nBecause.\n---\n a | 1 +\n\ndiff --git a/a b/a\n+x\n" % s for s in (b"one", b"two")]
        self.assertEqual(*map(patched_qemu.changes, mails))
        self.assertIn(b"+x", patched_qemu.changes(mails[0]))


if __name__ == "__main__":
    unittest.main()
