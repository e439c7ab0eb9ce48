# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts on recorded boots (lab/tests/machine/data, from a mac99-g4)."""

from __future__ import annotations

import contextlib
import io
import unittest

from lab.core import errors
from lab.core.errors import LabError
from lab.machine import boot, protocol, verdict
from lab.results import ktap
from lab.results.ktap import Status
from lab.tests.machine import recorded


def statuses(name: str) -> dict[str, Status]:
    return {r.id: r.status for r in ktap.parse(recorded.record(name).channel.outcomes[0])}


class Recorded(unittest.TestCase):
    def test_pass(self) -> None:
        self.assertEqual(verdict.judge(recorded.spec(), recorded.record("pass")).code, errors.PASSED)
        self.assertEqual(statuses("pass"), {"pp.one": Status.PASS, "pp.two": Status.XFAIL, "pp.three": Status.SKIP})
        self.assertEqual(verdict.status(recorded.spec(), recorded.record("pass")), 0)

    def test_fail(self) -> None:
        self.assertEqual(verdict.judge(recorded.spec(), recorded.record("fail")).code, errors.PASSED)
        self.assertEqual(statuses("fail"), {"pp.one": Status.PASS, "pp.two": Status.FAIL, "pp.three": Status.SKIP})
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(verdict.status(recorded.spec(), recorded.record("fail")), 1)

    def test_oops(self) -> None:
        found = verdict.judge(recorded.spec(), recorded.record("oops"))
        self.assertEqual(found.code, errors.CRASHED)
        self.assertIn("Kernel panic - not syncing: sysrq triggered crash", found.excerpt)
        self.assertEqual(statuses("oops")["pp"], Status.CRASH)

    def test_hang_of_a_test(self) -> None:
        self.assertEqual(verdict.judge(recorded.spec(), recorded.record("hang")).code, errors.PASSED)
        self.assertEqual(statuses("hang"), {"pp.one": Status.PASS, "pp": Status.TIMEOUT})

    def test_hang_of_the_machine(self) -> None:
        found = verdict.judge(recorded.spec(), recorded.record("hang", cut=-60, timed_out="no end after 5 s"))
        self.assertEqual(found.code, errors.TIMEOUT)
        self.assertIn("no end after 5 s while pp ran", found.text)
        self.assertTrue(found.excerpt)

    def test_truncated(self) -> None:
        self.assertEqual(statuses("trunc"), {"pp.one": Status.PASS, "pp": Status.CRASH})

    def test_cut_off_in_the_middle(self) -> None:
        cut = recorded.record("pass", cut=-100)
        self.assertEqual(verdict.judge(recorded.spec(), cut).code, errors.CRASHED)
        self.assertTrue(any(r.status is Status.CRASH for r in ktap.parse(cut.channel.outcomes[0])))

    def test_the_emulator_died(self) -> None:
        cut = recorded.record("pass", cut=-100)
        cut.qemu_status, cut.qemu_says = -6, "Facility 0\nqemu: fatal: no vector\n\nNIP 0"
        self.assertIn("(QEMU killed by signal 6: qemu: fatal: no vector)", verdict.judge(recorded.spec(), cut).text)

    def test_wrong_kernel(self) -> None:
        with self.assertRaisesRegex(
            LabError, "the run is worthless: uname says release 7.3.4-stock-mainline"
        ) as caught:
            verdict.judge(recorded.spec("7.3.4-mainline-0123456789ab"), recorded.record("pass"))
        self.assertEqual(caught.exception.code, errors.SETUP)

    def test_no_guest_can_be_created(self) -> None:
        without = recorded.record("pass")
        without.channel.facts["pr"] = "Invalid argument"
        with self.assertRaisesRegex(LabError, "a KVM PR guest cannot be created: Invalid argument"):
            verdict.judge(recorded.spec(), without)

    def test_qemu_does_not_start(self) -> None:
        dead = boot.Record(b"", protocol.Channel("0"), qemu_status=1, qemu_says="qemu: no such machine")
        with self.assertRaisesRegex(LabError, "QEMU does not start: qemu: no such machine"):
            verdict.judge(recorded.spec(), dead)

    def test_silent_death(self) -> None:
        dead = boot.Record(b"SLOF\n", protocol.Channel("0"), qemu_status=0)
        self.assertEqual(verdict.judge(recorded.spec(), dead).code, errors.CRASHED)


class ExitStatus(unittest.TestCase):
    """One exit status, one meaning."""

    def status(self, how: str, value: int) -> tuple[int, str]:
        ended = recorded.record("pass")
        ended.channel.outcomes[-1].how, ended.channel.outcomes[-1].value = how, value
        with contextlib.redirect_stderr(io.StringIO()) as said:
            return verdict.status(recorded.spec(), ended), said.getvalue()

    def test_of_a_program(self) -> None:
        for value in (5, 77, 255):
            code, said = self.status("exit", value)
            self.assertEqual(code, value)
            self.assertIn(f"pp: exit status {value}\n", said)
        self.assertEqual(self.status("exit", 0), (0, ""))
        self.assertEqual(self.status("signal", 11)[0], 139)

    def test_the_labs_are_not_a_programs(self) -> None:
        for value in (errors.SETUP, errors.CRASHED, errors.TIMEOUT, ktap.KSFT_SKIP):
            code, said = self.status("exit", value)
            self.assertEqual(code, errors.FAILED)
            self.assertIn(f"pp: exit status {value}\n", said)
        self.assertEqual(self.status("timeout", 9)[0], errors.TIMEOUT)


if __name__ == "__main__":
    unittest.main()
