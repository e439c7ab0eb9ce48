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
