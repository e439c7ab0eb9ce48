# SPDX-License-Identifier: GPL-2.0-only
"""PowerPC instructions, as far as stepping a guest needs them. It imports nothing of the lab: gdb's Python runs it too.

A register is asked for by its name in gdb: a function from names to values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Registers = Callable[[str], int]

MSR_SF, MSR_EE, MSR_PR, MSR_SE, MSR_IR, MSR_DR = 1 << 63, 0x8000, 0x4000, 0x400, 0x20, 0x10
PROGRAM, TRACE = 0x700, 0xD00  # vectors
NOP, SC = 0x60000000, 0x44000002
TRAP = 0x00DDDD00  # the breakpoints of KVM PR
BREAK = 0x7D821008  # twge r2, r2: the breakpoints of Linux itself, as a guest
FAKE_SC_1 = 0x7C000268  # what KVM PR takes for a hypercall in a host that is a partition itself
RFI = (0x4C000064, 0x4C000024)  # rfi, rfid
BCLR, BCCTR = 16, 528


def branch(distance: int) -> int:
    """b, to so many bytes from itself."""
    return 0x48000000 | distance & 0x3FFFFFC


def _extended(code: int) -> int:
    return code >> 1 & 0x3FF


def _signed(code: int, mask: int) -> int:
    """The bits of the mask, whose highest is the sign."""
    sign = 1 << mask.bit_length() - 1
    return ((code & mask) ^ sign) - sign


def reserves(code: int) -> bool:
    """lbarx, lharx, lwarx, ldarx"""
    return code >> 26 == 31 and _extended(code) in (52, 116, 20, 84)


def uses_reservation(code: int) -> bool:
    """stbcx., sthcx., stwcx., stdcx."""
    return code >> 26 == 31 and code & 0x7FF in (1389, 1453, 301, 429)


def by_register(code: int) -> bool:
    """bclr, bcctr"""
    return code >> 26 == 19 and _extended(code) in (BCLR, BCCTR)


def target(code: int, at: int, registers: Registers) -> int | None:
    """Where a branch leads if it is taken; None for other instructions."""
    if by_register(code):
        return registers("lr" if _extended(code) == BCLR else "ctr") & ~3
    mask = {16: 0xFFFC, 18: 0x3FFFFFC}.get(code >> 26)
    if mask is None:
        return None
    return _signed(code, mask) + (0 if code & 2 else at)


def taken(code: int, registers: Registers, whole: int) -> bool:
    """Is this branch taken? whole: the highest value of the guest's CTR."""
    if code >> 26 == 18:
        return True
    options, bit = code >> 21 & 31, code >> 16 & 31
    counts = bool(options & 4)
    if not counts:
        to_ctr = code >> 26 == 19 and _extended(code) == BCCTR
        counter = registers("ctr") if to_ctr else registers("ctr") - 1 & whole
        counts = (counter == 0) == bool(options & 2)
    return counts and bool(options & 16 or (registers("cr") >> 31 - bit & 1) == options >> 3 & 1)


def follows(code: int, at: int, registers: Registers, bits: int) -> int:
    """Where an instruction leads to, if it causes no interrupt. Not for sc and tw."""
    whole = (1 << bits) - 1
    if code in RFI:
        return registers("srr0") & ~3
    there = target(code, at, registers)
    if there is not None and taken(code, registers, whole):
        return there & whole
    return at + 4 & whole


@dataclass(frozen=True)
class Access:
    """A load or a store of one general register."""

    store: bool
    size: int  # bytes
    register: int
    address: int


_D_FORM = {32: (0, 4), 34: (0, 1), 36: (1, 4), 38: (1, 1), 40: (0, 2), 42: (0, 2), 44: (1, 2)}
_X_FORM = {
    **{23: (0, 4), 55: (0, 4), 87: (0, 1), 119: (0, 1), 279: (0, 2), 311: (0, 2), 343: (0, 2), 375: (0, 2)},
    **{151: (1, 4), 183: (1, 4), 215: (1, 1), 247: (1, 1), 407: (1, 2), 439: (1, 2)},
    **{534: (0, 4), 662: (1, 4), 790: (0, 2), 918: (1, 2)},
}


def access(code: int, registers: Registers, bits: int) -> Access | None:
    """What a load or store is about to do, byte-reversed ones and those with update too; None for others."""
    opcode, register, base = code >> 26, code >> 21 & 31, code >> 16 & 31
    if opcode == 31:
        kind, update, offset = _X_FORM.get(_extended(code)), code >> 1 & 0x20, registers(f"r{code >> 11 & 31}")
    else:
        kind, update = _D_FORM.get(opcode & ~1 if 32 <= opcode <= 45 else opcode), opcode & 1
        offset = _signed(code, 0xFFFF)
    if kind is None:
        return None
    start = registers(f"r{base}") if base or update else 0
    return Access(bool(kind[0]), kind[1], register, start + offset & (1 << bits) - 1)
