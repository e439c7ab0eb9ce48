# SPDX-License-Identifier: GPL-2.0-only
"""What is said of the series' end, and not of BASE."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest import mock

from lab.checks import checkpatch, matrix, upstream_builds, upstream_once
from lab.config import data
from lab.core.errors import LabError


class Once(unittest.TestCase):
    def test_complaints(self) -> None:
        def said(script: str, counts: bool = False) -> Counter[str]:
            return upstream_once.said_of(["sh", "-c", script], "tool", ["a.c"], Path(), counts)

        self.assertEqual(said("echo a.c:1: warning: x"), Counter({"a.c: warning: x": 1}))
        self.assertEqual(said("echo a.c:1: warning: x; exit 3", counts=True), Counter({"a.c: warning: x": 1}))
        self.assertEqual(said("echo b.c:1: warning: x"), Counter())
        for counts in (False, True):
            with self.assertRaisesRegex(LabError, "tool fails with status 127: .*no-tool: not found"):
                said("no-tool", counts)
        with self.assertRaisesRegex(LabError, "tool fails with status 2: stopped"):
            said("echo a.c:1: warning: x; echo stopped; exit 2")

    def test_lines_of_other_files_and_without_a_complaint(self) -> None:
        text = "CC a.c\n/x/a.c:5-7: see line 12\n/x/a.c:9: see line 3\nb.c: error\na.c: Error: y\n"
        self.assertEqual(upstream_once.lines_of(text, ["a.c"]), Counter({"a.c: see line": 2, "a.c: Error: y": 1}))

    def once(self, **files: bytes) -> upstream_once.Once:
        """BASE has a.c; the series' end has these files."""
        made = {n.replace("__", "/").replace("_", "."): (text, 0o644) for n, text in files.items()}
        first, last = (matrix.Commit(n, str(n), x) for n, x in enumerate(({"arch/a.c": (b"", 0o644)}, made)))
        path = Path(self.enterContext(tempfile.TemporaryDirectory()))
        builds = SimpleNamespace(tree=SimpleNamespace(path=path / "tree"), commits=[first, last], store=path / "store")
        builds.source = SimpleNamespace(tree=path / "stock", key="k")
        builds.base, builds.at, builds.build = data.base("mainline"), lambda _: contextlib.nullcontext(), "arch/"
        return upstream_once.Once(cast(upstream_builds.Builds, builds))

    def test_files(self) -> None:
        once = self.once(arch__a_c=b"1", arch__b_c=b"2", include__c_h=b"3", tools__d_c=b"4", Documentation__e_rst=b"5")
        self.assertEqual(once.added, ["Documentation/e.rst", "arch/b.c", "include/c.h", "tools/d.c"])
        self.assertEqual(once.sources((".c",)), ["arch/a.c", "arch/b.c"])
        self.assertEqual(once.sources((".c", ".h")), ["arch/a.c", "arch/b.c", "include/c.h"])

    def test_documents(self) -> None:
        """A page that was not made is told, also if another folder has one of its name."""
        once = self.once(Documentation__x__made_rst=b"", Documentation__x__index_rst=b"", Documentation__y__z_yaml=b"")
        html = once.tree / "out-docs/Documentation/output/x/made.html"
        asked = []

        def captured(argv: list[str], what: str, cwd: Path) -> tuple[int, str]:
            asked.append(argv[3])
            if cwd == once.tree:
                for page in (html, html.with_name("y") / "index.html"):
                    page.parent.mkdir(parents=True)
                    page.touch()
                return 0, "Documentation/x/made.rst:3: WARNING: new\n"
            return 0, "Documentation/x/made.rst:3: WARNING: old\n"

        for folder in (once.tree, once.stock):
            folder.mkdir()
        with (
            mock.patch.object(upstream_once.install, "ensure"),
            mock.patch.object(upstream_once.proc, "captured", side_effect=captured),
        ):
            found = once.htmldocs()
            self.assertEqual(self.once(arch__a_c=b"").htmldocs(), upstream_once.Found(note="no document is touched"))
        self.assertEqual(asked, ["SPHINXDIRS=x y"] * 2)
        self.assertEqual(found.bad, ["x/made.rst: WARNING: new", "Documentation/x/index.rst: no page was made of it"])

    def test_headers(self) -> None:
        """A warning is a failure; of the configurations, one of each width is enough."""
        once = self.once(arch__a_c=b"1")
        once.builds.configs = [
            dataclasses.replace(data.build("mac99-g4"), name=n) for n in ("e500", "pmac32", "pseries")
        ]
        said = {"headers_install": (0, ""), "usr/include/": (0, "x.h:1: warning: y\nmore\n")}
        with (
            mock.patch.object(upstream_once.kbuild, "configure", return_value=Path("out-x")) as configure,
            mock.patch.object(upstream_once.proc, "captured", side_effect=lambda argv, *_, **__: said[argv[-1]]),
            mock.patch.dict("os.environ", {"LAB_CACHE": str(once.tree)}),
        ):
            found = once.headers()
            said["headers_install"] = (2, "")
            self.assertIn("pseries: headers_install: failed", once.headers().bad)
        self.assertEqual(found.bad, [f"{n}: usr/include/: x.h:1: warning: y" for n in ("pmac32", "pseries")])
        self.assertIn("CONFIG_UAPI_HEADER_TEST=y", configure.call_args.kwargs["more"])

    def test_modules(self) -> None:
        """A symbol that is not exported is named."""
        once = self.once(arch__a_c=b"1")
        said = 'MODPOST\nERROR: modpost: "x" [arch/kvm-pr.ko] undefined!\nmake: *** Error 1\n'
        with (
            mock.patch.object(upstream_once.install, "ensure"),
            mock.patch.object(upstream_once.kbuild, "configure", return_value=Path("out-x")) as configure,
            mock.patch.object(upstream_once.proc, "captured", side_effect=[(0, "warning"), (2, said)]),
            mock.patch.dict("os.environ", {"LAB_CACHE": str(once.tree)}),
        ):
            found = once.modules()
        self.assertEqual(found.bad, ['pseries-p8: ERROR: modpost: "x" [arch/kvm-pr.ko] undefined!'])
        self.assertEqual(configure.call_args.args[1].fragments[-1], "check-modules.config")

    def test_selftests(self) -> None:
        """Only warnings of the series' own files count, and only if the compiler was asked for them."""
        own = "kvm/powerpc/a.c"
        once = self.once(**{"tools__testing__selftests__kvm__powerpc__a_c": b""})
        text = f"gcc -Wextra\n{own.removeprefix('kvm/')}:1: warning: x\nlib/b.c:1: warning: y\n"
        with (
            mock.patch.object(upstream_once.install, "ensure"),
            mock.patch.object(upstream_once.upstream_hosts, "build", return_value=(True, text)) as build,
        ):
            hosts = ("mac99-g4", "mac99-g5", "pseries-p8")
            self.assertEqual(once.selftests().bad, [f"{host}: powerpc/a.c: warning: x" for host in hosts])
            build.return_value = (False, "gcc -Wextra\nb.c:1: error: z\n")
            self.assertEqual(once.selftests().bad[0], "mac99-g4: b.c:1: error: z")
            build.return_value = (True, "gcc -Wall\n")
            with self.assertRaisesRegex(LabError, "were not built with -Wextra"):
                once.selftests()

    def test_what_has_been_judged_is_not_judged_again(self) -> None:
        """A check that could not be made is none, and is made again."""
        once = self.once(arch__a_c=b"1")
        methods = ("checkpatch", "kernel_doc", "htmldocs", "headers", "modules", "selftests", "coccicheck")
        made = {name: mock.Mock(return_value=upstream_once.Found([name])) for name in methods}
        made["headers"].side_effect = LabError("make fails")
        with (
            mock.patch.multiple(upstream_once.Once, **made),
            mock.patch.object(upstream_once.patchset, "mails", return_value=[]),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            found = upstream_once.run(once.builds)
            self.assertEqual(upstream_once.run(once.builds), found)
        self.assertEqual((found["uapi headers"].bad, found["htmldocs"].bad), (["make fails"], ["htmldocs"]))
        self.assertEqual({n: m.call_count for n, m in made.items()}, dict.fromkeys(methods, 1) | {"headers": 2})

    def test_checkpatch_is_asked_again_if_its_data_change(self) -> None:
        """A complaint that has been accepted since is none; the slower checks are not made again."""
        once, changed = self.once(arch__a_c=b"1"), Path(self.enterContext(tempfile.TemporaryDirectory()))
        (changed / "checkpatch.toml").write_text("")
        judge = mock.Mock(return_value=upstream_once.Found())
        found = dict.fromkeys(("kernel_doc", "htmldocs", "headers", "modules", "selftests", "coccicheck"), judge)
        with (
            mock.patch.multiple(upstream_once.Once, **found),
            mock.patch.object(checkpatch, "complaints", side_effect=[["bad"], []]),
            mock.patch.object(upstream_once.patchset, "mails", return_value=[]),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            self.assertEqual(upstream_once.run(once.builds)["checkpatch"].bad, ["bad"])
            with mock.patch.object(data, "DATA", changed), mock.patch.object(data, "options_of", return_value=["-x"]):
                self.assertEqual(upstream_once.run(once.builds)["checkpatch"].bad, [])
        self.assertEqual(judge.call_count, len(found))

    def test_coccicheck_names_files_from_its_folder(self) -> None:
        """What it says of the series' files is found, and not taken for what it says of others."""
        said = "./old.c:1:0-1: preceding lock on line 4\n./xnew.c:2:0-1: WARNING: x\n"
        new = f"{said}./new.c:7:8-9: WARNING: y\n".replace("line 4", "line 5")  # no other complaint
        once = upstream_once.Once.__new__(upstream_once.Once)
        once.builds = cast(upstream_builds.Builds, SimpleNamespace(build="arch/powerpc/kvm/"))
        once.files = ["arch/powerpc/kvm/new.c", "arch/powerpc/kvm/old.c", "arch/powerpc/kernel/new.c"]
        once.stock, once.tree = Path("stock"), Path("tree")

        def captured(argv: list[str], what: str, cwd: Path) -> tuple[int, str]:
            return 0, new if cwd == once.tree else said

        with (
            mock.patch.object(upstream_once.install, "ensure"),
            mock.patch.object(upstream_once.proc, "captured", side_effect=captured),
        ):
            self.assertEqual(once.coccicheck().bad, ["./new.c: WARNING: y"])

    def test_once_checks_its_own_base(self) -> None:
        once = upstream_once.Once.__new__(upstream_once.Once)
        once.builds = cast(upstream_builds.Builds, SimpleNamespace(base=data.base("6.12"), commits=[1, 2]))
        with mock.patch.object(checkpatch, "complaints", return_value=["bad"]) as judged:
            self.assertEqual(once.checkpatch().bad, ["bad"])
        judged.assert_called_once_with("6.12")


if __name__ == "__main__":
    unittest.main()
