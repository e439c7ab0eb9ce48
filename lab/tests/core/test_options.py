# SPDX-License-Identifier: GPL-2.0-only
"""Options are parsed once: what a command does not take is refused."""

from __future__ import annotations

import contextlib
import io
import os
import unittest
from pathlib import Path
from unittest import mock

from lab import __main__ as front
from lab.checks import everything
from lab.config import commands
from lab.core import errors, options
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel.kbuild import Kernel
from lab.lockstep import checkpoint, lockstep
from lab.machine import boot, protocol
from lab.runner import mutants, suite


def parse(*words: str, **environment: str) -> Options:
    return options.parse("walk", words, ["K", "STEPS", "RESUME", "V"], environment)


class Parse(unittest.TestCase):
    def test_words(self) -> None:
        made = parse("K=6.12", "STEPS=9", "RESUME=1", "V=0")
        self.assertEqual((made.kernel, made.steps, made.resume, made.verbose), ("6.12", 9, True, False))
        self.assertEqual(made.said("K", "STEPS", "V"), "K=6.12, STEPS=9")

    def test_nothing(self) -> None:
        self.assertEqual(parse(), Options())
        empty = parse("K=", "STEPS=", "RESUME=")
        self.assertEqual((empty.kernel, empty.steps, empty.resume), ("", 0, False))
        self.assertEqual(empty.given, {"K", "STEPS", "RESUME"})

    def test_environment(self) -> None:
        """Words come first; variables of another program are not looked at."""
        made = parse("K=6.12", K="6.1", STEPS="7", OUT="build", FORMAT="elf")
        self.assertEqual((made.kernel, made.steps, made.out, made.format), ("6.12", 7, "", ""))

    def test_refused(self) -> None:
        for word, why in (
            ("Q=1", "unknown argument 'Q=1'; known: K="),
            ("fast", "unknown argument 'fast'"),
            ("GUEST=slof", "'walk' takes no GUEST=; it takes K=, STEPS=, RESUME=, V="),
            ("STEPS=0", "STEPS=0: give a whole number, 1 or more"),
            ("STEPS=-1", "STEPS=-1: give a whole"),
            ("V=yes", "V=yes: give 1 .on. or 0"),
            ("RESUME= ", "RESUME= : give 1"),
        ):
            with self.subTest(word), self.assertRaisesRegex(LabError, why):
                parse(word)

    def test_every_variable_is_documented(self) -> None:
        named = {v.name for v in commands.table().variable}
        self.assertEqual(named, {*options.variables(), options.ELSEWHERE})
        taken = {v for c in commands.table().command for v in commands.takes(c)}
        self.assertEqual(taken, set(options.variables()))


class Front(unittest.TestCase):
    def main(self, *words: str) -> tuple[int, str, str]:
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error), mock.patch.dict(os.environ):
            for name in options.variables():
                os.environ.pop(name, None)
            return front.main(list(words)), out.getvalue(), error.getvalue()

    def test_each_command_has_help(self) -> None:
        for command in commands.table().command:
            code, said, _ = self.main(command.name, "--help")
            self.assertEqual(code, errors.PASSED)
            self.assertIn(f"usage: make {command.name} ", said)
            for variable in command.uses:
                self.assertIn(f"  {variable}=", said)

    def test_not_taken(self) -> None:
        for words in (("check", "K=6.1"), ("kernel", "GUEST=slof"), ("demo", "STEPS=5"), ("clean", "T=x")):
            code, _, said = self.main(*words)
            self.assertEqual(code, errors.SETUP)
            self.assertIn(f"'{words[0]}' takes no {words[1].partition('=')[0]}=; it takes ", said)

    def test_mutants_0_is_the_plain_test(self) -> None:
        with (
            mock.patch.object(suite, "run", return_value=7),
            mock.patch.object(mutants, "main", return_value=8),
        ):
            self.assertEqual(self.main("test", "MUTANTS=0")[0], 7)
            self.assertEqual(self.main("test", "MUTANTS=1")[0], 8)

    def test_what_comes_before_the_tests(self) -> None:
        with mock.patch.object(suite, "run", return_value=0) as run:
            self.main("test")
            self.main("test", "T=mac99-g4")
        self.assertEqual([call.args[1] for call in run.call_args_list], [everything.before, None])

    def test_v_0_is_quiet(self) -> None:
        record = boot.Record(b"the console\n", protocol.Channel("0"))
        for verbose, wanted in ((False, ""), (True, "the console\n")):
            told = Options(verbose=verbose)
            with mock.patch.object(options, "everywhere", told), contextlib.redirect_stderr(io.StringIO()) as said:
                boot.echo_console(record)
            self.assertEqual(said.getvalue(), wanted)

    def test_resume_0_starts_anew(self) -> None:
        here = mock.Mock(done=5, read=mock.Mock(return_value=True))
        with (
            mock.patch.multiple(lockstep, nested_qemu=mock.DEFAULT, install=mock.DEFAULT),
            mock.patch.object(lockstep.kbuild, "build", return_value=Kernel(Path("vmlinux"), "7")),
            mock.patch.object(checkpoint, "checkpoint", return_value=here),
            mock.patch.object(lockstep, "report", return_value=0),
            mock.patch.object(lockstep, "leave_record"),
            mock.patch.object(lockstep, "compare") as compare,
        ):
            lockstep.main(parse("RESUME=0", "STEPS=9"))
        self.assertIsNone(compare.call_args.args[5])
        here.read.assert_not_called()


if __name__ == "__main__":
    unittest.main()
