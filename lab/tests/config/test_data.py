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
                self.assertEqual((target.must, target.build.programs), (base.must, base.build.name))
                self.assertFalse(base.like)

    def test_builds(self) -> None:
        """Hosts can boot one kernel; a build has what it inherits, with its own fragments behind that."""
        named = {name: data.target(name).build.name for name in ("pseries-p9", "pseries-p8-threads", "mac99-g4-debug")}
        want = {"pseries-p9": "pseries-p8", "pseries-p8-threads": "pseries-p8", "mac99-g4-debug": "mac99-g4-debug"}
        self.assertEqual(named, want)
        for made in map(data.build, data.names("builds")):
            base = data.build(made.programs)
            self.assertEqual(made.fragments[: len(base.fragments)], base.fragments)
            self.assertEqual((made.cross, base.inherits), (base.cross, ""))

    def test_fragments_of_a_base(self) -> None:
        """A base's fragments come behind those of a build; mainline needs none."""
        build = data.build("mac99-g4")
        self.assertEqual(data.base("mainline").configured(build), build)
        for name, more in (
            ("6.12", ["proc-sysctl.config"]),
            ("stock-6.1", ["inet-9p.config", "proc-sysctl.config"]),
        ):
            self.assertEqual(data.base(name).configured(build).fragments, [*build.fragments, *more])

    def test_bad_builds(self) -> None:
        (self.tmp / "builds").mkdir()
        for name, text in (
            ("a", 'summary = ""\ninherits = "b"\n'),
            ("b", 'inherits = "a"\n'),
            ("c", 'inherits = "x"\n'),
        ):
            (self.tmp / "builds" / f"{name}.toml").write_text(text)
        with mock.patch.object(data, "DATA", self.tmp):
            for name, want in (
                ("a", "b inherits itself: name a"),
                ("c", "unknown inherits=x"),
                ("y", "unknown build=y"),
            ):
                with self.assertRaisesRegex(LabError, want):
                    data.build(name)

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
