# SPDX-License-Identifier: GPL-2.0-only
"""What may differ between KVM's guest and TCG's (lab/data/lockstep.toml), and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from lab.config import data
from lab.guest import guest, ppc


@dataclass(frozen=True)
class Rule:
    """What may differ after an instruction, and why: [[rule]]."""

    name: str  # for people
    mask: int  # the rule is for an instruction if (instruction & mask) == value
    value: int  # see mask
    registers: list[str]  # that may differ; "rD" is the instruction's own target register
    reason: str  # why they may
    bits: int = -1  # only these of the registers may differ
    guests: list[str] = field(default_factory=list)  # the rule is for these only; all if empty
    goes_on_with: Literal["kvm", "tcg"] = "kvm"  # the side whose value both have then
    reads: list[int] = field(default_factory=list)  # only from these addresses, first and last; X-form loads

    def fits(self, instruction: int, registers: Callable[[], dict[str, int]]) -> bool:
        """Is the rule for this instruction, with these registers before it?"""
        if instruction & self.mask != self.value:
            return False
        load = ppc.access(instruction, registers().__getitem__, 32) if self.reads else None
        return not self.reads or (load is not None and self.reads[0] <= load.address <= self.reads[1])

    def allows(self, instruction: int, registers: Callable[[], dict[str, int]]) -> set[str]:
        """Names of the registers that may differ after this instruction."""
        if not self.fits(instruction, registers):
            return set()
        return {f"r{instruction >> 21 & 31}" if name == "rD" else name for name in self.registers}


@dataclass(frozen=True)
class Registers:
    """Which registers are compared, by patterns of their names: [registers]."""

    step: list[str]  # after each step
    rest: list[str]  # after many steps


@dataclass(frozen=True)
class File:
    """lab/data/lockstep.toml."""

    registers: Registers  # what is compared
    rule: list[Rule] = field(default_factory=list)  # what may differ


def table(who: guest.Guest) -> File:
    """What the file says for one guest."""
    file = data.read(File, data.DATA / "lockstep.toml")
    return replace(file, rule=[rule for rule in file.rule if not rule.guests or who.name in rule.guests])
