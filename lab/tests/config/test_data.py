# SPDX-License-Identifier: GPL-2.0-only
"""Hosts that are like others, and patterns of T=."""

from __future__ import annotations

from unittest import mock

from lab.config import data
from lab.core.errors import LabError
from lab.tests import support


class Targets(support.InCache):
    def test_like(self) -> None:
        """A variant has what it is like, and its own on top."""
        for target in map(data.target, data.names("targets")):
            if target.like:
                base = data.target(target.like)
                self.assertEqual(target.fragments[: len(base.fragments)], base.fragments)
                self.assertEqual((target.cross, target.must, target.programs), (base.cross, base.must, base.name))
                self.assertFalse(base.like)

    def test_pattern(self) -> None:
        self.assertTrue(all(t.default for t in data.targets("")))
        self.assertEqual([t.name for t in data.targets("pseries-p8")], ["pseries-p8"])
        self.assertEqual({t.like for t in data.targets("mac99-*-debug")}, {"mac99-g4", "mac99-g5"})

    def test_like_what_is_like_another(self) -> None:
        (self.tmp / "targets").mkdir()
        for name, like in (("a-debug", "pseries-p8-debug"), ("pseries-p8-debug", "pseries-p8"), ("pseries-p8", "")):
            text = (data.DATA / "targets/pseries-p8.toml").read_text() if not like else f'like = "{like}"\n'
            (self.tmp / "targets" / f"{name}.toml").write_text(text)
        with mock.patch.object(data, "DATA", self.tmp), self.assertRaisesRegex(LabError, "name that one"):
            data.target("a-debug")
