# SPDX-License-Identifier: GPL-2.0-only
"""Bad input and bad luck: one clear line and exit status 2."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import unittest
from unittest import mock

from lab import __main__ as front
from lab.config import data
from lab.core import cache, errors, proc
from lab.core.errors import LabError
from lab.debian import apt, install
from lab.kernel import source
from lab.tests import support


class Commands(support.InCache):
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
            self.assertIn("usage: make ", said.getvalue())
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


if __name__ == "__main__":
    unittest.main()
