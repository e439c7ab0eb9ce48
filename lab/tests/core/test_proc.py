# SPDX-License-Identifier: GPL-2.0-only
"""What reaches children, and what does not; terminals with and without colours."""

from __future__ import annotations

import os
import re
import unittest
from unittest import mock

from lab.config import data
from lab.core import options, proc
from lab.core.cache import ROOT
from lab.core.errors import LabError
from lab.debian import apt
from lab.debian.apt import Found
from lab.runner import suite

VARIABLES = [*options.variables(), options.ELSEWHERE]


class Environment(unittest.TestCase):
    def test_options_do_not_reach_builds(self) -> None:
        """V=0 would be kbuild's, FORMAT and OUT other makefiles' own."""
        with mock.patch.dict(os.environ, dict.fromkeys(VARIABLES, "x") | {"MAKEFLAGS": "x", "HOME": "/h"}):
            left = proc.environment({"KERNEL": "y"})
        self.assertEqual([n for n in (*VARIABLES, "MAKEFLAGS") if n in left], ["LAB_CACHE"])
        self.assertEqual((left["HOME"], left["KERNEL"]), ("/h", "y"))

    def test_all_from_nothing(self) -> None:
        """.ci/run drops each option that the Makefile exports and the front takes, but where the cache is."""
        (dropped,) = re.findall(r"^unset (.*)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
        self.assertEqual(set(dropped.split()), set(VARIABLES) - {"LAB_CACHE"})


class Versions(unittest.TestCase):
    def test_newest_first(self) -> None:
        versions = ("6.12.9-1", "6.12.10-1~bpo12+1", "6.12.10-1", "1:5-1")
        found = apt.newest_first({Found("linux", v) for v in versions} | {Found("a", "6.12.9-1")})
        wanted = ["1:5-1", "6.12.10-1", "6.12.10-1~bpo12+1", "6.12.9-1", "6.12.9-1"]
        self.assertEqual([f.version for f in found], wanted)
        self.assertEqual([f.package for f in found[-2:]], ["a", "linux"])

    def test_dpkg_that_fails(self) -> None:
        """Not 'older': an order made by accident would choose the wrong kernel."""
        with (
            mock.patch.object(proc.subprocess, "run", return_value=mock.Mock(returncode=2, stderr=b"broken\n")),
            self.assertRaisesRegex(LabError, "dpkg cannot compare the versions .*: broken"),
        ):
            apt.newest_first({Found("a", "1"), Found("a", "2")})


class Jobs(unittest.TestCase):
    def test_without_tests_of_a_suite(self) -> None:
        """make kselftest counts by a job that has none."""
        self.assertFalse(suite.Job(data.base("mainline"), data.target("mac99-g4"), []).sessions)


if __name__ == "__main__":
    unittest.main()
