# SPDX-License-Identifier: GPL-2.0-only
"""Sessions of gdb: how they run, and how they are judged."""

from __future__ import annotations

import contextlib
import io
import os
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest import mock

from lab.config import data
from lab.core import cache, errors, options
from lab.core.errors import LabError
from lab.core.options import Options
from lab.gdb import session
from lab.guest import guest, nested_qemu
from lab.machine import boot, protocol
from lab.runner import suite
from lab.tests import support
from lab.tests.booted import GREETING, Booted, talking
from lab.tests.machine import recorded


def chosen(client: str = "", flow: str = "") -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(options, "everywhere", Options(client=client, flow=flow))


class Flow(unittest.TestCase):
    def test_values(self) -> None:
        """Debian's QEMU needs help, the patched one runs gdb's own flow; FLOW= overrides both."""
        for client, flow, want in (
            ("", "", "helped"),
            ("patched", "", "default"),
            ("", "default", "default"),
            ("patched", "helped", "helped"),
        ):
            with chosen(client, flow):
                self.assertEqual(session.flow(), want)
                self.assertEqual(session.unhelped(), not client and want == "default")


class Words(unittest.TestCase):
    def test_before_gdb_attaches(self) -> None:
        """The machine is known before the target is, or gdb reads registers of another one."""
        with mock.patch.object(guest, "symbols", return_value=Path("/vmlinux")):
            words = session.command(guest.find("linux-p8"), "/socket")
        self.assertEqual((words[:2], words[-1]), (["gdb-multiarch", "-q"], "/vmlinux"))
        lines = words[3:-1:2]
        self.assertEqual(lines[:2], ["set architecture powerpc:common64", "set endian little"])
        self.assertEqual(lines[-1], "target remote /socket")

    def test_firmware_has_no_symbols(self) -> None:
        words = session.command(guest.find("openbios-g4"), "/socket")
        self.assertEqual(words[-2:], ["-ex", "target remote /socket"])
        self.assertIn("set endian big", words)

    def test_no_terminal(self) -> None:
        with (
            mock.patch("sys.stdin", io.StringIO()),
            self.assertRaisesRegex(LabError, "^make gdb needs a terminal; scripted sessions are make test SUITE=gdb$"),
        ):
            session.interactive(Options())


class Batch(support.InCache):
    """With a script in the place of gdb."""

    def batch(self, script: str, limit: float = 30, alive: bool = True) -> protocol.Outcome:
        (self.tmp / "gdb-multiarch").write_text(f"#!/bin/sh\n{script}\n")
        (self.tmp / "gdb-multiarch").chmod(0o755)
        host = cast(nested_qemu.Client, SimpleNamespace(folder=self.tmp, alive=alive))
        with mock.patch.dict(os.environ, {"PATH": f"{self.tmp}:{os.environ['PATH']}"}):
            return session.batch(host, ["-x", "one.py"], limit, {"SESSION_FLOW": "helped"})

    def test_output(self) -> None:
        """Both streams in one, no input; its Python finds the scripts and the lab."""
        done = self.batch('echo "$@"; echo $SESSION_FLOW $PYTHONPATH >&2; pwd; read x || echo no input; exit 3')
        lines = done.output.decode().splitlines()
        self.assertEqual(lines[0], "-nx -batch -x one.py")
        self.assertEqual(lines[1], f"helped {session.SCRIPTS}:{data.ROOT}")
        self.assertEqual(lines[2:], [str(self.tmp.resolve()), "no input"])
        self.assertEqual((done.how, done.value), ("exit", 3))
        self.assertGreater(done.ms, 0)

    def test_a_signal(self) -> None:
        done = self.batch("kill -SEGV $$")
        self.assertEqual((done.how, done.value), ("signal", 11))

    def test_limit(self) -> None:
        """What gdb has printed until then is kept."""
        done = self.batch("echo one; exec sleep 60", limit=1)
        self.assertEqual((done.how, done.value, bytes(done.output)), ("timeout", 1, b"one\n"))

    def test_a_host_that_has_gone(self) -> None:
        """gdb gets a little time to notice it, not the whole limit."""
        with mock.patch.object(session, "GONE", 0.3):
            done = self.batch("sleep 60", limit=600, alive=False)
        self.assertEqual(done.how, "timeout")
        self.assertLess(done.ms, 30000)


class Judged(Booted):
    def session(self, flow: str) -> tuple[list[str], str, Path]:
        """The words of gdb, its results, and the log; gdb is a script, and the host goes on until gdb has ended."""
        for name, text in (
            ("root/usr/bin/qemu-system-ppc", "elf"),
            ("gdb-multiarch", '#!/bin/sh\necho "$*" $SESSION_FLOW $SESSION_LIMIT $(basename $SESSION_SOCKET)\n'),
        ):
            (self.tmp / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tmp / name).write_text(text)
            (self.tmp / name).chmod(0o755)
        test = data.Test("gdb_firmware", 30, guest="openbios-g4", name="one")
        with (
            chosen(flow=flow),
            mock.patch.object(nested_qemu, "root", return_value=self.tmp / "root"),
            mock.patch.object(guest, "files", return_value={}),
            mock.patch.object(boot, "run", talking(GREETING)),
            mock.patch.dict(os.environ, {"PATH": f"{self.tmp}:{os.environ['PATH']}"}),
        ):
            outcome, record, _ = session.session(data.base("stock-mainline"), data.target("mac99-g4"), test)
        self.assertTrue(record.channel.done)
        self.assertEqual((outcome.how, outcome.value), ("exit", 0))
        return outcome.output.decode().split(), outcome.name, cache.log("one-stock-mainline-mac99-g4")

    def test_a_session(self) -> None:
        """The results have the test's name; the log has what gdb and the guest said."""
        words, name, log = self.session("")
        self.assertEqual((name, words[-2:]), ("one", ["helped", session.nested_qemu.SOCKET]))
        self.assertIn("session.main('gdb_firmware')", words)
        self.assertIn("\n--- the guest:\n{", log.read_text())

    def test_commands_have_a_limit_where_many_do_not_stop(self) -> None:
        words, *_ = self.session("default")
        self.assertEqual(words[-3:-1], ["default", str(session.UNHELPED_LIMIT)])

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
