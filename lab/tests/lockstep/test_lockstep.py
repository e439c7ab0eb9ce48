# SPDX-License-Identifier: GPL-2.0-only
"""What make lockstep is told."""

from __future__ import annotations

import unittest
from unittest import mock

from lab.config import data
from lab.core import options
from lab.core.errors import LabError
from lab.guest import guest
from lab.lockstep import lockstep, pair
from lab.results import records


class Told(unittest.TestCase):
    def test_watch(self) -> None:
        self.assertEqual((lockstep.watched(""), lockstep.watched("c000000000ff8")), (None, 0xC000000000FF8))
        with self.assertRaisesRegex(LabError, "WATCH=r1: give a hexadecimal address"):
            lockstep.watched("r1")

    def test_a_record_of_its_own_with_the_patched_qemu(self) -> None:
        """It would replace that of Debian's."""
        names = []
        for client in ("", "patched"):
            with (
                mock.patch.object(options, "everywhere", options.Options(client=client)),
                mock.patch.object(records, "leave") as leave,
            ):
                who = guest.find("openbios-g4")
                lockstep.leave_record(data.base("mainline"), data.target("pseries-p8"), who, pair.Result(5), "")
            names.append(leave.call_args.args[0].name)
        self.assertEqual(names, ["openbios-g4-reset-5", "openbios-g4-reset-5-patched"])


if __name__ == "__main__":
    unittest.main()
