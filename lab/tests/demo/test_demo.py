# SPDX-License-Identifier: GPL-2.0-only
"""make demo: reading transcripts, and putting them side by side."""

from __future__ import annotations

import contextlib
import io
import re
import unittest
from pathlib import Path
from unittest import mock

from lab.core import cache, errors, options
from lab.core.options import Options
from lab.demo import demo
from lab.guest import nested_qemu
from lab.machine import verdict

OBJDUMP = """
guest.elf:     file format elf32-powerpc

00000100 <system_reset>:
 100:\t48 00 00 00 \tb       100 <system_reset>

0020f0a4 <reported>:
  20f0a4:\t82 03 00 1c \tlwz     r16,28(r3)
  20f0a8:\t7c ba 03 a6 \tmtsrr0  r5
\t...
"""
RIGHT = [
    "(gdb) continue",
    "=> 0x20f0a4 <reported>: lwz r16,28(r3)",
    "=> 0x20f0a8 <reported+4>: mtsrr0 r5",
    "=> 0x20f0bc <look>: mfmsr r9",
    "r9 0x3000 12288",
]
WANT = demo.Expected(["reported", "reported+4", "look"], {"r9": 0x3000}, [])


def guest() -> demo.Guest:
    return demo.Guest(Path("guest.elf"), demo.disassembly(OBJDUMP))


class Transcripts(unittest.TestCase):
    def test_disassembly(self) -> None:
        self.assertEqual(guest().code[0x100], ("system_reset", "b 0x100 <system_reset>"))
        self.assertEqual(guest().code[0x20F0A8], ("reported+4", "mtsrr0 r5"))
        self.assertEqual(guest().address("reported+4"), "0x20f0a8")

    def test_stepper_reads_like_gdb(self) -> None:
        said = ["(kvm) KVM_RUN, single-step", "stop 0x20f0a8", "stop 0", "r9 0x3000"]
        want = ["(kvm) KVM_RUN, single-step", "=> 0x20f0a8 <reported+4>: mtsrr0 r5", "=> 0x0:", "r9 0x3000"]
        self.assertEqual(demo.decorate(said, guest()), want)

    def test_tidy(self) -> None:
        self.assertEqual(demo.tidy("=> 0x1 <a>:\tli      r0,1\n\n"), ["=> 0x1 <a>: li r0,1"])

    def test_findings(self) -> None:
        cases: list[tuple[list[str], list[str]]] = [
            (RIGHT, []),
            (RIGHT[:2] + RIGHT[3:], ["stop 2: look instead of reported+4"]),
            (RIGHT[:3] + RIGHT[4:], ["stop 3: none instead of look"]),
            ([*RIGHT, "=> 0x700:"], ["stop 4: 0x700 instead of none"]),
            ([*RIGHT[:4], "r9 0x3400 13312"], ["r9 is 0x3400 instead of 0x3000 (the debugger's MSR_SE)"]),
            ([*RIGHT[:4], "r9 0x0 0"], ["r9 is 0x0 instead of 0x3000"]),
            (RIGHT[:4], ["r9 is not shown"]),
            ([*RIGHT[:4], "did not stop: interrupted after 5 s"], ["did not stop: interrupted after 5 s"]),
            (
                ["did not stop: interrupted after 5 s", "=> 0x100 <system_reset>: b 0x100 <system_reset>"],
                [
                    "the guest runs no instruction: it is at the System Reset vector",
                    "did not stop: interrupted after 5 s",
                ],
            ),
            ([], ["stop 1: none instead of reported"]),
        ]
        for lines, want in cases:
            self.assertEqual(demo.findings(lines, WANT), want)

    def test_expected_names_places_of_the_guest(self) -> None:
        source = (demo.HERE / "guest.S").read_text()
        for stop in demo.expected().stops:
            self.assertIn(f"{stop.partition('+')[0]}:", source)
        self.assertEqual(demo.expected().stops[demo.expected().steps + 1], "look")

    def test_a_watchpoint_with_the_patched_client_only(self) -> None:
        plain = demo.expected()
        with mock.patch.object(options, "everywhere", Options(client="patched")):
            shown = demo.expected()
        self.assertEqual(shown.stops, plain.stops + plain.watched)
        self.assertEqual(shown.steps, plain.steps)
        self.assertTrue(plain.watched)

    def test_the_document_has_its_commands(self) -> None:
        text = (cache.ROOT / "docs/debug-a-guest.md").read_text()
        typed = re.findall(r'(?:does|runs)\("([^"]+)"', (demo.HERE / "steps.py").read_text())
        self.assertGreater(len(typed), 10)
        for command in typed:
            if command == "kill":
                continue
            self.assertRegex(text, rf"(?m)^\(gdb\) {re.escape(command)}( +#.*)?$")
        self.assertIn(" ".join([Path(demo.QEMU[0]).name, *demo.QEMU[1:]]), text)

    def test_a_record_of_its_own_with_the_patched_qemu(self) -> None:
        """It would replace that of Debian's."""
        side = demo.Session("7", RIGHT, "QEMU", verdict.Verdict(errors.PASSED))
        names = []
        for client in ("", "patched"):
            with (
                mock.patch.object(options, "everywhere", Options(client=client)),
                mock.patch.object(demo.install, "ensure"),
                mock.patch.object(nested_qemu, "root"),
                mock.patch.object(demo.kbuild, "build"),
                mock.patch.multiple(demo, assemble=mock.DEFAULT, report=mock.DEFAULT, with_gdb=lambda *_: side),
                mock.patch.object(demo.records, "leave") as leave,
                contextlib.redirect_stderr(io.StringIO()),
            ):
                demo.main(Options())
            record = leave.call_args.args[0]
            names.append(record.file)
            self.assertEqual("CLIENT=patched" in record.facts["notes"], client == "patched")
        self.assertEqual(names, ["demo-mainline-pseries-p8.json", "demo-mainline-pseries-p8-patched.json"])


class SideBySide(unittest.TestCase):
    def test_first_difference(self) -> None:
        cases: list[tuple[list[str], list[str], list[int]]] = [
            ([], [], []),
            (["a"], ["a"], []),
            (["a", "b", "d"], ["a", "c", "e"], [1]),
            (["a"], ["a", "b"], [1]),
            (["a", "b"], [], [0]),
        ]
        for left, right, want in cases:
            rows = demo.side_by_side(left, right)
            self.assertEqual([i for i, row in enumerate(rows) if demo.MARK in row], want)

    def test_rows(self) -> None:
        rows = demo.side_by_side(["same", "one", "more"], ["same", "other"])
        self.assertEqual([re.sub(" {2,}", " ", r) for r in rows], ["same | same", "one <> other", "more |"])
        self.assertEqual([r.find(sign) for r, sign in zip(rows, ("|", "<>", "|"), strict=True)], [demo.HALF + 1] * 3)

    def test_long_lines_stay_in_their_column(self) -> None:
        rows = demo.side_by_side(["word " * 30], ["word " * 30 + "end"])
        self.assertTrue(all(len(row) <= demo.WIDTH for row in rows))
        self.assertEqual(sum(demo.MARK in row for row in rows), 1)


if __name__ == "__main__":
    unittest.main()
