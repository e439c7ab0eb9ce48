# SPDX-License-Identifier: GPL-2.0-only
"""Bad input and bad luck: one clear line and exit status 2."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import struct
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lab import __main__ as front
from lab.checks import unit_tests
from lab.config import data
from lab.core import cache, errors, proc
from lab.core.errors import LabError
from lab.debian import apt, install
from lab.kernel import kbuild, patchset, source
from lab.machine import elf, protocol
from lab.results.ktap import Result, Status
from lab.runner import report, suite

MAIL = """From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: A <a@b>
Date: Mon, 23 Nov 2026 00:00:00 +0000
Subject: [PATCH 1/1] x

---
diff --git a/virt/old.c b/virt/old.c
--- a/virt/old.c
+++ b/virt/old.c
@@ -1,2 +1,2 @@
 one
-two
+2
diff --git a/virt/new.c b/virt/new.c
new file mode 100644
--- /dev/null
+++ b/virt/new.c
@@ -0,0 +1 @@
+new
--
"""


class InCache(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        clean = {k: v for k, v in os.environ.items() if k not in front.VARIABLES}
        self.enterContext(mock.patch.dict(os.environ, clean | {"LAB_CACHE": str(self.tmp / "cache")}, clear=True))

    def main(self, *words: str) -> tuple[int, str]:
        """Exit status and the one line of a command."""
        with mock.patch.dict(os.environ), contextlib.redirect_stderr(io.StringIO()) as said:
            code = front.main(list(words))
        lines = said.getvalue().splitlines()
        self.assertEqual(len(lines), 1, lines)
        return code, lines[0]


class Targets(InCache):
    def test_like(self) -> None:
        """A variant has what it is like, and its own on top."""
        for target in map(data.target, data.names("targets")):
            if target.like:
                base = data.target(target.like)
                self.assertEqual(target.fragments[: len(base.fragments)], base.fragments)
                self.assertEqual((target.cross, target.must, target.programs), (base.cross, base.must, base.name))
                self.assertFalse(base.like)

    def test_pattern(self) -> None:
        self.assertTrue(all(t.default for t in data.targets("")))
        self.assertEqual([t.name for t in data.targets("pseries-p8")], ["pseries-p8"])
        self.assertEqual({t.like for t in data.targets("mac99-*-debug")}, {"mac99-g4", "mac99-g5"})

    def test_like_what_is_like_another(self) -> None:
        (self.tmp / "targets").mkdir()
        for name, like in (("a-debug", "pseries-p8-debug"), ("pseries-p8-debug", "pseries-p8"), ("pseries-p8", "")):
            text = (data.DATA / "targets/pseries-p8.toml").read_text() if not like else f'like = "{like}"\n'
            (self.tmp / "targets" / f"{name}.toml").write_text(text)
        with mock.patch.object(data, "DATA", self.tmp), self.assertRaisesRegex(LabError, "name that one"):
            data.target("a-debug")


class Commands(InCache):
    def test_unknown_names_list_the_known(self) -> None:
        for words, want in (
            (("kernel", "K=foo"), f"unknown K=foo; known: {', '.join(data.names('bases'))}"),
            (("kernel", "T=foo"), f"unknown T=foo; known: {', '.join(data.names('targets'))}"),
            (("test", "SUITE=foo"), f"unknown SUITE=foo; known: {', '.join(data.names('suites'))}"),
            (("test", "TEST=foo"), "TEST=foo names no test; known: "),
            (("frob",), "unknown command 'frob'; known: "),
            (("test", "X=1"), "unknown argument 'X=1'; known: "),
        ):
            code, line = self.main(*words)
            self.assertEqual(code, 2)
            self.assertIn(want, line)

    def test_help(self) -> None:
        """Asked for in any of its forms it is no error, and makes nothing."""
        asked: list[list[str]] = [[], ["help"], ["-h"], ["--help"], ["test", "--help"], ["frob", "-h", "X=1"]]
        for words in asked:
            with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()) as error:
                self.assertEqual(front.main(words), errors.PASSED, words)
            self.assertIn("usage: make COMMAND", said.getvalue())
            self.assertEqual(error.getvalue(), "")
        self.assertFalse((self.tmp / "cache").exists())

    def test_payload(self) -> None:
        self.assertIn("wants PAYLOAD=", self.main("run")[1])
        self.assertIn("No such file", self.main("run", f"PAYLOAD={self.tmp}/none")[1])
        (self.tmp / "text").write_text("#!/bin/sh\n")
        self.assertIn("is no ELF program: build it with", self.main("run", f"PAYLOAD={self.tmp}/text")[1])

    def test_cache_in_checkout(self) -> None:
        code, line = self.main("fetch", f"LAB_CACHE={cache.ROOT}/x")
        self.assertEqual(code, 2)
        self.assertIn("outside", line)

    def test_full_disk(self) -> None:
        for number in (errno.ENOSPC, errno.EDQUOT):
            with mock.patch.object(source, "find", side_effect=OSError(number, os.strerror(number))):
                code, line = self.main("fetch")
            self.assertEqual(code, 2)
            self.assertIn("no space left for", line)
        usage = mock.Mock(free=2**20)
        with (
            mock.patch("shutil.disk_usage", return_value=usage),
            self.assertRaisesRegex(LabError, "0.0 GB free in .*, 3 GB"),
        ):
            cache.need_space(3)

    def test_a_bug_is_no_failed_test(self) -> None:
        with (
            mock.patch.object(source, "find", side_effect=KeyError("x")),
            contextlib.redirect_stderr(io.StringIO()) as said,
        ):
            self.assertEqual(front.main(["fetch"]), errors.SETUP)
        self.assertIn("KeyError: 'x'", said.getvalue())
        self.assertIn("error: 'make fetch' has a bug", said.getvalue().splitlines()[-1])

    def test_full_disk_of_a_child(self) -> None:
        with self.assertRaisesRegex(LabError, "no space left for unpacking"):
            proc.logged(["sh", "-c", "echo 'x: No space left on device'; exit 1"], self.tmp / "log", "unpacking")

    def test_missing_program(self) -> None:
        with self.assertRaisesRegex(LabError, "powerpc-none-gcc: command not found; install it"):
            proc.output(["powerpc-none-gcc"])

    def test_missing_packages_not_root(self) -> None:
        with (
            mock.patch("os.geteuid", return_value=1),
            self.assertRaisesRegex(LabError, "as root run: apt-get install .* gcc-foo$"),
        ):
            install.ensure([data.Package("gcc-foo", "foo-none-gcc"), data.Package("sh", "/bin/sh")])

    def test_no_network(self) -> None:
        one = apt.Apt(["trixie"], "amd64")
        said = LabError("apt-get update failed: E: Temporary failure resolving 'x'")
        self.enterContext(mock.patch.object(proc, "logged", side_effect=said))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        with self.assertRaisesRegex(LabError, "no network: the Debian mirror .* does not answer"):
            one.update()

    def test_mirror_lacks_what_it_lists(self) -> None:
        """The next suites are tried: it is not the network."""
        one = apt.Apt(["trixie"], "ppc64el")

        def fails(*_: object, **__: object) -> None:
            one.log.parent.mkdir(parents=True, exist_ok=True)
            one.log.write_text("E: Failed to fetch http://x/libc6.deb  404  Not Found [IP: ::1 80]\n")
            raise LabError("fetching failed: E: Failed to fetch some files")

        self.enterContext(mock.patch.object(proc, "logged", side_effect=fails))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        with self.assertRaisesRegex(apt.Torn, "between two states .*trixie, ppc64el"):
            one.update()

    def test_kernel_src(self) -> None:
        self.assertIn("does not exist", self.main("fetch", "KERNEL_SRC=/nowhere")[1])
        self.assertIn("is no kernel tree", self.main("fetch", f"KERNEL_SRC={self.tmp}")[1])


class Stages(InCache):
    def test_interrupted_stage_leaves_nothing(self) -> None:
        final = self.tmp / "stage"
        with self.assertRaises(KeyboardInterrupt), cache.building(final) as work:
            (work / "half").write_text("x")
            raise KeyboardInterrupt
        self.assertEqual(list(self.tmp.glob("*stage*")), [])

    def test_full_disk_while_writing(self) -> None:
        (self.tmp / "file").write_text("old")
        with mock.patch("os.fdopen", side_effect=OSError(errno.ENOSPC, "full")), self.assertRaises(OSError):
            cache.write(self.tmp / "file", b"new")
        self.assertEqual((self.tmp / "file").read_text(), "old")
        self.assertEqual([p.name for p in self.tmp.iterdir() if "file" in p.name], ["file"])

    def test_lost_symbols(self) -> None:
        wanted = "CONFIG_A=y\nCONFIG_B=n\n# CONFIG_C is not set\nCONFIG_D=4\nCONFIG_A=y\n"
        self.assertEqual(kbuild.lost(wanted, "CONFIG_A=y\nCONFIG_D=4\n# CONFIG_B is not set\n"), [])
        self.assertEqual(kbuild.lost(wanted, "CONFIG_C=y\nCONFIG_D=8\n"), ["CONFIG_A=y", "CONFIG_C=n", "CONFIG_D=4"])

    def test_mirror(self) -> None:
        said = "http://x/s/|Debian-Security|main|$(SIGNED_BY)\nhttp://x/d/|Debian|main|/k.gpg\n"
        self.assertEqual(apt.mirror(said), ("http://x/d", "/k.gpg"))
        fresh = "http://x/debian-security/|$(LABEL)|main|\nhttp://x/debian/|$(LABEL)|main|\n"
        self.assertEqual(apt.mirror(fresh), ("http://x/debian", apt.KEYRING))
        with self.assertRaisesRegex(LabError, "no Debian archive"):
            apt.mirror("")


class Patches(InCache):
    def setUp(self) -> None:
        super().setUp()
        self.stock, self.folder, self.scratch = (self.tmp / n for n in ("stock", "patches", "scratch"))
        for path in (self.stock / "virt", self.folder, self.scratch):
            path.mkdir(parents=True)
        (self.stock / "virt/old.c").write_text("one\ntwo\n")
        (self.folder / "0001-x.patch").write_text(MAIL)
        (self.folder / "series").write_text("# the order\n0001-x.patch\n")

    def test_apply(self) -> None:
        patchset.apply(patchset.mails(self.folder), self.stock, self.scratch, "stock")
        self.assertEqual((self.scratch / "virt/old.c").read_text(), "one\n2\n")
        self.assertEqual((self.scratch / "virt/new.c").read_text(), "new\n")
        self.assertEqual((self.stock / "virt/old.c").read_text(), "one\ntwo\n")

    def test_a_diff_in_a_message_touches_nothing(self) -> None:
        mail = self.folder / "0001-x.patch"
        mail.write_text(MAIL.replace("\n---\n", "\nNot by\n\ndiff --git a/virt/else.c b/virt/else.c\n---\n", 1))
        self.assertEqual(patchset.touched([mail]), ["virt/new.c", "virt/old.c"])

    def test_does_not_apply(self) -> None:
        (self.stock / "virt/old.c").write_text("1\ntwo\n")
        with self.assertRaisesRegex(LabError, r"0001-x.patch does not apply to linux 9: virt/old.c:1; rebase it"):
            patchset.apply(patchset.mails(self.folder), self.stock, self.scratch, "linux 9")

    def test_series_names_a_missing_mail(self) -> None:
        (self.folder / "series").write_text("0002-y.patch\n")
        with self.assertRaisesRegex(LabError, "names 0002-y.patch, which is not there: run 'make backport'"):
            patchset.mails(self.folder)

    def test_base(self) -> None:
        (self.folder / "BASE").write_text("package: p\nversion: 1:2-3\nkernel: 7\nsha256: ab\n")
        self.assertEqual(patchset.read_base(self.folder / "BASE"), patchset.Base("p", "1:2-3", "7", "ab"))
        (self.folder / "BASE").write_text("package: p\n")
        with self.assertRaisesRegex(LabError, "no line 'version: ...'"):
            patchset.read_base(self.folder / "BASE")

    def test_sync_goes_there_and_back(self) -> None:
        tree = self.tmp / "tree"
        (tree / "virt").mkdir(parents=True)
        os.link(self.stock / "virt/old.c", tree / "virt/old.c")
        source.sync(tree, self.stock, {"virt/old.c": (b"changed\n", 0o644), "virt/new.c": (b"new\n", 0o755)})
        self.assertEqual((tree / "virt/old.c").read_text(), "changed\n")
        self.assertEqual((self.stock / "virt/old.c").read_text(), "one\ntwo\n")
        self.assertTrue((tree / "virt/new.c").stat().st_mode & stat.S_IXUSR)
        source.sync(tree, self.stock, {})
        self.assertEqual((tree / "virt/old.c").read_text(), "one\ntwo\n")
        self.assertFalse((tree / "virt/new.c").exists())


class Formats(InCache):
    def program(self, target: data.Target, interp: bool = False, machine: int | None = None) -> Path:
        wide, order = target.bits == 64, "<" if target.endian == "little" else ">"
        head = bytes([0x7F, *b"ELF", 2 if wide else 1, 1 if order == "<" else 2, 1]).ljust(16, b"\0")
        head += struct.pack(order + "HHI", 2, machine or (21 if wide else 20), 1)
        size = 64 if wide else 52
        head += struct.pack(order + ("QQQIHHHHHH" if wide else "IIIIHHHHHH"), 0, size, 0, 0, size, 56, 1, 0, 0, 0)
        path = self.tmp / "program"
        path.write_bytes(head + struct.pack(order + "I", 3 if interp else 1).ljust(56, b"\0"))
        return path

    def test_elf(self) -> None:
        for name in data.names("targets"):
            target = data.target(name)
            elf.check(self.program(target), target)
            with self.assertRaisesRegex(LabError, "needs shared libraries"):
                elf.check(self.program(target, interp=True), target)
            with self.assertRaisesRegex(LabError, f"is not for {name}"):
                elf.check(self.program(target, machine=62), target)

    def test_plan(self) -> None:
        words = protocol.plan("n", "hvc1", "poweroff", [protocol.Command("t", ["/bin/t", "a b"], 5)]).split(b"\0")
        self.assertEqual(words[:6], [b"nonce", b"n", b"result", b"hvc1", b"end", b"poweroff"])
        self.assertEqual(words[7:], [b"run", b"t", b"5", b"2", b"/bin/t", b"a b", b"done", b""])


class Expectations(unittest.TestCase):
    def job(self, *results: Result, expected: set[str] | None) -> suite.Job:
        return suite.Job(
            data.base("mainline"), data.target("mac99-g4"), [data.Test("t", 1)], expected, results=[*results]
        )

    def count(self, job: suite.Job) -> str:
        total = suite.Count()
        suite.count([job], total)
        return total.line()

    def test_counts(self) -> None:
        good, bad, skip = Result("t.a", Status.PASS), Result("t.b", Status.FAIL), Result("t.c", Status.SKIP)
        self.assertEqual(self.count(self.job(good, bad, expected=None)), "1 passed, 1 failed")
        self.assertEqual(self.count(self.job(good, skip, expected=None)), "1 passed, 0 failed, 1 skipped")
        self.assertEqual(self.count(self.job(good, bad, expected={"t.b"})), "2 passed, 0 failed")
        self.assertEqual(self.count(self.job(good, bad, expected=set())), "1 passed, 1 failed")
        self.assertEqual(self.count(self.job(good, bad, expected={"t.a", "t.b", "t.gone"})), "1 passed, 2 failed")
        self.assertEqual(self.count(self.job(Result("t.x", Status.XFAIL), expected=None)), "0 passed, 0 failed")

    def test_the_worst_job_is_the_exit_status(self) -> None:
        late, crashed = self.job(expected=None), self.job(expected=None)
        late.code, crashed.code = errors.TIMEOUT, errors.CRASHED
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(suite.report([late, crashed], suite.Count(failed=2)), errors.CRASHED)

    def test_corrections_do_not_depend_on_what_else_ran(self) -> None:
        """They are changes: of a target's other job, and of tests that TEST= leaves out, they say nothing."""
        jobs = [
            self.job(Result("t.a", Status.FAIL), Result("t.b", Status.PASS), expected={"t.b", "t.gone"}),
            self.job(Result("u.a", Status.FAIL), Result("(kernel)", Status.CRASH), expected={"u.a"}),
            self.job(Result("v.a", Status.FAIL), expected=None),
        ]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            suite.report(jobs, suite.Count())
        (line,) = (x for x in said.getvalue().splitlines() if x.startswith("lab/data/expect"))
        self.assertIn("[mac99-g4]", line)
        self.assertTrue(line.endswith(": add t.a; remove t.b, t.gone"), line)

    def test_one_column_for_a_target(self) -> None:
        """Its programs and its guests of QEMU are two jobs."""
        jobs = [self.job(Result(f"t.{n}", Status.PASS), expected={f"t.{n}"}) for n in "ab"]
        (column,) = report.columns_of(jobs, "mainline")
        self.assertEqual([r.id for r in column.results], ["t.a", "t.b"])
        self.assertEqual(column.expected, {"t.a", "t.b"})
        self.assertEqual([len(job.results) for job in jobs], [1, 1])

    def test_coverage(self) -> None:
        table = "Name Stmts Miss Cover\nlab/a.py 4 2 50%\nTOTAL 4 2 50%\n"
        for code, more, line in ((0, "", "1 passed, 0 failed"), (2, "Coverage failure\n", "0 passed, 1 failed")):
            total = suite.Count()
            with contextlib.redirect_stderr(io.StringIO()) as said:
                unit_tests.add_coverage(code, table + more, total)
            self.assertIn("reach 50% of", said.getvalue())
            self.assertEqual(total.line(), line)
        for code, text in ((1, "No data to report.\n"), (0, "")):
            with self.assertRaisesRegex(LabError, "does not report"):
                unit_tests.add_coverage(code, text, suite.Count())

    def test_unit_test_summary(self) -> None:
        total = suite.Count()
        unit_tests.add_unit_tests("Ran 10 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n", total)
        self.assertEqual(total.line(), "4 passed, 3 failed, 3 skipped")
        with self.assertRaisesRegex(LabError, "did not run"):
            unit_tests.add_unit_tests("Ran 0 tests", suite.Count())


if __name__ == "__main__":
    unittest.main()
