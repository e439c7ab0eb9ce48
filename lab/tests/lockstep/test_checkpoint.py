# SPDX-License-Identifier: GPL-2.0-only
"""Where a comparison goes on from."""

from __future__ import annotations

import contextlib
import io
import time
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.guest import guest
from lab.kernel import kbuild
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

    def test_hosts_share_a_start(self) -> None:
        """One runs the reference to it, the other waits and takes the file."""
        reached: list[Path] = []

        def reach(_: guest.Guest, __: str, path: Path) -> None:
            reached.append(path)
            time.sleep(0.1)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

        who = guest.find("openbios-g4")
        target = data.target("pseries-p8")
        with (
            mock.patch.object(checkpoint, "reach", reach),
            mock.patch.object(kbuild, "build", return_value=kbuild.Kernel(Path("vmlinux"), "7")),
            mock.patch.object(guest, "files", return_value={}),
            contextlib.redirect_stderr(io.StringIO()),
            ThreadPoolExecutor(2) as pool,
        ):
            both = [pool.submit(checkpoint.start_state, data.base("mainline"), target, who, "0x110") for _ in "12"]
            self.assertEqual(both[0].result(), both[1].result())
        self.assertEqual(len(reached), 1)


if __name__ == "__main__":
    unittest.main()
