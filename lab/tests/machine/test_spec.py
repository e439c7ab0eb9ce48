# SPDX-License-Identifier: GPL-2.0-only
"""A machine that is another one than its file promises."""

from __future__ import annotations

import unittest

from lab.config import data
from lab.machine.spec import Spec, identity
from lab.tests.machine import recorded


class Identity(unittest.TestCase):
    def wrong(self, **facts: str) -> str:
        """What is wrong with the recorded G4 if these facts were others; an empty one was not told."""
        spec = recorded.spec()
        stream = recorded.record("pass").channel
        return identity(spec, {k: v for k, v in (stream.facts | facts).items() if v})

    def test_right(self) -> None:
        self.assertEqual(self.wrong(), "")

    def test_wrong(self) -> None:
        for facts, want in (
            ({"release": "6.1"}, "uname says release 6.1, not 7.3.4-stock-mainline"),
            ({"machine": ""}, "uname says machine nothing, not ppc"),
            ({"cpuinfo": "cpu\t: 750"}, "/proc/cpuinfo has no line that matches"),
            ({"kvm": ""}, "/dev/kvm: nothing known"),
            ({"kvm": "ENOENT"}, "/dev/kvm: ENOENT"),
            ({"pr": "EINVAL"}, "a KVM PR guest cannot be created: EINVAL"),
        ):
            self.assertIn(want, self.wrong(**facts), facts)

    def test_each_kind_that_the_file_promises(self) -> None:
        target = data.target("powernv9-hash")
        spec = Spec(target, recorded.spec().kernel, [])
        facts = {"release": spec.kernel.release, "machine": target.must.machine, "kvm": "yes", "pr": "yes", "hv": "no"}
        facts["cpuinfo"] = "cpu\t\t: POWER9\nplatform\t: PowerNV\nMMU\t\t: Hash\n"
        self.assertEqual(identity(spec, facts), "a KVM HV guest cannot be created: no")
        self.assertEqual(identity(spec, facts | {"hv": "yes"}), "")


if __name__ == "__main__":
    unittest.main()
