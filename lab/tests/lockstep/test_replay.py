# SPDX-License-Identifier: GPL-2.0-only
"""What is recorded of a reference that is made up."""

from __future__ import annotations

import struct
import unittest
from unittest import mock

from lab.config import data
from lab.core import errors
from lab.core.errors import LabError
from lab.guest import guest
from lab.lockstep import replay
from lab.machine import verdict

from .test_pair import LWARX, MFTB_R3, NOP, Machine


def record(code: list[int], effects: dict, count: int = 100) -> tuple[replay.Recorder, bytes]:
    recorder = replay.Recorder(guest.find("openbios-g4"), Machine(code, effects))
    content = recorder.record(count)
    start = struct.calcsize(f">{len(recorder.names)}Q")
    return recorder, content[start:]


class Record(unittest.TestCase):
    def test_step(self) -> None:
        """The instruction, and what it changed."""
        recorder, content = record([NOP, NOP], {0: {"r4": 7}}, 1)
        changes = struct.pack(">BQBQ", 4, 7, recorder.names.index("pc"), 0x104)
        self.assertEqual(content, struct.pack(">IBB", NOP, 2, 0) + changes)

    def test_rule(self) -> None:
        """What may differ is told with the rule's number and its bits."""
        recorder, content = record([MFTB_R3], {0: {"r3": 9}})
        number = [rule.name for rule in recorder.table.rule].index("mftb")
        self.assertEqual(content[:6], struct.pack(">IBB", MFTB_R3, 2, 1))
        self.assertEqual(content[-10:], struct.pack(">BBQ", number, 3, 2**64 - 1))

    def test_ends_before_a_reservation(self) -> None:
        recorder, _ = record([NOP, LWARX, NOP], {})
        self.assertEqual(recorder.steps, 1)

    def test_registers_are_those_of_the_program(self) -> None:
        """lab/lockstep/replay.c has them by number."""
        wanted = [f"r{n}" for n in range(32)] + ["pc", "msr", "cr", "lr", "ctr", "xer"]
        recorder, _ = record([NOP], {})
        self.assertEqual(recorder.names[: len(wanted)], wanted)
        table = data.load(data.DATA / "lockstep.toml")["registers"]["step"]
        self.assertEqual(table, ["srr0", "srr1", "sprg0", "sprg1", "sprg2", "sprg3", "dar", "dsisr"])


class Compare(unittest.TestCase):
    def test_a_host_that_crashes_is_no_difference(self) -> None:
        """Its exit status is not lost: make test ends with it."""
        crashed = verdict.Verdict(errors.CRASHED, "Oops", [])
        base, target, who = data.base("mainline"), data.target(replay.TARGET), guest.find("openbios-g4")
        with (
            mock.patch.object(replay.kbuild, "build"),
            mock.patch.object(replay, "trace", return_value=replay.Trace(1, b"", b"")),
            mock.patch.object(replay.programs, "compile_for", return_value=b""),
            mock.patch.object(replay.verdict, "run", return_value=(mock.Mock(), crashed)),
            self.assertRaises(LabError) as raised,
        ):
            replay.compare(base, target, who, 1, "name", 1)
        self.assertEqual(raised.exception.code, errors.CRASHED)


if __name__ == "__main__":
    unittest.main()
