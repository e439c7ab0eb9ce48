# SPDX-License-Identifier: GPL-2.0-only
"""Instructions are read as the manual says, in both directions and both widths."""

from __future__ import annotations

import unittest

from lab.guest import ppc

AT = 0x1000
VALUES = {"lr": 0x2003, "ctr": 2, "cr": 0x20000000, "srr0": 0x3001, "r3": 0x40, "r4": 0xFFFFFFF0}


def follows(code: int, bits: int = 32, **changed: int) -> int:
    return ppc.follows(code, AT, (VALUES | changed).__getitem__, bits)


class Branches(unittest.TestCase):
    def test_where_they_lead(self) -> None:
        for what, code, want in (
            ("nop", 0x60000000, 0x1004),
            ("b .+8", 0x48000008, 0x1008),
            ("b .-4", 0x4BFFFFFC, 0xFFC),
            ("ba 0x100", 0x48000102, 0x100),
            ("beq .+16, taken", 0x41820010, 0x1010),
            ("bne .+16, not taken", 0x40820010, 0x1004),
            ("bdnz .-8, taken", 0x4200FFF8, 0xFF8),
            ("bdz .+8, not taken", 0x42400008, 0x1004),
            ("blr", 0x4E800020, 0x2000),
            ("bctr", 0x4E800420, 0),
            ("rfi", 0x4C000064, 0x3000),
            ("rfid", 0x4C000024, 0x3000),
        ):
            with self.subTest(what):
                self.assertEqual(follows(code), want)

    def test_the_counter_ends(self) -> None:
        self.assertEqual(follows(0x4200FFF8, ctr=1), 0x1004)
        self.assertEqual(follows(0x4200FFF8, ctr=0), 0xFF8)  # it wraps

    def test_addresses_have_the_guests_width(self) -> None:
        self.assertEqual(follows(0x4BFFE000), 0xFFFFF000)
        self.assertEqual(follows(0x4BFFE000, bits=64), 0xFFFFFFFFFFFFF000)

    def test_made(self) -> None:
        self.assertEqual([ppc.branch(n) for n in (0, -4, 0x10)], [0x48000000, 0x4BFFFFFC, 0x48000010])
        self.assertEqual(follows(ppc.branch(-44)), 0x1000 - 44)

    def test_no_branch(self) -> None:
        self.assertIsNone(ppc.target(0x60000000, AT, VALUES.__getitem__))


class Memory(unittest.TestCase):
    def test_reservations(self) -> None:
        self.assertTrue(all(map(ppc.reserves, (0x7C601828, 0x7C6018A8))))  # lwarx, ldarx
        self.assertFalse(ppc.reserves(0x7C60182E))  # lwzx
        self.assertTrue(all(map(ppc.uses_reservation, (0x7C60192D, 0x7C6019AD))))  # stwcx., stdcx.
        self.assertFalse(ppc.uses_reservation(0x7C60192E))  # stwx

    def test_accesses(self) -> None:
        for what, code, want in (
            ("lwz r5,8(r3)", 0x80A30008, ppc.Access(False, 4, 5, 0x48)),
            ("stb r5,-1(r3)", 0x98A3FFFF, ppc.Access(True, 1, 5, 0x3F)),
            ("lhau r5,2(r3)", 0xACA30002, ppc.Access(False, 2, 5, 0x42)),
            ("lwz r5,8(0)", 0x80A00008, ppc.Access(False, 4, 5, 8)),
            ("stwx r5,r3,r4", 0x7CA3212E, ppc.Access(True, 4, 5, 0x30)),
            ("lwbrx r5,0,r3", 0x7CA01C2C, ppc.Access(False, 4, 5, 0x40)),
            ("nop", 0x60000000, None),
            ("add r5,r3,r4", 0x7CA32214, None),
        ):
            with self.subTest(what):
                self.assertEqual(ppc.access(code, VALUES.__getitem__, 32), want)


if __name__ == "__main__":
    unittest.main()
