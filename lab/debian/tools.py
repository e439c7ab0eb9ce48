# SPDX-License-Identifier: GPL-2.0-only
"""Programs that are taken from Debian and run from the cache: lab/data/tools.toml."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import cache, ui
from lab.core.errors import LabError
from lab.debian import apt


@dataclass(frozen=True)
class Tool:
    """[NAME] of lab/data/tools.toml."""

    suites: list[list[str]]  # of Debian; each list is tried in turn, the last suite of one is preferred
    packages: list[str] = field(default_factory=list)  # to unpack with what they depend on; none: built from its source


def tools() -> dict[str, Tool]:
    """lab/data/tools.toml."""
    return data.named(Tool, data.DATA / "tools.toml")


def tool_root(name: str, arch: str | None = None) -> Path:
    """A tool of lab/data/tools.toml, unpacked with its dependencies in the cache."""
    known = tools()
    if name not in known:
        raise LabError(f"lab/data/tools.toml does not describe '{name}'")
    tool, machine = known[name], arch or apt.architecture()
    final = cache.folder() / "tools" / f"{name}-{machine}-{cache.digest(tool.suites, tool.packages)[:12]}"
    return cache.stage(final, lambda work: _fetch_tool(name, tool, machine, work))


def _fetch_tool(name: str, tool: Tool, arch: str, work: Path) -> None:
    """From the first suites that the mirror has whole; closure() unpacks nothing if it has not all of it."""
    cache.need_space(1)
    for number, suites in enumerate(tool.suites, 1):
        try:
            private = apt.Apt(suites, arch)
            private.update()
            ui.say(f"fetching {name} from {suites[-1]} ({arch})")
            private.closure(tool.packages, work)
            return
        except apt.Torn as why:
            if number == len(tool.suites):
                raise
            ui.say(f"{why}; trying {' with '.join(reversed(tool.suites[number]))}")


def bootable(root: Path) -> Path:
    """Add the links and mount points that a host needs to use an unpacked root as its own. They come with base-files,
    which no package depends on."""
    for name in ("bin", "lib", "lib64", "sbin"):
        if (root / "usr" / name).is_dir() and not (root / name).exists():
            with contextlib.suppress(FileExistsError):
                (root / name).symlink_to(f"usr/{name}")
    for name in ("dev", "proc", "sys", "tmp"):
        (root / name).mkdir(exist_ok=True)
    return root


def command(root: Path, program: str) -> list[str]:
    """How to run a program of an unpacked root: its own loader, its own libraries."""
    places = ("usr/lib*", "lib*", "usr/lib/*")
    loaders = sorted(p for place in places for p in root.glob(f"{place}/ld-linux*.so.*"))
    if not loaders or not (root / program).exists():
        raise LabError(f"{root} is not whole: remove it and run it again")
    libs = {p.parent for p in root.glob("usr/lib/*/libc.so.6")} | {p.parent for p in root.glob("lib/*/libc.so.6")}
    subs = {p for lib in libs for p in lib.iterdir() if p.is_dir() and any(p.glob("*.so*"))}
    path = ":".join(str(p) for p in [*sorted(libs), *sorted(subs)])
    return [str(loaders[0]), "--library-path", path, str(root / program)]


# Debian packages QEMU for these hosts (uname -m), under these names.
PACKAGED = {"ppc64le": "ppc64el"}
