# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's command lines of all hosts and guests are those of data/command-lines.

After a wanted change: python3 -m lab.tests.machine.test_qemu write
"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

from lab.config import data
from lab.guest import guest
from lab.kernel.kbuild import Kernel
from lab.machine import boot, protocol, qemu

GOLDEN = Path(__file__).parent / "data/command-lines"


def lines() -> list[str]:
    """A line for each host with all that a boot can have, and for each guest under KVM."""
    made = []
    for name in data.names("targets"):
        command = protocol.Command("t", ["/t"], 1)
        spec = boot.Spec(data.target(name), Kernel(Path("vmlinux"), "7"), [command], cmdline="more")
        spec.share, spec.sockets = Path("share"), [Path("socket")]
        words = qemu.command_line(spec, Path("initrd"), "null,id=console", "null,id=result")
        made.append(f"{name}: {' '.join(words)}")
    for name in data.names("guests"):
        words = guest.command(guest.find(name), ["qemu"], guest.INSIDE, [])
        made.append(f"{name}: {' '.join(words)}")
    return made


class CommandLines(unittest.TestCase):
    def test_golden(self) -> None:
        self.maxDiff = None
        self.assertEqual(lines(), GOLDEN.read_text().splitlines())

    def test_buses_are_enough(self) -> None:
        """Machines without a common bus name one for each device."""
        for name in data.names("targets"):
            target = data.target(name)
            if target.qemu.buses:
                said = next(line for line in lines() if line.startswith(f"{name}: "))
                self.assertEqual(said.count(",bus=p"), said.count("pnv-phb-root-port") + 2, said)

    def test_the_client_s_port_of_a_mac_is_a_terminal(self) -> None:
        target = data.target("mac99-g4")
        spec = boot.Spec(target, Kernel(Path("vmlinux"), "7"), [], sockets=[Path("/socket")])
        words = qemu.command_line(spec, Path("/initrd"), "null,id=console", "null,id=result")
        self.assertIn("virtserialport,chardev=result,name=result", words)
        self.assertIn("virtconsole,chardev=port0,name=port0", words)


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        GOLDEN.write_text("".join(f"{line}\n" for line in lines()))
    else:
        unittest.main()
