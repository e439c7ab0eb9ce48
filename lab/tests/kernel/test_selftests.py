# SPDX-License-Identifier: GPL-2.0-only
"""What is built of a kernel tree is kept; warnings of the selftests are errors."""

from __future__ import annotations

import contextlib
import io
import os
import unittest
from pathlib import Path
from unittest import mock

from lab.config import data
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.debian import install
from lab.kernel import kbuild, selftests, source
from lab.tests import support

MAKEFILE = """
TO = $(or $(INSTALL_PATH),$(O)/kselftest)
all install:
	@echo $(SAYS)
	@mkdir -p $(TO)/kvm && cp /bin/true $(TO)/kvm/one && touch $(TO)/kvm/one.c $(TO)/run_kselftest.sh
"""


class Selftests(support.InCache):
    """A makefile in the place of the selftests', with this machine's own compiler."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        folder = self.tmp / "tree/tools/testing/selftests"
        folder.mkdir(parents=True)
        (folder / "Makefile").write_text(MAKEFILE)
        (self.tmp / "tree/Makefile").write_text("headers:\n\t@true\n")
        self.tree = source.Tree(self.tmp / "tree", "7", "-x", "key")
        self.build = data.KernelBuild("x", "", 64, "little", "", [], [])
        for module, name in ((source, "patch"), (cache, "need_space"), (install, "ensure")):
            self.enterContext(mock.patch.object(module, name))
        self.enterContext(mock.patch.object(source, "prepare", side_effect=lambda _: self.tree))

    def built(self, **env: str) -> Path:
        with mock.patch.dict(os.environ, env):
            return selftests.build(self.build)

    def test_built_once(self) -> None:
        """Programs only; once for a tree of one key, and always for one that may change."""
        found = self.built()
        self.assertEqual([p.name for p in found.iterdir()], ["one"])
        with mock.patch.object(proc, "logged", side_effect=AssertionError):
            self.assertEqual(self.built(), found)
        self.tree = source.Tree(self.tree.path, "7", "-x", "")
        self.built()
        with mock.patch.object(proc, "logged", side_effect=AssertionError), self.assertRaises(AssertionError):
            self.built()

    def test_installed(self) -> None:
        """As 'make install' leaves them, without debugging information."""
        with mock.patch.object(proc, "output", wraps=proc.output) as output:
            found = selftests.installed(self.build)
        self.assertEqual({p.name for p in found.rglob("*")}, {"kvm", "one", "one.c", "run_kselftest.sh"})
        (argv,) = [call.args[0] for call in output.call_args_list if call.args[0][0] == "strip"]
        self.assertEqual([p.name for p in argv[2:]], ["one", "one"])
        self.assertTrue(os.access(found / "kvm/one", os.X_OK))

    def test_a_warning(self) -> None:
        with self.assertRaisesRegex(LabError, "do not build without warnings: t.c:1: warning: unused"):
            self.built(SAYS="t.c:1: warning: unused")
        self.assertEqual([*(self.tmp / "cache/selftests/x").iterdir()], [])

    def test_nothing_is_built(self) -> None:
        makefile = self.tree.path / "tools/testing/selftests/Makefile"
        makefile.write_text("all:\n\t@true\n")
        with self.assertRaisesRegex(LabError, "the selftests build nothing for x"):
            self.built()

    def test_what_the_suite_names(self) -> None:
        found = self.built()
        self.assertEqual([*selftests.programs(found, [data.Test("one", 1)], self.build)], ["bin/one"])
        with self.assertRaisesRegex(LabError, "names two, which the selftests did not build for x; built: one"):
            selftests.programs(found, [data.Test("two", 1)], self.build)

    def test_old_ones_go(self) -> None:
        for number in range(kbuild.KEEP + 2):
            path = self.tmp / "kept" / str(number)
            path.mkdir(parents=True)
            os.utime(path, (number, number))
        kbuild.prune((self.tmp / "kept").iterdir())
        self.assertEqual({int(p.name) for p in (self.tmp / "kept").iterdir()}, {*range(2, kbuild.KEEP + 2)})


if __name__ == "__main__":
    unittest.main()
