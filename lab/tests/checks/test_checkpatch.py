# SPDX-License-Identifier: GPL-2.0-only
"""Each base's mails are judged by that base's kernel."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from lab.checks import checkpatch
from lab.config import data
from lab.kernel import patchset


class Checkpatch(unittest.TestCase):
    def test_accepted(self) -> None:
        """A complaint is ignored in the mails that its row names, or in all; a name is told without its folder."""
        with tempfile.TemporaryDirectory() as name:
            script = Path(name) / "scripts/checkpatch.pl"
            script.parent.mkdir()
            script.write_text("my %o = @ARGV[-3, -2]; print \"$ARGV[-1]: $o{'--ignore'}\\n\\n\"; exit 1;\n")
            rows = [checkpatch.Accept("ALL", "why"), checkpatch.Accept("ONE", "why", "0001-b")]
            mails = [Path("/x/0001-a.patch"), Path("/x/0001-b.patch")]
            with (
                mock.patch.object(checkpatch.source, "find", return_value=SimpleNamespace(tree=Path(name))),
                mock.patch.object(checkpatch.data, "read", return_value=checkpatch.Accepted(rows)),
                mock.patch.object(patchset, "mails", return_value=mails),
            ):
                found = checkpatch.complaints()
        self.assertEqual(found, ["0001-a.patch: ALL", "0001-b.patch: ALL,ONE"])

    def test_no_row_is_left_of_a_mail_that_is_no_more(self) -> None:
        rows = data.read(checkpatch.Accepted, data.DATA / "checkpatch.toml").accept
        names = [p.name for p in patchset.mails(data.base("mainline").patches)]
        self.assertEqual([r for r in rows if not any(r.mail in n for n in names)], [])
        self.assertEqual([r.type for r in rows if not r.reason.strip()], [])

    def test_of_the_base_that_is_asked_for(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            script = Path(name) / "scripts/checkpatch.pl"
            script.parent.mkdir()
            script.write_text('print "$ARGV[-1]\\n"; exit 1;\n')
            asked = []

            def find(base: data.Base) -> SimpleNamespace:
                asked.append(base.name)
                return SimpleNamespace(tree=Path(name))

            with mock.patch.object(checkpatch.source, "find", side_effect=find):
                found = checkpatch.complaints("6.12")
        folder = data.base("6.12").patches
        self.assertEqual(asked, ["6.12"])
        self.assertEqual([Path(f).name for f in found], [p.name for p in patchset.mails(folder)])


if __name__ == "__main__":
    unittest.main()
