# SPDX-License-Identifier: GPL-2.0-only
"""Bad input and bad luck: one clear line and exit status 2."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import subprocess
import sys
import unittest
from unittest import mock

from lab import __main__ as front
from lab.config import data
from lab.core import cache, errors, options
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

    def test_a_bug_is_no_failed_test(self) -> None:
        with (
            mock.patch.object(source, "find", side_effect=KeyError("x")),
            contextlib.redirect_stderr(io.StringIO()) as said,
        ):
            self.assertEqual(front.main(["fetch"]), errors.SETUP)
        self.assertIn("KeyError: 'x'", said.getvalue())
        self.assertIn("error: 'make fetch' has a bug", said.getvalue().splitlines()[-1])

    def test_kernel_src(self) -> None:
        self.assertIn("does not exist", self.main("fetch", "KERNEL_SRC=/nowhere")[1])
        self.assertIn("is no kernel tree", self.main("fetch", f"KERNEL_SRC={self.tmp}")[1])


class Ends(support.InCache):
    """Ways out of a command that is no test."""

    def ends(self, why: BaseException) -> tuple[int, str]:
        with mock.patch.object(source, "find", side_effect=why):
            return self.main("fetch")

    def test_interrupted(self) -> None:
        code, line = self.ends(KeyboardInterrupt())
        self.assertEqual((code, line.split("] ")[1]), (130, "interrupted"))

    def test_the_status_of_an_error(self) -> None:
        for status in (errors.FAILED, errors.SETUP, errors.CRASHED, errors.TIMEOUT):
            self.assertEqual(self.ends(errors.LabError("x", status))[0], status)

    def test_errors_of_the_system(self) -> None:
        code, line = self.ends(PermissionError(errno.EACCES, "Permission denied", "/x"))
        self.assertEqual((code, line.split("] ")[1]), (errors.SETUP, "error: Permission denied: /x"))
        self.assertIn("error: Broken: no file", self.ends(OSError(errno.EIO, "Broken"))[1])

    def test_killed(self) -> None:
        """make that is killed ends as by Ctrl-C, so that children are ended too."""
        before = signal.getsignal(signal.SIGTERM)
        self.addCleanup(signal.signal, signal.SIGTERM, before)
        with mock.patch.object(source, "find", side_effect=lambda _: os.kill(os.getpid(), signal.SIGTERM)):
            self.assertEqual(self.main("fetch")[0], 130)

    def test_nobody_reads(self) -> None:
        """make help | head: no traceback."""
        read, write = os.pipe()
        os.close(read)
        with open(write, "wb") as closed:
            argv = [sys.executable, "-m", "lab", "help"]
            done = subprocess.run(argv, cwd=cache.ROOT, stdout=closed, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stderr), (errors.SETUP, b""))

    def test_options(self) -> None:
        """LAB_CACHE= is for the cache, what is for everywhere is there, and the command gets its own."""
        seen: list[options.Options] = []

        def command(told: options.Options) -> int:
            seen.append(told)
            return 7

        with (
            mock.patch.object(front.commands, "function", return_value=command),
            mock.patch.object(options, "everywhere", options.Options()),
        ):
            self.assertEqual(front.main(["fetch", "K=mainline", "KERNEL_SRC=/x", f"LAB_CACHE={self.tmp}/other"]), 7)
            self.assertEqual(options.everywhere.kernel_src, "/x")
            self.assertEqual(cache.folder(), self.tmp / "other")
        self.assertEqual([told.kernel for told in seen], ["mainline"])


if __name__ == "__main__":
    unittest.main()
