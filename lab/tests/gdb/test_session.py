# SPDX-License-Identifier: GPL-2.0-only
"""Sessions of gdb: how they run, and how they are judged."""

from __future__ import annotations

import contextlib
import unittest
from unittest import mock

from lab.config import data
from lab.core import errors, options
from lab.core.errors import LabError
from lab.core.options import Options
from lab.gdb import session
from lab.machine import protocol
from lab.runner import suite
from lab.tests.booted import Booted
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
        with chosen(flow="mine"), self.assertRaisesRegex(LabError, r"^unknown FLOW=mine; known: default, helped$"):
            session.flow()


class Judged(Booted):
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
