# SPDX-License-Identifier: GPL-2.0-only
"""A stepped guest is left as it was, also by an error."""

from __future__ import annotations

import unittest

from lab.guest import guest, ppc
from lab.lockstep import rsp, stepping

from .test_pair import NOP, Machine


class SplitRealMode(unittest.TestCase):
    def test_msr_comes_back(self) -> None:
        for msr in (0x9000, ppc.MSR_IR, ppc.MSR_DR, ppc.MSR_IR | ppc.MSR_DR):
            machine = Machine([NOP], {})
            machine.values["msr"] = msr
            made = stepping.Walk(guest.find("openbios-g4"), machine)
            inside = msr
            with self.assertRaisesRegex(rsp.Broken, "no answer"), made.as_code(machine, msr):
                inside = machine.values["msr"]
                raise rsp.Broken("no answer")
            self.assertEqual(inside & ppc.MSR_DR != 0, inside & ppc.MSR_IR != 0)
            self.assertEqual(machine.values["msr"], msr)


if __name__ == "__main__":
    unittest.main()
