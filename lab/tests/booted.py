# SPDX-License-Identifier: GPL-2.0-only
"""Commands that boot a host once, with recorded boots in the place of QEMU."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from lab.core.options import Options
from lab.kernel import busybox, kbuild, selftests
from lab.kernel.kbuild import Kernel
from lab.machine import boot, programs, protocol
from lab.results import records
from lab.tests.machine import recorded

GREETING = b'{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "capabilities": []}}\n'
MAC = Options(target="mac99-g4")


def talking(said: bytes, name: str = "pass", ends: bool = False) -> Callable[..., boot.Record]:
    """boot.run() of a host whose program says this, and that goes on until it is stopped, or ends by itself."""

    def run(spec: boot.Spec, on_output: Callable[[bytes], None]) -> boot.Record:
        on_output(said)
        assert spec.stop is not None
        if not ends and not spec.stop.wait(30):
            raise AssertionError("nobody stops the host")
        return recorded.record(name)

    return run


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
