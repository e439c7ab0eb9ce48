# SPDX-License-Identifier: GPL-2.0-only
"""Guests without a debugger."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.config import data
from lab.core import errors
from lab.core.errors import LabError
from lab.guest import bringup, guest, nested_qemu
from lab.machine import boot
from lab.results.ktap import Result, Status
from lab.results.tally import Judged
from lab.tests.booted import GREETING, Booted, talking

TEST = data.Test("guestboot", 0, guest="slof", name="guestboot_slof")


class Bringup(Booted):
    def judged(self, said: bytes, name: str = "pass", ends: bool = False) -> Judged:
        """The judgement if QEMU and the guest say this in a host with a recorded end."""
        target = data.target("mac99-g4")
        (self.tmp / "usr/bin").mkdir(parents=True, exist_ok=True)
        (self.tmp / "usr/bin/qemu-system-ppc64").touch()
        run = talking(said, name, ends)

        def seen(spec: boot.Spec, on_output: object = None) -> boot.Record:
            self.specs.append(spec)
            return run(spec, on_output)

        with (
            mock.patch.object(nested_qemu, "root", return_value=self.tmp),
            mock.patch.object(guest, "files", return_value={}),
            mock.patch.object(boot, "run", seen),
        ):
            return bringup.judge(data.base("stock-mainline"), target, TEST)

    def test_up(self) -> None:
        """It runs at once: it is not stopped at its first instruction for a debugger."""
        self.assertEqual(self.judged(GREETING + b"SLOF\n0 > ").results, [Result("guestboot_slof", Status.PASS)])
        (command,) = self.specs[0].commands
        self.assertNotIn("-S", command.argv)
        self.assertIn("-accel", command.argv)

    def test_not_up(self) -> None:
        with self.assertRaisesRegex(LabError, "^mac99-g4: no '0 >' of slof within 0 s$"):
            self.judged(GREETING + b"SLOF\n")

    def test_a_host_that_crashed(self) -> None:
        with self.assertRaisesRegex(LabError, "no greeting of the QEMU in the target") as caught:
            self.judged(b"", "oops", True)
        self.assertEqual(caught.exception.code, errors.CRASHED)

    def test_an_oops_beside_a_guest_that_is_up(self) -> None:
        found = self.judged(GREETING + b"0 > ", "oops")
        self.assertEqual([(r.id, r.status) for r in found.results], [
            ("(guestboot_slof)", Status.CRASH),
            ("guestboot_slof", Status.PASS),
        ])  # fmt: skip
        self.assertEqual(found.code, errors.CRASHED)


if __name__ == "__main__":
    unittest.main()
