# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU in the target: which one, where its files are, and patches/qemu."""

from __future__ import annotations

import contextlib
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core import options
from lab.core.errors import LabError
from lab.core.options import Options
from lab.gdb import session
from lab.guest import nested_qemu
from lab.kernel import kbuild, patched_qemu, qemulibs
from lab.machine import boot, qemu
from lab.series import qemupatches


def chosen(client: str = "", flow: str = "") -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(options, "everywhere", Options(client=client, flow=flow))


class Choice(unittest.TestCase):
    def test_debian_is_the_default(self) -> None:
        with chosen():
            self.assertEqual((nested_qemu.chosen(), session.flow()), ("debian", "helped"))

    def test_patched_runs_gdb_s_own_flow(self) -> None:
        with chosen(client="patched"):
            self.assertEqual((nested_qemu.chosen(), session.flow()), ("patched", "default"))
        with chosen(flow="default"):
            self.assertEqual((nested_qemu.chosen(), session.flow()), ("debian", "default"))

    def test_bad_values_are_told_in_a_line(self) -> None:
        with chosen(client="mine"), self.assertRaisesRegex(LabError, r"^unknown CLIENT=mine; known: debian, patched$"):
            nested_qemu.chosen()
        with chosen(flow="mine"), self.assertRaisesRegex(LabError, r"^unknown FLOW=mine; known: default, helped$"):
            session.flow()

    def test_debian_has_none_for_a_mac(self) -> None:
        with chosen(), self.assertRaisesRegex(LabError, "^Debian has no QEMU for mac99-g4: use CLIENT=patched, or T="):
            nested_qemu.root(data.target("mac99-g4"))

    def test_every_host_of_pr_can_be_built_for(self) -> None:
        machines = {data.target(n).must.machine for n in data.names("targets") if data.target(n).must.pr}
        self.assertLessEqual(machines, set(patched_qemu.HOSTS))


class Places(unittest.TestCase):
    def test_files_of_a_plan(self) -> None:
        self.assertEqual(nested_qemu.inside(data.target("pseries-p8")), "/tmp/lab")
        self.assertEqual(nested_qemu.inside(data.target("mac99-g4")), "/lab")

    def test_the_client_s_port_of_a_mac_is_a_terminal(self) -> None:
        target = data.target("mac99-g4")
        built = kbuild.Kernel(Path("/vmlinux"), "7")
        spec = boot.Spec(target, built, [], sockets=[Path("/socket")])
        words = qemu.command_line(spec, Path("/initrd"), "null,id=console", "null,id=result")
        self.assertIn("virtserialport,chardev=result,name=result", words)
        self.assertIn("virtconsole,chardev=port0,name=port0", words)


class Building(unittest.TestCase):
    def test_pkg_config_files_may_be_moved(self) -> None:
        text = qemulibs.describe("zlib", "-lz")
        self.assertIn("Libs: -L${pcfiledir}/.. -lz\n", text)
        self.assertNotIn(" /", text)

    def test_a_message_is_not_built(self) -> None:
        mails = [b"Subject: %s\n\nBecause.\n---\n a | 1 +\n\ndiff --git a/a b/a\n+x\n" % s for s in (b"one", b"two")]
        self.assertEqual(*map(patched_qemu.changes, mails))
        self.assertIn(b"+x", patched_qemu.changes(mails[0]))

    def test_how_far_ninja_is(self) -> None:
        self.assertEqual(qemulibs.share(b"[1/5] a\nx\n[2/5] b\nwarning: [9/9]\n"), "2 of 5 steps")
        self.assertEqual(qemulibs.share(b""), "")


class Patches(unittest.TestCase):
    def folder(self, count: int, listed: str) -> list[str]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for mail in ("0001-a.patch", "0002-b.patch"):
                (folder / mail).write_text("")
            (folder / "series").write_text(listed)
            (folder / "BASE").write_text('package = "qemu"\nversion = "1"\nkernel = "1"\nsha256 = "1"\n')
            (folder / "cover-letter").write_text(f"Subject: [PATCH 00/{count:02d}] x\n")
            return [line.replace(name, "") for line in qemupatches.listing(folder)]

    def test_listing(self) -> None:
        self.assertEqual(self.folder(2, "0001-a.patch\n0002-b.patch\n"), [])
        self.assertEqual(self.folder(2, "0002-b.patch\n0001-a.patch\n"), ["/series: not in the order of the numbers"])
        self.assertEqual(self.folder(2, "0001-a.patch\n"), ["/series and the folder differ by 0002-b.patch"])
        self.assertIn("its Subject must say [PATCH 00/2]", self.folder(3, "0001-a.patch\n0002-b.patch\n")[0])


if __name__ == "__main__":
    unittest.main()
