# SPDX-License-Identifier: GPL-2.0-only
"""Commands that boot a host once, with recorded boots in the place of QEMU."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from lab.checks import bench
from lab.config import data
from lab.core import errors
from lab.core.errors import LabError
from lab.core.options import Options
from lab.gdb import session
from lab.kernel import busybox, kbuild, selftests, stages
from lab.kernel.kbuild import Kernel
from lab.machine import boot, programs, protocol
from lab.results import records
from lab.results.ktap import Result, Status
from lab.results.tally import Judged
from lab.runner import fuzz, kselftest, program, suite
from lab.tests.machine import recorded

MAC = Options(target="mac99-g4")


class Booted(unittest.TestCase):
    """self.boot is what a boot leaves; self.specs, what was booted; self.left, the records."""

    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.boot: boot.Record | str = "pass"
        self.specs: list[boot.Spec] = []
        self.left: list[records.Record] = []
        for module, name, value in (
            (kbuild, "build", Kernel(Path("vmlinux"), recorded.RELEASE)),
            (selftests, "build", self.tmp),
            (selftests, "programs", {}),
            (selftests, "installed", self.tmp),
            (busybox, "build", b"busybox"),
            (programs, "compile_for", b"program"),
        ):
            self.enterContext(mock.patch.object(module, name, return_value=value))
        self.enterContext(mock.patch.object(boot, "run", self.run_boot))
        self.enterContext(mock.patch.object(records, "leave", lambda record, *_, **__: self.left.append(record)))
        self.enterContext(mock.patch.dict(os.environ, {"LAB_CACHE": str(self.tmp / "cache")}))
        self.out = self.enterContext(contextlib.redirect_stdout(io.StringIO()))
        self.said = self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    def run_boot(self, spec: boot.Spec, on_output: Any = None) -> boot.Record:
        self.specs.append(spec)
        if isinstance(self.boot, boot.Record):
            return self.boot
        return recorded.record(self.boot)

    def with_output(self, name: str, text: bytes, status: int = 0) -> None:
        """The next boots run one program that prints this."""
        self.boot = recorded.record("pass")
        self.boot.channel.outcomes[:] = [protocol.Outcome(name, bytearray(text), "exit", status)]


class Program(Booted):
    def test_boot(self) -> None:
        self.assertEqual(program.boot_only(MAC), errors.PASSED)
        self.assertRegex(self.said.getvalue(), r"mac99-g4: 7.*KVM PR guests can be created; up after")
        self.boot = "oops"
        self.assertEqual(program.boot_only(MAC), errors.CRASHED)

    def test_run(self) -> None:
        payload = self.tmp / "pp"
        payload.write_bytes(b"elf")
        with mock.patch.object(program.elf, "check", return_value=b"elf"):
            self.assertEqual(program.run(Options(target="mac99-g4", payload=str(payload), args="-a 'b c'")), 0)
            with self.assertRaisesRegex(LabError, "ARGS: No closing quotation"):
                program.run(Options(target="mac99-g4", payload=str(payload), args="'"))
        (command,) = self.specs[0].commands
        self.assertEqual((command.argv, command.limit), (["/bin/pp", "-a", "b c"], program.LIMIT))

    def test_shell_wants_a_terminal(self) -> None:
        with mock.patch("sys.stdin", io.StringIO()), self.assertRaisesRegex(LabError, "needs a terminal"):
            program.interactive(MAC)


class Programs(Booted):
    def test_kselftest(self) -> None:
        (self.tmp / "kselftest-list.txt").write_text("kvm:pp\nkvm:other\n")
        self.with_output("pp", b"TAP version 13\n1..1\nok 1 one\n")
        assert isinstance(self.boot, boot.Record)
        self.boot.channel.outcomes.insert(0, protocol.Outcome("busybox", bytearray(), "exit", 0))
        self.assertEqual(kselftest.main(Options(target="mac99-g4", test="pp")), errors.PASSED)
        self.assertIn("1 passed, 0 failed", self.out.getvalue())
        with self.assertRaisesRegex(LabError, "TEST=none: the installed list has no such test: other, pp"):
            kselftest.main(Options(target="mac99-g4", test="none"))

    def test_fuzz(self) -> None:
        names = [
            p.binary
            for p in fuzz.file().program
            if p.binary in {t.binary for t in data.programs(data.target("mac99-g4"))}
        ]
        self.with_output(names[0], b"TAP version 13\n# seed 0x12\n1..1\nok 1 one\n")
        fuzz.main(Options(target="mac99-g4", test=names[0], seconds=1, seed="0x12"))
        (record,) = self.left
        self.assertEqual((record.facts["seed"], record.facts["said"]), ("0x12", ["seed 0x12"]))

    def test_bench(self) -> None:
        watches = ("watch_none", *bench.HITS, *(row[0] for row in bench.WATCHES))
        text = "".join(f"{name} {8 if name in watches else 100}\n" for name in (*bench.FREE, *bench.STEPS, *watches))
        for osi, want in ((200, errors.PASSED), (10, errors.FAILED)):
            said = f"{text}osi_exit {osi}\n".encode()

            def run(spec: boot.Spec, on_output: Any = None, said: bytes = said) -> boot.Record:
                on_output(said)
                return recorded.record("pass")

            with mock.patch.object(boot, "run", run):
                self.assertEqual(bench.main(MAC), want)
        self.assertIn("BROKEN", self.out.getvalue())

    def test_stages(self) -> None:
        stages.kernel(MAC)
        stages.programs(MAC)
        self.assertEqual(self.out.getvalue().splitlines(), ["vmlinux", str(self.tmp)])


class Suite(Booted):
    """The commands of a job are pp's, whatever the suite names."""

    def setUp(self) -> None:
        super().setUp()
        tests = [data.Test("pp", 3)]
        self.enterContext(mock.patch.object(data, "suite", return_value=tests))

    def run_suite(self, kernel: str = "", test: str = "") -> int:
        return suite.run(Options(target="mac99-g4", kernel=kernel, test=test))

    def test_patched(self) -> None:
        self.assertEqual(self.run_suite(kernel="mainline"), errors.PASSED)
        self.assertEqual(self.out.getvalue().splitlines()[-1], "1 passed, 0 failed, 1 skipped")
        (record,) = self.left
        self.assertEqual((record.kind, record.counts["passed"]), ("test", 1))

    def test_a_crash_is_the_exit_status(self) -> None:
        self.boot = "oops"
        self.assertEqual(self.run_suite(kernel="mainline"), errors.CRASHED)
        self.assertIn("(kernel): CRASHED", self.out.getvalue())

    def test_unpatched_beside_patched(self) -> None:
        """pp.one passes on both: on the unpatched kernel that is a failure."""
        self.assertEqual(self.run_suite(), errors.FAILED)
        self.assertIn("stock-mainline mac99-g4: pp.one: PASSED: passes, but must fail", self.out.getvalue())

    def test_a_part_leaves_no_record(self) -> None:
        self.assertEqual(self.run_suite(kernel="mainline", test="pp.one"), errors.PASSED)
        self.assertEqual(self.left, [])

    def test_everything_skipped(self) -> None:
        self.with_output("pp", b"TAP version 13\n1..1\nok 1 one # SKIP no\n")
        self.assertEqual(self.run_suite(kernel="mainline"), errors.FAILED)
        self.assertIn("(all): FAILED: every test was skipped", self.out.getvalue())

    def test_sessions(self) -> None:
        """With a guest: the kind of a test chooses who judges it."""
        job = suite.Job(data.base("mainline"), data.target("pseries-p8"), [data.Test("guestboot", 5, guest="slof")])
        judge = mock.Mock(return_value=Judged([Result("guestboot", Status.PASS)], 9.0, 2.0))
        with mock.patch.dict(suite.JUDGES, {"guestboot": judge}):
            suite.execute(job)
        judge.assert_called_once()
        self.assertEqual(([r.id for r in job.results], job.seconds, job.first), (["guestboot"], 9.0, 2.0))

    def test_a_session_of_gdb_whose_host_crashed(self) -> None:
        """Its cases count, and the crash does."""
        test = data.Test("gdb_slof", 5, guest="slof")
        job = suite.Job(data.base("mainline"), data.target("mac99-g4"), [test], pattern="gdb_slof.one")
        said = protocol.Outcome("gdb_slof", bytearray(b"TAP version 13\n1..2\nok 1 one\nok 2 two\n"), "exit", 0)
        told = (said, recorded.record("oops"), recorded.spec())
        with mock.patch.object(session, "session", return_value=told):
            suite.execute(job)
        self.assertEqual([r.id for r in job.results], ["(gdb_slof)", "gdb_slof.one"])
        self.assertEqual(job.code, errors.CRASHED)


if __name__ == "__main__":
    unittest.main()
