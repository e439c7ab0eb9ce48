# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own runner in a booted target."""

from __future__ import annotations

import shlex
import unittest
from unittest import mock

from lab.config import data
from lab.core import errors
from lab.core.errors import LabError
from lab.core.options import Options
from lab.machine import boot, programs, protocol
from lab.runner import kselftest, program
from lab.tests.booted import Booted


class Words(unittest.TestCase):
    """Of the runner's command line, as sh takes it apart."""

    def words(self, test: data.Test) -> list[str]:
        made = kselftest.command(test, data.target("mac99-g4"))
        self.assertEqual(made.argv[:2], ["/bin/sh", "-c"])
        return shlex.split(made.argv[2], comments=True)

    def test_arguments(self) -> None:
        """They go through the environment, quoted."""
        self.assertEqual(self.words(data.Test("pp", 1)), ["exec", "/lab/kselftest/run_kselftest.sh", "-t", "kvm:pp"])
        words = self.words(data.Test("pp", 1, args=["-t", "10", "$x;"]))
        self.assertEqual(words[:2], ["export", "KSELFTEST_PP_ARGS=-t 10 $x;;"])

    def test_limit(self) -> None:
        """init has it, longer on a slow kernel."""
        slow = data.target("mac99-g4-debug")
        self.assertGreater(slow.boot.patience, 1)
        self.assertEqual(kselftest.command(data.Test("pp", 7), slow).limit, 7 * slow.boot.patience)

    def test_chosen(self) -> None:
        """Each program of the suite once, with the arguments of its first test; another one with a long limit."""
        tests = [data.Test("a", 1, args=["-x"]), data.Test("b", 2), data.Test("a", 3, name="again")]
        with mock.patch.object(data, "programs", return_value=tests):
            found = kselftest.chosen(data.target("mac99-g4"), "")
            self.assertEqual(sorted((t.binary, t.args) for t in found), [("a", ["-x"]), ("b", [])])
            found = kselftest.chosen(data.target("mac99-g4"), "other,b")
            self.assertEqual([(t.binary, t.limit) for t in found], [("other", program.LIMIT), ("b", 2)])


class Runner(Booted):
    def test_files(self) -> None:
        """The runner and the program that is asked for, not the other ones; no record of a part is left."""
        for name in ("run_kselftest.sh", "kselftest/runner.sh", "kvm/pp", "kvm/other"):
            (self.tmp / name).parent.mkdir(exist_ok=True)
            (self.tmp / name).write_text(name)
        (self.tmp / "kselftest-list.txt").write_text("kvm:pp\nkvm:other\n")
        kselftest.main(Options(target="mac99-g4", test="pp"))
        found = {name.removeprefix("lab/kselftest/") for name in self.specs[0].files}
        wanted = {"run_kselftest.sh", "kselftest/runner.sh", "kselftest-list.txt", "kvm/pp", programs.BUSYBOX}
        self.assertEqual(found, wanted)
        self.assertEqual(self.left, [])

    def test_a_crash_is_the_exit_status(self) -> None:
        (self.tmp / "kselftest-list.txt").write_text("kvm:pp\n")
        self.boot = "oops"
        self.assertEqual(kselftest.main(Options(target="mac99-g4", test="pp")), errors.CRASHED)
        self.assertEqual(self.out.getvalue(), "")

    def test_results(self) -> None:
        (self.tmp / "kselftest-list.txt").write_text("kvm:pp\nkvm:other\n")
        self.with_output("pp", b"TAP version 13\n1..1\nok 1 one\n")
        assert isinstance(self.boot, boot.Record)
        self.boot.channel.outcomes.insert(0, protocol.Outcome("busybox", bytearray(), "exit", 0))
        self.assertEqual(kselftest.main(Options(target="mac99-g4", test="pp")), errors.PASSED)
        self.assertIn("1 passed, 0 failed", self.out.getvalue())
        self.boot.channel.outcomes[1].output[:] = b"TAP version 13\n1..1\nok 1 one # SKIP no\n"
        self.assertEqual(kselftest.main(Options(target="mac99-g4", test="pp")), errors.FAILED)
        self.assertIn("0 passed, 1 failed, 1 skipped", self.out.getvalue())
        with self.assertRaisesRegex(LabError, "TEST=none: the installed list has no such test: other, pp"):
            kselftest.main(Options(target="mac99-g4", test="none"))


if __name__ == "__main__":
    unittest.main()
