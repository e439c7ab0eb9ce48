# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts on recorded boots (lab/tests/machine/data, from a mac99-g4)."""

from __future__ import annotations

import contextlib
import io
import unittest

from lab.core import errors
from lab.core.errors import LabError
from lab.machine import boot, console, protocol, verdict
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

    def test_pieces_do_not_matter(self) -> None:
        for piece in (1, 2, 1000000):
            self.assertEqual(bytes(recorded.record("pass", piece).channel.outcomes[0].output),
                             bytes(recorded.record("pass").channel.outcomes[0].output))  # fmt: skip


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

    def test_worst(self) -> None:
        self.assertEqual(errors.worst([]), errors.PASSED)
        self.assertEqual(errors.worst([errors.PASSED, errors.FAILED]), errors.FAILED)
        self.assertEqual(errors.worst([errors.TIMEOUT, errors.CRASHED, errors.FAILED]), errors.CRASHED)


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
        ):
            self.assertTrue(console.crash(f"a\n{line}\r\nb\n".encode()), line)

    def test_clean(self) -> None:
        self.assertEqual(console.crash((recorded.DATA / "pass.console").read_bytes()), [])


class Tap(unittest.TestCase):
    def parse(self, text: str, how: str = "exit", value: int = 0) -> list[tuple[str, Status]]:
        return [(r.id, r.status) for r in ktap.parse(protocol.Outcome("t", bytearray(text.encode()), how, value))]

    def test_harness_names_and_directives(self) -> None:
        text = "1..4\nok 1 global.a\nok 2 global.b # SKIP no vsx\nok 3 f.c # XFAIL C3\nok 4 f.d # XPASS unknown\n"
        self.assertEqual(self.parse(text), [("t.global.a", Status.PASS), ("t.global.b", Status.SKIP),
                                            ("t.f.c", Status.XFAIL), ("t.f.d", Status.FAIL)])  # fmt: skip

    def test_all_skipped_program(self) -> None:
        self.assertEqual(self.parse("1..0 # SKIP no /dev/kvm\n", value=4), [("t", Status.SKIP)])
        self.assertEqual(self.parse("no kvm\n", value=4), [("t", Status.SKIP)])

    def test_no_plan(self) -> None:
        self.assertEqual(self.parse("ok 1 a\n"), [("t.a", Status.PASS), ("t", Status.CRASH)])

    def test_too_many_wrong_order_twice_the_same(self) -> None:
        for text in (
            "1..1\nok 1 a\nok 2 b\n",
            "1..2\nok 2 a\nok 1 b\n",
            "1..2\nok 1 a\nok 2 a\n",
            "1..1\n1..1\nok 1 a\n",
        ):
            self.assertEqual(self.parse(text)[-1], ("t", Status.CRASH), text)

    def test_exit_status_must_agree(self) -> None:
        self.assertEqual(self.parse("1..1\nok 1 a\n", value=1)[-1], ("t", Status.FAIL))
        self.assertEqual(self.parse("1..1\nok 1 a\n", "signal", 11)[-1], ("t", Status.CRASH))

    def test_by_status(self) -> None:
        def read(text: str, how: str = "exit", value: int = 0) -> tuple[Status, str]:
            (found,) = ktap.by_status(protocol.Outcome("t", bytearray(text.encode()), how, value))
            return found.status, found.why

        self.assertEqual(read("ok 1 this is not looked at\n"), (Status.PASS, ""))
        self.assertEqual(read("seed\n1..0 # SKIP - no irqchip\n", value=4), (Status.SKIP, "no irqchip"))
        self.assertEqual(read("x\nval < 3\n", value=254), (Status.FAIL, "exit status 254; val < 3"))
        self.assertEqual(read("", "signal", 14)[0], Status.CRASH)
        self.assertEqual(read("", "timeout", 9)[0], Status.TIMEOUT)
        self.assertEqual(read("", "")[0], Status.CRASH)

    def test_notes(self) -> None:
        text = (
            "TAP version 13\n1..2\n#  RUN  a ...\nok 1 a\n# RUN  b ...\n==== x.c:9: c == d\n# b: aborted\nnot ok 2 b\n"
        )
        found = ktap.parse(protocol.Outcome("t", bytearray(text.encode()), "exit", 1))
        self.assertEqual([r.notes for r in found], [(), ("==== x.c:9: c == d", "# b: aborted")])

    def test_failed_subtest(self) -> None:
        """Under a result that says 'ok' it must not be lost, in either form that there is."""
        for inside in ("    not ok 2 y", "# not ok 2 y", "# # not ok 2 y", "  # Subtest: s\n  ok 1 x\n  not ok 2 y"):
            for outer in ("ok 1 a", "ok 1 a # SKIP no"):
                found = ktap.parse(protocol.Outcome("t", bytearray(f"1..1\n{inside}\n{outer}\n".encode()), "exit", 0))
                self.assertEqual([(r.id, r.status) for r in found], [("t.a", Status.FAIL)], inside)
                self.assertIn("subtest that says 'not ok 2 y'", found[0].why)
            self.assertEqual(self.parse(f"1..1\n{inside}\nnot ok 1 a\n", value=1), [("t.a", Status.FAIL)])
            self.assertEqual(self.parse(f"1..1\nok 1 a\n{inside}\n")[-1], ("t", Status.FAIL))

    def test_good_subtests(self) -> None:
        inside = "  1..3\n  ok 1 x\n  not ok 2 y # XFAIL C3\n# ok 3 z # SKIP no\n# it is not ok 1 time in 2\n"
        self.assertEqual(self.parse(f"1..1\n{inside}ok 1 a\n"), [("t.a", Status.PASS)])

    def test_bail_out(self) -> None:
        for text in ("1..2\nok 1 a\nBail out! no memory\n# Totals: 1\n", "ok 1 a\n# Bail out!  no memory\n"):
            (_, end) = ktap.parse(protocol.Outcome("t", bytearray(text.encode()), "exit", 1))
            self.assertEqual((end.id, end.status), ("t", Status.CRASH))
            self.assertEqual(end.why, "bails out after 1 results: no memory")

    def test_empty(self) -> None:
        self.assertEqual(self.parse(""), [("t", Status.CRASH)])
        self.assertEqual(self.parse("1..0\n"), [("t", Status.CRASH)])


if __name__ == "__main__":
    unittest.main()
