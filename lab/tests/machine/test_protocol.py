# SPDX-License-Identifier: GPL-2.0-only
"""The result channel, in both directions."""

from __future__ import annotations

import unittest
from typing import Any

from lab.config import data
from lab.machine import protocol
from lab.tests.machine import recorded


class Plan(unittest.TestCase):
    def words(self, *commands: protocol.Command, hold_vm: bool = False, **more: Any) -> list[str]:
        boot = data.Boot("ttyS0", "ttyS1", "poweroff", 60, hold_vm=hold_vm)
        made = protocol.plan("n", boot, [*commands], **more)
        self.assertTrue(made.endswith(b"\0"))
        return made.decode().split("\0")[:-1]

    def test_nothing_to_run(self) -> None:
        self.assertEqual(self.words(), ["nonce", "n", "result", "ttyS1", "end", "poweroff", "facts", "done"])

    def test_all(self) -> None:
        """Words may be empty or have blanks; the number of them says where a command ends."""
        one, two = protocol.Command("t", ["/t", "", "a b"], 3), protocol.Command("sh", ["/bin/sh"], 0, shell=True)
        words = self.words(one, two, share=True, raw=["hvc1", "hvc2"], hold_vm=True)
        self.assertEqual(words[4:8], ["raw", "hvc1", "raw", "hvc2"])
        self.assertEqual(words[10:14], ["hold-vm", "facts", "share", "share"])
        self.assertEqual(
            words[14:], ["run", "t", "3", "3", "/t", "", "a b", "shell", "sh", "0", "1", "/bin/sh", "done"]
        )


class Stream(unittest.TestCase):
    def setUp(self) -> None:
        self.seen = bytearray()
        self.channel = protocol.Channel("n", self.seen.extend)

    def feed(self, *lines: str) -> None:
        """Lines of init's own."""
        for line in lines:
            self.channel.feed(f"\n@lab:n {line}\n".encode())

    def test_pieces_do_not_matter(self) -> None:
        want = recorded.record("pass").channel
        for piece in (1, 2, 1000000):
            found = recorded.record("pass", piece).channel
            self.assertEqual((found.outcomes, found.facts, found.done), (want.outcomes, want.facts, True))

    def test_facts(self) -> None:
        """A fact that is told twice has two lines."""
        self.feed("fact pr Invalid argument", "fact cpuinfo a", "fact cpuinfo b : c")
        self.assertFalse(self.channel.identified)
        self.feed("facts")
        self.assertEqual(self.channel.facts, {"pr": "Invalid argument", "cpuinfo": "a\nb : c"})
        self.assertTrue(self.channel.identified)

    def test_outputs(self) -> None:
        """What is written before, between and behind programs is nobody's."""
        self.channel.feed(b"before")
        self.feed("begin one")
        self.channel.feed(b"1\n\n2")
        self.feed("end exit 3 250")
        self.channel.feed(b"between")
        self.feed("end exit 9 9", "begin two")
        self.channel.feed(b"3")
        one, two = self.channel.outcomes
        self.assertEqual(one, protocol.Outcome("one", bytearray(b"1\n\n2"), "exit", 3, 250))
        self.assertEqual((two.how, self.channel.running, self.channel.done), ("", two, False))
        self.assertEqual(self.seen, b"1\n\n23")

    def test_what_looks_like_a_line_of_init(self) -> None:
        """Only the mark with this boot's number is one, and only at a line's beginning."""
        text = b"x @lab:n end exit 0 1\n\n@lab:m end exit 0 1\n\n@lab:"
        self.feed("begin t")
        for byte in text:
            self.channel.feed(bytes([byte]))
        self.assertEqual(self.seen, text[:-6])  # what may become a mark waits
        self.channel.close()
        self.assertEqual(self.channel.outcomes[0].output, text)
        self.assertIs(self.channel.running, self.channel.outcomes[0])


if __name__ == "__main__":
    unittest.main()
