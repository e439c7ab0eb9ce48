# SPDX-License-Identifier: GPL-2.0-only
"""Where a comparison goes on from."""

from __future__ import annotations

import contextlib
import io
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from lab.guest import guest
from lab.lockstep import checkpoint, stepping
from lab.tests import support

from .test_pair import NOP, Machine


class Saved(Machine):
    """A machine whose saved state is its pc."""

    def __init__(self) -> None:
        super().__init__([NOP] * 9, {})
        self.wire = mock.Mock()

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(hex(self.values["pc"]))


class Checkpoints(support.InCache):
    def test_goes_on(self) -> None:
        here = checkpoint.Checkpoint(self.tmp / "x")
        self.assertFalse(here.read())
        here.write(Saved(), 7, {"rule": 3})
        again = checkpoint.Checkpoint(self.tmp / "x")
        self.assertTrue(again.read())
        self.assertEqual((again.done, again.by_rule, again.state.read_text()), (7, {"rule": 3}, "0x100"))

    def test_an_interrupted_one_is_none(self) -> None:
        """The notes of the state before must not be taken for those of the new one."""
        here = checkpoint.Checkpoint(self.tmp / "x")
        here.write(Saved(), 7, {})
        broken = Saved()
        with mock.patch.object(broken, "save", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            here.write(broken, 8, {})
        self.assertFalse(checkpoint.Checkpoint(self.tmp / "x").read())

    def test_each_kernel_guest_and_place_has_its_own(self) -> None:
        one, two = guest.find("openbios-g4"), guest.find("slof")
        with mock.patch.object(guest, "files", return_value={}):
            rows = [("7", one, ""), ("8", one, ""), ("7", two, ""), ("7", one, "0x110")]
            self.assertEqual(len({checkpoint.checkpoint(*row).folder for row in rows}), 4)

    def test_reach(self) -> None:
        """At full speed to the place, and without the breakpoint from there."""
        machine = Saved()

        @contextlib.contextmanager
        def reference(_: guest.Guest) -> Iterator[Machine]:
            yield machine

        with (
            mock.patch.object(stepping, "reference", reference),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            checkpoint.reach(guest.find("openbios-g4"), "0x110", self.tmp / "start")
        self.assertEqual((self.tmp / "start").read_text(), "0x110")
        self.assertEqual((machine.stops, len(machine.ran_with)), ([], 1))


if __name__ == "__main__":
    unittest.main()
