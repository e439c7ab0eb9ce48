# SPDX-License-Identifier: GPL-2.0-only
"""What reaches children, and what is said of them."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.core import options, proc, ui
from lab.core.cache import ROOT
from lab.core.errors import LabError
from lab.tests import support

VARIABLES = [*options.variables(), options.ELSEWHERE]


class Environment(unittest.TestCase):
    def test_options_do_not_reach_builds(self) -> None:
        """V=0 would be kbuild's, FORMAT and OUT other makefiles' own."""
        with mock.patch.dict(os.environ, dict.fromkeys(VARIABLES, "x") | {"MAKEFLAGS": "x", "HOME": "/h"}):
            left = proc.environment({"KERNEL": "y"})
        self.assertEqual([n for n in (*VARIABLES, "MAKEFLAGS") if n in left], ["LAB_CACHE"])
        self.assertEqual((left["HOME"], left["KERNEL"]), ("/h", "y"))

    def test_all_from_nothing(self) -> None:
        """.ci/run drops each option that the Makefile exports and the front takes, but where the cache is."""
        (dropped,) = re.findall(r"^unset (.*)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
        self.assertEqual(set(dropped.split()), set(VARIABLES) - {"LAB_CACHE"})


class Commands(support.InCache):
    def test_full_disk_of_a_child(self) -> None:
        with self.assertRaisesRegex(LabError, "no space left for unpacking"):
            proc.logged(["sh", "-c", "echo 'x: No space left on device'; exit 1"], self.tmp / "log", "unpacking")

    def test_missing_program(self) -> None:
        with self.assertRaisesRegex(LabError, "powerpc-none-gcc: command not found; install it"):
            proc.output(["powerpc-none-gcc"])

    def test_nothing_starts_after_the_end(self) -> None:
        """A thread with more work in its loop ends, too, when a run is interrupted."""
        self.addCleanup(proc._ending.clear)
        with self.assertRaises(KeyboardInterrupt), proc.group(["sleep", "60"]) as child:
            proc.kill_all()
            self.assertEqual(child.wait(10), -signal.SIGKILL)
        with self.assertRaises(KeyboardInterrupt), proc.group(["sleep", "60"]):
            self.fail("it is started")


class Told(unittest.TestCase):
    def test_share_of_a_logged_command(self) -> None:
        told: list[str] = []
        with (
            tempfile.TemporaryDirectory() as name,
            mock.patch.object(ui, "say", told.append),
            mock.patch.object(ui.Heartbeat.__init__, "__defaults__", (0.0,)),
        ):
            log = Path(name) / "log"
            log.write_text("before\n")
            argv = ["sh", "-c", "echo one; echo two; sleep 1.5"]
            proc.logged(argv, log, "building", share=lambda said: f"{len(said.split())} words")
        self.assertTrue(told)
        self.assertIn("building ... 2 words, 0:0", told[0])


if __name__ == "__main__":
    unittest.main()
