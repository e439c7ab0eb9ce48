# SPDX-License-Identifier: GPL-2.0-only
"""Switches: what is on, what is off, what is refused."""

from __future__ import annotations

import contextlib
import io
import os
import unittest
from pathlib import Path
from unittest import mock

from lab import __main__ as front
from lab.config import data
from lab.core import options
from lab.core.errors import LabError
from lab.kernel.kbuild import Kernel
from lab.lockstep import checkpoint, lockstep
from lab.machine import boot, protocol
from lab.runner import mutants, suite


class Flag(unittest.TestCase):
    def test_values(self) -> None:
        for text, on in (("", False), ("0", False), ("00", False), ("1", True), ("2", True)):
            with mock.patch.dict(os.environ, {"V": text}):
                self.assertEqual(options.flag("V"), on, text)
        with mock.patch.dict(os.environ):
            os.environ.pop("V", None)
            self.assertFalse(options.flag("V"))

    def test_words_are_refused(self) -> None:
        for text in ("no", "-1", "yes", " "):
            with mock.patch.dict(os.environ, {"V": text}), self.assertRaisesRegex(LabError, "V=.*: give 1 .* or 0"):
                options.flag("V")

    def test_v_0_is_quiet(self) -> None:
        record = boot.Record(b"the console\n", protocol.Channel("0"))
        for text, wanted in (("0", ""), ("1", "the console\n")):
            with mock.patch.dict(os.environ, {"V": text}), contextlib.redirect_stderr(io.StringIO()) as said:
                boot.echo_console(record)
            self.assertEqual(said.getvalue(), wanted)

    def test_mutants_0_is_the_plain_test(self) -> None:
        with (
            mock.patch.dict(os.environ, {"MUTANTS": "0"}),
            mock.patch.object(suite, "main", return_value=7),
            mock.patch.object(mutants, "main", return_value=8),
        ):
            self.assertEqual(front.cmd_test(), 7)

    def test_resume_0_starts_anew(self) -> None:
        here = mock.Mock(done=5, read=mock.Mock(return_value=True))
        with (
            mock.patch.dict(os.environ, {"RESUME": "0", "STEPS": "9", "START": "", "GUEST": ""}),
            mock.patch.multiple(lockstep, nested_qemu=mock.DEFAULT, install=mock.DEFAULT),
            mock.patch.object(lockstep.kbuild, "build", return_value=Kernel(Path("vmlinux"), "7")),
            mock.patch.object(checkpoint, "checkpoint", return_value=here),
            mock.patch.object(lockstep, "report", return_value=0),
            mock.patch.object(lockstep, "leave_record"),
            mock.patch.object(lockstep, "compare") as compare,
        ):
            lockstep.main(data.base("mainline"), data.target("pseries-p8"))
        self.assertIsNone(compare.call_args.args[5])
        here.read.assert_not_called()

    def test_numbers(self) -> None:
        with mock.patch.dict(os.environ, {"STEPS": "0"}), self.assertRaisesRegex(LabError, "STEPS=0: give a whole num"):
            options.seconds("STEPS", 5)


if __name__ == "__main__":
    unittest.main()
