# SPDX-License-Identifier: GPL-2.0-only
"""Records of runs, and RESULTS.md made of them."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core import options, proc
from lab.core.errors import LabError
from lab.kernel import patchmail
from lab.machine import qemu
from lab.results import records
from lab.results.ktap import Result, Status
from lab.tests.results.samples import record, tested


class Files(unittest.TestCase):
    def test_round_trip(self) -> None:
        self.assertEqual(records.parse(records.text(record()).decode(), Path("x")), record())

    def test_broken(self) -> None:
        for said in ("", "[]", "{}", '{"kind": 1, "tested": null, "colour": 2}'):
            with self.subTest(said), self.assertRaisesRegex(LabError, "is no record"):
                records.parse(said, Path("x"))

    def test_name(self) -> None:
        self.assertEqual(record().file, "test-mainline-mac99-g4-kvm-powerpc.json")
        self.assertEqual(record(kind="check-upstream", target="", name="").file, "check-upstream-mainline.json")

    def test_subject_over_two_lines(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            mail = Path(name) / "0001.patch"
            mail.write_text("From: me\nSubject: [PATCH 01/20] KVM: PPC: Do\n something\nDate: now\n\nbody\n")
            self.assertEqual(patchmail.subject(mail), "KVM: PPC: Do something")


class Gather(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.here, self.cache = Path(folder.name) / "records", Path(folder.name) / "cache"
        for name, value in (("FOLDER", self.here), ("kept", lambda: self.cache)):
            what = mock.patch.object(records, name, value)
            what.start()
            self.addCleanup(what.stop)

    def put(self, where: Path, what: records.Record) -> None:
        where.mkdir(exist_ok=True)
        (where / what.file).write_bytes(records.text(what))

    def test_newer_replaces_older(self) -> None:
        self.put(self.here, record())
        self.put(self.cache, record(date="2026-01-03T00:00:00Z", seconds=5.0))
        self.assertEqual(records.gather(), [record().file])
        self.assertEqual(records.read()[0].seconds, 5.0)

    def test_older_does_not(self) -> None:
        self.put(self.here, record(date="2026-01-03T00:00:00Z"))
        self.put(self.cache, record(seconds=5.0))
        self.assertEqual(records.gather(), [])

    def test_own_tree_is_left_out(self) -> None:
        self.put(self.cache, record(tested=tested(kernel="")))
        self.assertEqual(records.gather(), [])

    def test_lists_of_patches_come_along_and_go(self) -> None:
        for where in (self.here, self.cache):
            (where / records.PATCHES).mkdir(parents=True)
        (self.cache / records.PATCHES / "p1.txt").write_text("aaaaaaaaaaaaaaaa one\n")
        (self.here / records.PATCHES / "old.txt").write_text("x\n")
        self.put(self.cache, record())
        records.gather()
        self.assertEqual([p.name for p in (self.here / records.PATCHES).iterdir()], ["p1.txt"])
        self.assertEqual(records.patch_ids(self.here, "p1"), ["aaaaaaaaaaaa"])
        self.assertEqual(records.patch_ids(self.here, ""), [])


class Counts(unittest.TestCase):
    RESULTS = (
        Result("a.one", Status.PASS),
        Result("a.two", Status.TIMEOUT),
        Result("b.one", Status.SKIP, "no VSX"),
        Result("b.two", Status.FAIL),
    )

    def test_of_results(self) -> None:
        base, target = data.base("mainline"), data.target("mac99-g4")
        made = records.of_results("test", base, target, "kvm-powerpc", list(self.RESULTS), 1.0, seed="0x1")
        self.assertEqual(made.counts, {"passed": 1, "failed": 1, "skipped": 1, "hung": 1})
        self.assertEqual(made.facts["programs"]["a"], {"passed": 1, "hung": 1})
        self.assertEqual(made.facts["bad"], ["a.two", "b.two"])
        self.assertEqual(made.facts["skipped"], {"no VSX": 1})
        self.assertEqual(made.facts["seed"], "0x1")

    def test_a_record_that_fails_spoils_no_run(self) -> None:
        with mock.patch.object(records, "tested", side_effect=LabError("no tree")):
            records.leave(record(), data.base("mainline"))

    def test_the_patched_qemu(self) -> None:
        with (
            mock.patch.object(options, "everywhere", options.Options(client="patched")),
            mock.patch.object(qemu, "emulator", return_value=["qemu"]),
            mock.patch.object(proc, "output", return_value=b"x 1.2\n"),
        ):
            found = records.versions(data.target("pseries-p8"), sessions=True)
        self.assertRegex(found["QEMU in the host"], r"^1:10\.\S+ with patches/qemu [0-9a-f]{12}$")

    def test_versions(self) -> None:
        self.assertEqual(records._number("powerpc-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0"), "12.2.0")
        self.assertEqual(records._number("QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0)\nmore"), "10.0.13")
        self.assertEqual(records._number("GNU gdb (Debian 13.1-3) 13.1"), "13.1")


if __name__ == "__main__":
    unittest.main()
