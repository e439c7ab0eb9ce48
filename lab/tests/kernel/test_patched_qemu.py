# SPDX-License-Identifier: GPL-2.0-only
"""What a build of the patched QEMU is made of, and when it is built again."""

from __future__ import annotations

import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest import mock

from lab.config import data
from lab.core.errors import LabError
from lab.kernel import kbuild, patched_qemu, qemulibs
from lab.tests import support

BASE = 'package = "qemu"\nversion = "{}"\nkernel = "10"\nsha256 = "ab"\n'
MAIL = "Subject: {}\n\nBecause.\n---\n a | 1 +\n\ndiff --git a/a b/a\n{}\n"


class Building(support.InCache):
    def test_every_host_of_pr_can_be_built_for(self) -> None:
        machines = {data.target(n).must.machine for n in data.names("targets") if data.target(n).must.pr}
        self.assertLessEqual(machines, set(patched_qemu.HOSTS))

    def test_no_base(self) -> None:
        with (
            mock.patch.object(patched_qemu, "PATCHES", self.tmp),
            self.assertRaisesRegex(LabError, f"^{self.tmp}/BASE is missing: restore it with git$"),
        ):
            patched_qemu.base()

    def test_key(self) -> None:
        """Code, version and compiler are built; a message and the target's name are not."""
        (self.tmp / "series").write_text("0001-a.patch\n")

        def key(subject: str = "one", code: str = "+x", version: str = "1", target: str = "mac99-g4") -> str:
            (self.tmp / "BASE").write_text(BASE.format(version))
            (self.tmp / "0001-a.patch").write_text(MAIL.format(subject, code))
            return patched_qemu.key(data.target(target))

        with (
            mock.patch.object(patched_qemu, "PATCHES", self.tmp),
            mock.patch.object(kbuild, "compiler", return_value="gcc 12") as compiler,
        ):
            one, whole = key(), patched_qemu.digest()
            self.assertEqual({key(subject="two"), key(target="mac99-g4-debug")}, {one})
            different = [one, key(code="+y"), key(version="2"), key(target="pseries-p8")]
            key(subject="two")
            self.assertNotEqual(patched_qemu.digest(), whole)
            compiler.return_value = "gcc 13"
            self.assertEqual(len({*different, key()}), 5)

    def test_a_machine_without_a_build(self) -> None:
        target = mock.MagicMock(must=SimpleNamespace(machine="ppc64el"))
        target.name = "new"
        with self.assertRaisesRegex(LabError, "^new: no QEMU is built for ppc64el; known: ppc64le, ppc64, ppc$"):
            patched_qemu.build(target)

    def test_configured_again(self) -> None:
        """Only if what configure is told has changed, or an earlier one has failed; then in an empty folder."""
        tree, out = self.tmp / "tree", self.tmp / "tree/out"
        tree.mkdir()
        script = tree / "configure"
        target, seen = data.target("mac99-g4"), []

        def run(argv: list[str | Path], what: str, cwd: Path, env: dict[str, str]) -> None:
            self.assertEqual((argv[0], what, cwd), (script, "configuring QEMU", out))
            seen.append([*cwd.iterdir()])
            (cwd / "made").touch()
            if len(seen) == 1:
                raise LabError("configure fails")

        tools = cast(qemulibs.Toolchain, SimpleNamespace(target=target, cross="p-", cc=["p-gcc"], run=run))
        with self.assertRaises(LabError):
            patched_qemu._configure(tools, tree, out, self.tmp / "root")
        for root in ("root", "root", "other", "other"):
            patched_qemu._configure(tools, tree, out, self.tmp / root)
        self.assertEqual(seen, [[], [], []])

    def test_built_once(self) -> None:
        """The second target of the same machine has the first one's."""
        made = []

        def build(_: data.Target, final: Path) -> None:
            final.mkdir(parents=True)
            made.append(final)

        with (
            mock.patch.object(patched_qemu, "_build", build),
            mock.patch.object(patched_qemu.install, "ensure"),
            mock.patch.object(kbuild, "compiler", return_value="gcc 12"),
        ):
            found = {patched_qemu.build(data.target(name)) for name in ("mac99-g4", "mac99-g4-debug", "mac99-g4")}
        self.assertEqual(list(found), made)


if __name__ == "__main__":
    unittest.main()
