# SPDX-License-Identifier: GPL-2.0-only
"""A private apt configuration, as chdist makes one: package lists, downloads and source packages of a Debian suite."""

from __future__ import annotations

import functools
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import install

CONF = data.DATA / "configs/apt.conf"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FRESH = 24 * 3600  # seconds for which fetched lists are believed
TORN = ("unexpected size", "Hash Sum mismatch", "404  Not Found")
OFFLINE = ("resolving", "Could not connect", "Failed to fetch", "unreachable", "Connection", "timed out")


def architecture() -> str:
    """Debian's name of this machine's."""
    return proc.output(["dpkg", "--print-architecture"]).decode().strip()


def mirror() -> tuple[str, str]:
    """The Debian archive and keyring that the machine's own apt uses."""
    form = "$(REPO_URI)|$(LABEL)|$(COMPONENT)|$(SIGNED_BY)"
    said = proc.output(["apt-get", "indextargets", "--format", form, "Created-By: Packages"]).decode()
    for line in said.splitlines():
        uri, label, component, signed = [*line.split("|"), "", "", ""][:4]
        # Without fetched lists apt knows no label yet and prints the variable's name.
        if component == "main" and (label == "Debian" or (label.startswith("$") and "security" not in uri)):
            return uri.rstrip("/"), signed if signed.startswith("/") else KEYRING
    raise LabError("no Debian archive in this machine's apt sources: add one (component main), then run apt-get update")


class Torn(LabError):
    """The mirror's files are not those that its lists name: somebody is updating it."""


@dataclass(frozen=True)
class Found:
    """A binary package in one version."""

    package: str
    version: str


