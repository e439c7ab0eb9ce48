# SPDX-License-Identifier: GPL-2.0-only
"""busybox's configuration, with a makefile in the place of busybox's."""

from __future__ import annotations

import contextlib
import io
from unittest import mock

from lab.core.errors import LabError
from lab.kernel import busybox
from lab.tests import support

MAKEFILE = """
allnoconfig:
	@printf '#\\n# Settings\\n#\\n# CONFIG_A is not set\\nCONFIG_B=y\\nCONFIG_C=10\\n' > $(O)/.config
oldconfig:
	@sed -i '/$(DROP)/d' $(O)/.config
"""


class Configuration(support.InCache):
    def configured(self, drop: str) -> dict[str, str]:
        """The symbols, where oldconfig drops this one."""
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        (self.tmp / "Makefile").write_text(f"DROP = {drop}\n{MAKEFILE}")
        wanted = self.tmp / "wanted"
        wanted.write_text("# why\nCONFIG_A=y\n# CONFIG_B is not set\n")
        with mock.patch.object(busybox, "CONFIG", wanted):
            busybox._configure(self.tmp, self.tmp, self.tmp / "log")
        return busybox.kbuild.symbols((self.tmp / ".config").read_text())

    def test_wanted_wins(self) -> None:
        self.assertEqual(self.configured("none"), {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "10"})

    def test_a_symbol_is_lost(self) -> None:
        with self.assertRaisesRegex(LabError, "busybox's configuration lost CONFIG_A=y: correct .*wanted; log: "):
            self.configured("CONFIG_A")
