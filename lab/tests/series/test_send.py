# SPDX-License-Identifier: GPL-2.0-only
"""Who gets the mails, and what is in them."""

from __future__ import annotations

import contextlib
import email
import email.policy
import io
import unittest
from unittest import mock

from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import install
from lab.series import send
from lab.tests.series import support

SCRIPT = """
my %who = ("--m" => "M <m\\@example.org>\\n", "--r" => "L <l\\@example.org>\\nT <t\\@example.org>\\n");
print map { $who{$_} // "" } @ARGV;
"""


class Sent(support.Folder):
    def setUp(self) -> None:
        super().setUp()
        (self.stock / "scripts").mkdir()
        (self.stock / "scripts/get_maintainer.pl").write_text(SCRIPT)
        self.enterContext(mock.patch.object(install, "ensure"))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def test_recipients(self) -> None:
        """Each once, and in To if in both."""
        found = send.recipients(self.stock, [], ["T <t@example.org>"], ["C <c@example.org>", "M <m@example.org>"])
        to, cc = ["M <m@example.org>", "T <t@example.org>"], ["L <l@example.org>", "C <c@example.org>"]
        self.assertEqual(found, (to, cc))

    def sent(self, sender: str = "") -> list[email.message.Message]:
        out = self.tmp / "out"
        send.command(Options(series="02-two", out=str(out), sender=sender))
        parse = email.message_from_bytes
        return [parse(p.read_bytes(), policy=email.policy.default) for p in sorted(out.glob("*.eml"))]

    def test_by_a_person(self) -> None:
        letter, mail = self.sent(sender="Jo Doe <jo@example.net>")
        self.assertEqual(letter["Subject"], "[PATCH 0/1] Two")
        self.assertEqual((mail["Subject"], mail["From"]), ("[PATCH 1/1] Two: Third", "Jo Doe <jo@example.net>"))
        self.assertEqual(mail["In-Reply-To"], letter["Message-ID"])
        self.assertEqual(mail["To"], "M <m@example.org>")
        self.assertIn("C <c@example.org>", mail["Cc"])
        self.assertIn("\nSigned-off-by: Jo Doe <jo@example.net>\n---\n", mail.get_payload())
        self.assertNotIn("noreply", mail.as_string())

    def test_by_nobody(self) -> None:
        letter, mail = self.sent()
        for one in (letter, mail):
            self.assertIn("Not signed off: a person must review and sign", one.get_payload())
        self.assertNotIn("Signed-off-by", mail.get_payload())

    def test_unknown_series(self) -> None:
        with self.assertRaisesRegex(LabError, "SERIES=four: name one series; known: 01-one, .*, qemu"):
            send.command(Options(series="four"))


if __name__ == "__main__":
    unittest.main()
