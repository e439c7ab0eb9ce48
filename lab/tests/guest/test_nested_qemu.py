# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU in a target: which one, where its files are, and how it is talked to."""

from __future__ import annotations

import contextlib
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from lab.config import data
from lab.core import errors, options
from lab.core.errors import LabError
from lab.core.options import Options
from lab.guest import guest, nested_qemu
from lab.kernel.kbuild import Kernel
from lab.machine import boot
from lab.tests.booted import Booted, talking
from lab.tests.machine import recorded


def chosen(client: str = "") -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(options, "everywhere", Options(client=client))


class Choice(unittest.TestCase):
    def test_values(self) -> None:
        for value, want in (("", "debian"), ("debian", "debian"), ("patched", "patched")):
            with chosen(client=value):
                self.assertEqual(nested_qemu.chosen(), want)

    def test_debian_has_none_for_a_mac(self) -> None:
        with chosen(), self.assertRaisesRegex(LabError, "^Debian has no QEMU for mac99-g4: use CLIENT=patched, or T="):
            nested_qemu.root(data.target("mac99-g4"))

    def test_files_of_a_plan(self) -> None:
        self.assertEqual(nested_qemu.inside(data.target("pseries-p8")), "/tmp/lab")
        self.assertEqual(nested_qemu.inside(data.target("mac99-g4")), "/lab")

    def test_hosts_without_a_terminal_for_a_client(self) -> None:
        self.assertEqual(nested_qemu.port(data.target("pseries-p8")), "/dev/hvc2")
        with self.assertRaisesRegex(LabError, "^no client can be talked to in powernv9: use T=mac99-g4, "):
            nested_qemu.port(data.target("powernv9"))

    def test_a_wrong_host_is_told_before_anything_is_built(self) -> None:
        with (
            chosen(),
            mock.patch.object(nested_qemu.kbuild, "build") as build,
            self.assertRaisesRegex(LabError, "^Debian has no QEMU for mac99-g4"),
        ):
            nested_qemu.plan(data.base("mainline"), data.target("mac99-g4"), guest.find("slof"), [], "log")
        build.assert_not_called()


class Host(Booted):
    """A client in a recorded host."""

    def setUp(self) -> None:
        super().setUp()
        self.root = self.tmp / "root"
        (self.root / "usr/bin").mkdir(parents=True)
        (self.root / "usr/bin/qemu").write_bytes(b"elf")
        self.enterContext(mock.patch.object(nested_qemu, "root", return_value=self.root))

    def client(self, said: bytes = b"", target: str = "mac99-g4", **how: Any) -> nested_qemu.Client:
        self.enterContext(mock.patch.object(boot, "run", talking(said, **how)))
        built = Kernel(Path("vmlinux"), recorded.RELEASE)
        argv = ["/usr/bin/qemu", "-S"]
        made = nested_qemu.Client(nested_qemu.Plan(data.target(target), built, argv, argv[0], {"state": b"s"}))
        self.addCleanup(made._folder.cleanup)
        return made

    def test_what_is_booted(self) -> None:
        """A Mac has the program in its initramfs; a partition gets the whole root as a share."""
        mac, partition = self.client().spec, self.client(target="pseries-p8").spec
        self.assertEqual((mac.share, mac.files), (None, {"lab/state": b"s", "usr/bin/qemu": b"elf"}))
        self.assertEqual((partition.share, partition.files), (self.root, {"lab/state": b"s"}))
        self.assertEqual((mac.raw, partition.raw), (["hvc0"], ["hvc2"]))
        self.assertEqual(self.client(target="powernv9-hash").spec.raw, [])
        limit = data.target("mac99-g4").boot.limit
        self.assertEqual(mac.target.boot.limit, nested_qemu.PATIENCE * limit)
        self.assertEqual([(c.name, c.limit) for c in mac.commands], [("qemu", 0)])

    def test_greeting(self) -> None:
        version = '{"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "Debian 1:10"}'
        said = f'words {{"QMP": {{"version": {version}, "capabilities": ["oob"]}}}}\r\nmore'
        with self.client(said.encode()) as host:
            self.assertEqual(host.greeting(), "10.0.2 (Debian 1:10)")
            self.assertTrue(host.alive)
        self.assertFalse(host.alive or host.folder.exists())
        self.assertEqual(host.end().console, recorded.record("pass").console)

    def test_what_does_not_come(self) -> None:
        """The end of what was said is shown; blank lines are not."""
        with (
            self.assertRaisesRegex(LabError, "^mac99-g4: no prompt within 0 s$") as caught,
            self.client(b"".join(b"%d\n\n" % n for n in range(12))) as host,
        ):
            host.wait_for(lambda: b"0 >" in host.said, 0, "prompt")
        self.assertEqual(caught.exception.code, errors.FAILED)
        shown = [line.split()[-1] for line in self.said.getvalue().splitlines()]
        self.assertEqual(shown, [str(n) for n in range(4, 12)])

    def test_a_host_that_crashed(self) -> None:
        with self.assertRaises(LabError) as caught, self.client(name="oops", ends=True) as host:
            host.ended(30)
            host.wait_for(lambda: False, 30, "prompt")
        self.assertEqual((str(caught.exception), caught.exception.code), ("mac99-g4: no prompt", errors.CRASHED))
        self.assertIn("Kernel panic - not syncing", self.said.getvalue())

    def test_a_host_that_ends(self) -> None:
        """It is not said that the limit passed, even while the host's thread is at its last lines."""
        host = self.client(ends=True)

        def prompt() -> bool:
            end = time.monotonic() + 30
            while host._record is None and time.monotonic() < end:
                time.sleep(0.01)
            return False

        with self.assertRaisesRegex(LabError, "^mac99-g4: no prompt$"), host:
            host.wait_for(prompt, 60, "prompt")

    def test_a_boot_that_fails(self) -> None:
        """What goes wrong in the thread is told to who waits for it."""
        made = self.client()
        run = mock.patch.object(boot, "run", side_effect=LabError("QEMU does not start"))
        with self.assertRaisesRegex(LabError, "^QEMU does not start$"), run, made as host:
            host.greeting()


if __name__ == "__main__":
    unittest.main()
