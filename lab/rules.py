# SPDX-License-Identifier: GPL-2.0-only
"""What may differ between KVM's guest and TCG's (lab/lockstep.toml), and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import data, guest


@dataclass(frozen=True)
class Rule:
    """What may differ after an instruction, and why."""

    name: str
    mask: int
    value: int
    registers: list[str]
    reason: str
    bits: int = -1
    guests: list[str] = field(default_factory=list)
    goes_on_with: str = "kvm"  # the side whose value both have then
    reads: list[int] = field(default_factory=list)  # only from these addresses, first and last; X-form loads

    def fits(self, instruction: int, registers: Callable[[], dict[str, int]]) -> bool:
        if instruction & self.mask != self.value:
            return False
        return not self.reads or self.reads[0] <= indexed(instruction, registers()) <= self.reads[1]

    def allows(self, instruction: int, registers: Callable[[], dict[str, int]]) -> set[str]:
        if not self.fits(instruction, registers):
            return set()
        return {f"r{instruction >> 21 & 31}" if name == "rD" else name for name in self.registers}


def indexed(instruction: int, registers: dict[str, int]) -> int:
    """The effective address of an X-form load, in 32-bit mode."""
    base = instruction >> 16 & 31
    return (registers[f"r{base}"] if base else 0) + registers[f"r{instruction >> 11 & 31}"] & 0xFFFFFFFF


@dataclass(frozen=True)
class Table:
    step: list[str]
    rest: list[str]
    rules: list[Rule]


def table(who: guest.Guest) -> Table:
    path = data.LAB / "lockstep.toml"
    text = data.load(path)
    rules = [data.make(Rule, rule, path) for rule in text.get("rule", [])]
    rules = [rule for rule in rules if not rule.guests or who.name in rule.guests]
    return Table(text["registers"]["step"], text["registers"]["rest"], rules)
