# SPDX-License-Identifier: GPL-2.0-only
"""What must never be on a console, and what may."""

from __future__ import annotations

import unittest

from lab.machine import console
from lab.tests.machine import recorded


class Console(unittest.TestCase):
    def test_reports(self) -> None:
        for line in (
            "Oops: Kernel access of bad area, sig: 11 [#1]",
            "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2",
            "WARNING: kernel/sched/core.c:1 at f+0x0/0x10, CPU#0: init/1",
            "WARNING: possible circular locking dependency detected",
            "[    1.0] BUG: Unable to handle kernel data access",
            "kernel BUG at mm/slub.c:1!",
            "Kernel panic - not syncing: x",
            "rcu: INFO: rcu_sched self-detected stall on CPU",
            "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!",
            "INFO: task init:1 blocked for more than 120 seconds.",
            "UBSAN: shift-out-of-bounds in arch/powerpc/kvm/book3s.c:1:2",
            "unreferenced object 0xc000000003072d00 (size 64):",
            "BUG kmalloc-64 (Not tainted): Poison overwritten",
            "turning off the locking correctness validator.",
            "emulate_step_test: lxvl           : RA = 0     FAIL",
        ):
            self.assertTrue(console.crash(f"a\n{line}\r\nb\n".encode()), line)

    def test_clean(self) -> None:
        self.assertEqual(console.crash((recorded.DATA / "pass.console").read_bytes()), [])


if __name__ == "__main__":
    unittest.main()
