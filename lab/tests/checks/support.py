# SPDX-License-Identifier: GPL-2.0-only
"""Builds of three commits, without compilers."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import threading
import unittest
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest import mock

from lab.checks import matrix, upstream_builds
from lab.config import data
from lab.core import cache, proc
from lab.debian import install
from lab.kernel import kbuild, source

COMMITS = [matrix.Commit(n, f"patch {n}", {"arch/a.c": (b"%d" % n, 0o644)}, key) for n, key in enumerate("abb")]


class Builds(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, {"LAB_CACHE": str(self.tmp / "cache")}))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        used: list[tuple[Any, str]] = [(source, "sync"), (install, "ensure"), (cache, "need_space"), (proc, "kill_all")]
        for module, name in used:
            self.enterContext(mock.patch.object(module, name))
        (self.tmp / "cache/log").mkdir(parents=True)
        self.enterContext(mock.patch.object(kbuild, "compiler", return_value="gcc 12"))
        self.made = upstream_builds.Builds.__new__(upstream_builds.Builds)
        self.made.turn = threading.Lock()
        self.made.base, self.made.commits, self.made.ran = data.base("mainline"), COMMITS, 0
        self.made.configs, self.made.boots = [data.build("mac99-g4")], [data.target("mac99-g4")]
        self.made.compilers, self.made.build = [matrix.Compiler("gcc", ("W=1",))], "arch/powerpc/kvm/"
        self.made.unread = {}
        self.made.made = {"mac99-g4": ["arch/powerpc/kvm/"]}
        self.made.touched = {name for commit in COMMITS for name in commit.files}
        self.made.earlier, self.made.good = defaultdict(set), set()
        self.made.store = self.tmp / "store"
        self.made.tree = source.Tree(self.tmp / "tree", "7.3", "", "key")
        self.made.source = source.Source("linux 7.3", "7.3", "key", self.tmp / "stock")
        for tree in ("tree", "tree-mac99-g4"):  # of the builds, and of a host
            (self.tmp / tree).mkdir()
