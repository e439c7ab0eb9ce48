# SPDX-License-Identifier: GPL-2.0-only
"""What is missing on this machine is installed, and nothing else."""

from __future__ import annotations

import contextlib
import io
import unittest
from unittest import mock

from lab.config.data import Package
from lab.core import proc
from lab.core.errors import LabError
from lab.debian import install
from lab.tests import support

HAVE, LACK = Package("dash", "sh"), Package("gcc-foo", "foo-none-gcc")


class Ensure(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.enterContext(mock.patch("os.geteuid", return_value=0))
        self.logged = self.enterContext(mock.patch.object(proc, "logged"))

    def run_of(self, *fail: bool) -> list[str]:
        """What apt-get is asked for, if these of its calls fail."""
        self.logged.side_effect = [LabError("apt-get fails") if one else None for one in fail]
        install.ensure([HAVE, LACK, LACK])
        return [call.args[0][1] for call in self.logged.call_args_list]

    def test_once(self) -> None:
        self.assertEqual(self.run_of(False), ["install"])
        self.assertEqual(self.logged.call_args.args[0][-1], "gcc-foo")

    def test_with_new_lists(self) -> None:
        self.assertEqual(self.run_of(True, False, False), ["install", "update", "install"])

    def test_fails(self) -> None:
        with self.assertRaisesRegex(LabError, "cannot install gcc-foo: connect .*; apt-get fails"):
            self.run_of(True, True)

    def test_nothing_is_missing(self) -> None:
        install.ensure([HAVE, Package("base-files", "/etc")])
        self.assertFalse(self.logged.called)

    def test_no_debian(self) -> None:
        with mock.patch("shutil.which", return_value=None), self.assertRaisesRegex(LabError, "wants Debian 12"):
            install.ensure([LACK])

    def test_missing_packages_not_root(self) -> None:
        with (
            mock.patch("os.geteuid", return_value=1),
            self.assertRaisesRegex(LabError, "as root run: apt-get install .* gcc-foo$"),
        ):
            install.ensure([Package("gcc-foo", "foo-none-gcc"), Package("sh", "/bin/sh")])


if __name__ == "__main__":
    unittest.main()