class Apt:
    """One private apt configuration: some suites, one architecture, or the source packages."""

    def __init__(self, suites: Sequence[str], arch: str, sources: bool = False) -> None:
        self.suites, self.arch, self.types = list(suites), arch, "deb-src" if sources else "deb"
        self.name = f"apt-{'src' if sources else arch}-{'-'.join(suites)}"
        self.dir = cache.folder() / "apt" / self.name
        self.log = cache.log(self.name)
        self.env = {"APT_CONFIG": str(self.dir / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}

    def _configure(self) -> bool:
        """Write the configuration; true if it is as the last run left it."""
        uri, keyring = mirror()
        if not Path(keyring).exists():
            raise LabError(f"{keyring} is missing: apt-get install debian-archive-keyring")
        sources = (
            f"Types: {self.types}\nURIs: {uri}\nSuites: {' '.join(self.suites)}\nComponents: main\n"
            f"Signed-By: {keyring}\n"
        )
        here = self.dir
        conf = CONF.read_text().replace("@FOLDER@", str(here)).replace("@ARCHITECTURE@", self.arch)
        if os.geteuid() == 0:  # apt's own user cannot write below root's home
            conf += 'APT::Sandbox::User "root";\n'
        for sub in ("lists/partial", "cache/archives/partial"):
            (here / sub).mkdir(parents=True, exist_ok=True)
        cache.write(here / "status", b"")
        cache.write(here / "apt.conf", conf.encode())
        same = (here / "lab.sources").exists() and (here / "lab.sources").read_text() == sources
        cache.write(here / "lab.sources", sources.encode())
        return same

    def _logged(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _run(self, argv: Sequence[str], what: str, cwd: Path | None = None) -> None:
        before = len(self._logged())
        try:
            proc.logged(argv, self.log, what, cwd=cwd, env=self.env)
        except LabError as why:
            if any(word in self._logged()[before:] for word in TORN):
                raise Torn(
                    f"the Debian mirror {mirror()[0]} is between two states (what its lists of "
                    f"{', '.join(self.suites)}, {self.arch}, name is not there as they say): run it again later"
                ) from None
            if any(word in str(why) for word in OFFLINE):
                raise LabError(
                    f"no network: the Debian mirror {mirror()[0]} does not answer; "
                    "connect, or mend this machine's apt sources, and run it again"
                ) from None
            raise

    def update(self) -> None:
        """Fetch the package lists, unless they are younger than FRESH seconds. LabError without a network."""
        with cache.lock(self.name):
            stamp = self.dir / "updated"
            if self._configure() and stamp.exists() and time.time() - stamp.stat().st_mtime < FRESH:
                return
            ui.say(f"fetching the package lists of {', '.join(self.suites)} ({self.arch})")
            self._run(["apt-get", "update"], "apt-get update")
            cache.write(stamp, b"")

    def find(self, pattern: str) -> list[Found]:
        """Packages whose whole name matches, newest version first."""
        names = proc.output(["apt-cache", "pkgnames"], env=self.env).decode().split()
        wanted = sorted(n for n in names if re.fullmatch(pattern, n))
        said = proc.output(["apt-cache", "madison", *wanted], env=self.env).decode() if wanted else ""
        found = {Found(*(x.strip() for x in line.split("|")[:2])) for line in said.splitlines() if line.count("|") == 2}
        return newest_first(found)

    def download(self, package: Found, where: Path) -> Path:
        """The package's .deb, fetched into the folder 'where' and checked by apt."""
        argv = ["apt-get", "download", f"{package.package}={package.version}"]
        self._run(argv, f"fetching {package.package} {package.version}", where)
        return next(where.glob("*.deb"))

    def source(self, package: str, version: str, where: Path) -> Path:
        """A source package, not unpacked; its .dsc.  No version: the newest one."""
        name = f"{package}={version}" if version else package
        argv = ["apt-get", "source", "--download-only", "--only-source", name]
        self._run(argv, f"fetching the source of {package} {version}".rstrip(), where)
        return next(where.glob("*.dsc"))

    def closure(self, packages: Sequence[str], where: Path) -> None:
        """Unpack packages with all they depend on below 'where'."""
        with cache.lock(self.name):
            archives = self.dir / "cache/archives"
            for old in archives.glob("*.deb"):
                old.unlink()
            # Backports are taken only if they are asked for.
            how = ["apt-get", "install", "-y", "--download-only", "-t", self.suites[-1]]
            self._run([*how, *packages], f"fetching {' '.join(packages)}")
            debs = sorted(archives.glob("*.deb"))
            for deb in debs:
                proc.output(["dpkg", "-x", deb, where])
                deb.unlink()
            cache.write(where / "packages.txt", "".join(f"{d.name}\n" for d in debs).encode())


def source_tree(package: str, suites: Sequence[str], version: str = "") -> Path:
    """A source package, unpacked in the cache, with Debian's own patches applied."""
    install.ensure([data.Package("dpkg-dev", "dpkg-source"), data.Package("patch", "patch")])

    def fill(work: Path) -> None:
        cache.need_space(4 if version else 1)
        apt = Apt(suites, architecture(), sources=True)
        apt.update()
        ui.say(f"fetching the source package {package} {version}".rstrip())
        with cache.scratch("source") as where:
            dsc = apt.source(package, version, where)
            work.rmdir()
            argv = ["dpkg-source", "--no-check", "--no-copy", "-x", str(dsc), str(work)]
            proc.logged(argv, cache.log("dpkg-source"), "dpkg-source -x")

    return cache.stage(cache.folder() / "trees" / f"debian-{package}-{version or suites[-1]}", fill)


def newest_first(found: set[Found]) -> list[Found]:
    """By version, as dpkg orders them; of one version by name."""

    def order(one: Found, two: Found) -> int:
        """Below 0 if the first is newer; sorted() asks for nothing else."""
        done = proc.finished(["dpkg", "--compare-versions", one.version, "gt", two.version])
        if done.returncode not in (0, 1):
            said = done.stderr.decode(errors="replace").strip()
            raise LabError(f"dpkg cannot compare the versions {one.version} and {two.version}: {said}")
        return done.returncode - 1

    return sorted(sorted(found, key=lambda f: f.package), key=functools.cmp_to_key(order))
