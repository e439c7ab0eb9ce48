# SPDX-License-Identifier: GPL-2.0-only
"""The private apt: whose archive it uses, and when its lists are fetched again."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from lab.core import proc
from lab.core.errors import LabError
from lab.debian import apt
from lab.debian.apt import Found
from lab.tests import support


class Mirror(unittest.TestCase):
    def mirror(self, lines: str) -> tuple[str, str]:
        """Where apt-get indextargets prints these lines."""
        with mock.patch.object(proc, "output", return_value=lines.encode()):
            return apt.mirror()

    def test_the_archive_of_main(self) -> None:
        lines = (
            "h://s/security|Debian-Security|main|\nh://m/debian/|Debian|contrib|\nh://m/debian/|Debian|main|/k.gpg\n"
        )
        self.assertEqual(self.mirror(lines), ("h://m/debian", "/k.gpg"))

    def test_before_lists_are_fetched(self) -> None:
        lines = "h://m/debian-security/|$(LABEL)|main|\nh://m/debian/|$(LABEL)|main|\n"
        self.assertEqual(self.mirror(lines), ("h://m/debian", apt.KEYRING))

    def test_none(self) -> None:
        with self.assertRaisesRegex(LabError, "no Debian archive in this machine's apt sources"):
            self.mirror("h://u/ubuntu|Ubuntu|main|\n")


class Lists(support.InCache):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        (self.tmp / "keys.gpg").touch()
        found = ("h://m/debian", str(self.tmp / "keys.gpg"))
        self.mirror = self.enterContext(mock.patch.object(apt, "mirror", return_value=found))
        self.logged = self.enterContext(mock.patch.object(proc, "logged"))
        self.apt = apt.Apt(["bookworm", "bookworm-backports"], "ppc64el")

    def updates(self) -> int:
        self.logged.reset_mock()
        self.apt.update()
        return self.logged.call_count

    def test_fetched_when_they_are_old_or_of_another_mirror(self) -> None:
        self.assertEqual([self.updates(), self.updates()], [1, 0])
        old = time.time() - apt.FRESH - 1
        os.utime(self.apt.dir / "updated", (old, old))
        self.assertEqual([self.updates(), self.updates()], [1, 0])
        self.mirror.return_value = ("h://other/debian", str(self.tmp / "keys.gpg"))
        self.assertEqual([self.updates(), self.updates()], [1, 0])

    def test_two_at_the_same_time(self) -> None:
        """The second one waits, and finds the lists that the first one has fetched."""
        self.logged.side_effect = lambda *_, **__: time.sleep(0.1)
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(self.apt.update) for _ in "12"]:
                done.result()
        self.assertEqual(self.logged.call_count, 1)

    def test_nothing_of_the_machines_own_apt(self) -> None:
        """apt itself reads the configuration: its lists, caches and architecture are those of the folder."""
        self.apt.update()
        env = {**os.environ, "APT_CONFIG": str(self.apt.dir / "apt.conf")}
        said = subprocess.run(["apt-config", "dump"], env=env, capture_output=True, text=True, check=True).stdout
        for line in (
            f'Dir::Etc::sourcelist "{self.apt.dir}/lab.sources";',
            f'Dir::State::lists "{self.apt.dir}/lists";',
            f'Dir::State::status "{self.apt.dir}/status";',
            'APT::Architecture "ppc64el";',
        ):
            self.assertIn(line, said.splitlines())
        self.assertNotIn("@", said.partition("Dir::State::lists")[2].partition("\n")[0])
        self.assertIn("Suites: bookworm bookworm-backports\n", (self.apt.dir / "lab.sources").read_text())

    def test_no_keyring(self) -> None:
        (self.tmp / "keys.gpg").unlink()
        with self.assertRaisesRegex(LabError, "keys.gpg is missing: apt-get install debian-archive-keyring"):
            self.apt.update()

    def test_find(self) -> None:
        """Only whole names, and only rows of packages."""
        rows = "linux-source-7 | 7.10-1 | h://m main\nlinux-source-7 | 7.9-1 | h://m main\nE: x\n"
        real, asked = proc.output, []

        def output(argv: list[str], **options: object) -> bytes:
            if argv[0] != "apt-cache":
                return real(argv)
            asked.append(argv[2:])
            return b"linux-source-7\nlinux-source-7-doc\n" if argv[1] == "pkgnames" else rows.encode()

        with mock.patch.object(proc, "output", output):
            self.assertEqual([f.version for f in self.apt.find(r"linux-source-\d")], ["7.10-1", "7.9-1"])
            self.assertEqual(self.apt.find("none"), [])
        self.assertEqual(asked, [[], ["linux-source-7"], []])

    def test_closure_leaves_no_archives_behind(self) -> None:
        archives = self.apt.dir / "cache/archives"
        archives.mkdir(parents=True)
        (archives / "old.deb").touch()
        self.logged.side_effect = lambda *_, **__: (archives / "new_1.deb").touch()
        with mock.patch.object(proc, "output") as unpacked:
            self.apt.closure(["new"], self.tmp)
        self.assertEqual([c.args[0][2].name for c in unpacked.call_args_list], ["new_1.deb"])
        self.assertEqual((self.tmp / "packages.txt").read_text(), "new_1.deb\n")
        self.assertEqual([*archives.iterdir()], [])
        self.assertIn("bookworm-backports", self.logged.call_args.args[0])


class Network(support.InCache):
    def test_no_network(self) -> None:
        one = apt.Apt(["trixie"], "amd64")
        said = LabError("apt-get update failed: E: Temporary failure resolving 'x'")
        self.enterContext(mock.patch.object(proc, "logged", side_effect=said))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        with self.assertRaisesRegex(LabError, "no network: the Debian mirror .* does not answer"):
            one.update()

    def test_mirror_lacks_what_it_lists(self) -> None:
        """The next suites are tried: it is not the network."""
        one = apt.Apt(["trixie"], "ppc64el")

        def fails(*_: object, **__: object) -> None:
            one.log.parent.mkdir(parents=True, exist_ok=True)
            one.log.write_text("E: Failed to fetch http://x/libc6.deb  404  Not Found [IP: ::1 80]\n")
            raise LabError("fetching failed: E: Failed to fetch some files")

        self.enterContext(mock.patch.object(proc, "logged", side_effect=fails))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        with self.assertRaisesRegex(apt.Torn, "between two states .*trixie, ppc64el"):
            one.update()


class SourceTree(support.InCache):
    def test_unpacked(self) -> None:
        """A source package without patches, made by dpkg-source and fetched from a folder."""
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        made = self.tmp / "hello-1"
        (made / "debian/source").mkdir(parents=True)
        (made / "file").write_text("content\n")
        (made / "debian/source/format").write_text("3.0 (native)\n")
        signed = " -- A <a@b.c>  Thu, 01 Jan 1970 00:00:00 +0000\n"
        (made / "debian/changelog").write_text(f"hello (1) x; urgency=low\n\n  * x\n\n{signed}")
        package = "Package: hello\nArchitecture: all\nDescription: x\n x\n"
        (made / "debian/control").write_text(f"Source: hello\nMaintainer: A <a@b.c>\n\n{package}")
        subprocess.run(["dpkg-source", "-b", made], cwd=self.tmp, check=True, capture_output=True)

        def source(_: apt.Apt, package: str, version: str, where: Path) -> Path:
            for path in self.tmp.glob("hello_1*"):
                path.rename(where / path.name)
            return where / "hello_1.dsc"

        with mock.patch.object(apt.Apt, "update"), mock.patch.object(apt.Apt, "source", source):
            tree = apt.source_tree("hello", ["sid"], "1")
            self.assertEqual((tree / "file").read_text(), "content\n")
            self.assertEqual(apt.source_tree("hello", ["sid"], "1"), tree)


class Versions(unittest.TestCase):
    def test_newest_first(self) -> None:
        versions = ("6.12.9-1", "6.12.10-1~bpo12+1", "6.12.10-1", "1:5-1")
        found = apt.newest_first({Found("linux", v) for v in versions} | {Found("a", "6.12.9-1")})
        wanted = ["1:5-1", "6.12.10-1", "6.12.10-1~bpo12+1", "6.12.9-1", "6.12.9-1"]
        self.assertEqual([f.version for f in found], wanted)
        self.assertEqual([f.package for f in found[-2:]], ["a", "linux"])

    def test_dpkg_that_fails(self) -> None:
        """Not 'older': an order made by accident would choose the wrong kernel."""
        with (
            mock.patch.object(proc.subprocess, "run", return_value=mock.Mock(returncode=2, stderr=b"broken\n")),
            self.assertRaisesRegex(LabError, "dpkg cannot compare the versions .*: broken"),
        ):
            apt.newest_first({Found("a", "1"), Found("a", "2")})


if __name__ == "__main__":
    unittest.main()
