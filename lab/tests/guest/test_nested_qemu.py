# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU in a target: which one, where its files are, and how it is talked to."""

from __future__ import annotations

import contextlib
import unittest
from unittest import mock

from lab.config import data
from lab.core import options
from lab.core.errors import LabError
from lab.core.options import Options
from lab.guest import nested_qemu


def chosen(client: str = "") -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(options, "everywhere", Options(client=client))


class Choice(unittest.TestCase):
    def test_values(self) -> None:
        for value, want in (("", "debian"), ("debian", "debian"), ("patched", "patched")):
            with chosen(client=value):
                self.assertEqual(nested_qemu.chosen(), want)
        with chosen(client="mine"), self.assertRaisesRegex(LabError, r"^unknown CLIENT=mine; known: debian, patched$"):
            nested_qemu.chosen()

    def test_debian_has_none_for_a_mac(self) -> None:
        with chosen(), self.assertRaisesRegex(LabError, "^Debian has no QEMU for mac99-g4: use CLIENT=patched, or T="):
            nested_qemu.root(data.target("mac99-g4"))

    def test_files_of_a_plan(self) -> None:
        self.assertEqual(nested_qemu.inside(data.target("pseries-p8")), "/tmp/lab")
        self.assertEqual(nested_qemu.inside(data.target("mac99-g4")), "/lab")


if __name__ == "__main__":
    unittest.main()
