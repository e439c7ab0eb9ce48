# SPDX-License-Identifier: GPL-2.0-only
"""The cache folder: stages that are whole or absent, and locks between makes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.core import ui
from lab.core.errors import LabError
from lab.core.options import Options

PARTS = (
    "apt",
    "ccache",
    "demo",
    "export",
    "gauntlet",
    "guests",
    "init",
    "kernels",
    "lock",
    "lockstep",
    "log",
    "qemu",
    "run",
    "selftests",
    "sources",
    "tools",
    "trees",
)
ROOT = Path(__file__).resolve().parents[2]


def place() -> Path:
    """Where the cache folder is or will be; nothing is made. LabError if that is in the checkout."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(os.environ.get("LAB_CACHE") or home / "kvmpr-lab").expanduser().absolute()
    if path == ROOT or ROOT in path.parents:
        raise LabError(f"LAB_CACHE={path} is inside the checkout: choose a folder outside of {ROOT}")
    return path


def folder() -> Path:
    """The cache folder, which is made if need be. LabError if it cannot be."""
    path = place()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise LabError(
            f"cannot make the cache folder {path}: {why.strerror}; set LAB_CACHE to a folder you own"
        ) from None
    return path


def log(name: str) -> Path:
    """Where the log of that name is; the file may not be there."""
    return folder() / "log" / f"{name}.log"


def need_space(gigabytes: float) -> None:
    """LabError if the cache's disk has less than so many gigabytes (2^30 bytes) free."""
    free = shutil.disk_usage(folder()).free / 2**30
    if free < gigabytes:
        raise LabError(
            f"{free:.1f} GB free in {folder()}, {gigabytes} GB needed: free some, "
            "run 'make clean', or set LAB_CACHE to another disk"
        )


def digest(*parts: object) -> str:
    """A key for a stage: changes when any of its inputs does."""
    sha = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        sha.update(f"{len(data)}:".encode() + data)
    return sha.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Keep two makes from working on the same part of the cache."""
    path = folder() / "lock" / name
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ui.say(f"waiting for another make that works on {name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def building(final: Path) -> Iterator[Path]:
    """A new folder that becomes 'final' at the end of the block, or vanishes."""
    final.parent.mkdir(parents=True, exist_ok=True)
    beside = tempfile.TemporaryDirectory(prefix=f".{final.name}.", dir=final.parent, ignore_cleanup_errors=True)
    with beside as name:
        Path(name).chmod(0o755)  # apt may work in it as a user of its own
        work = Path(name, "new")
        work.mkdir(0o755)
        yield work
        if final.exists():
            os.rename(final, Path(name, "old"))
        os.rename(work, final)


@contextlib.contextmanager
def scratch(name: str) -> Iterator[Path]:
    """An empty folder on the cache's disk, for the block only."""
    with tempfile.TemporaryDirectory(prefix=f".lab-{name}.", dir=folder()) as path:
        yield Path(path)


def stage(final: Path, fill: Callable[[Path], object]) -> Path:
    """The folder 'final', which fill(folder) makes if it is not there; it is there as a whole or not at all."""
    with lock(final.name):
        if not final.exists():
            with building(final) as work:
                fill(work)
    return final


def write(path: Path, data: bytes) -> None:
    """Replace a file as a whole (never in place: it may be a hard link)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as name:
        new = Path(name, "new")
        new.write_bytes(data)
        new.chmod(0o644)
        os.rename(new, path)


def clean(_options: Options) -> int:
    """make clean: remove what the lab has made, by name.

    The cache's folder may have other things in it, and the work tree of 'make tree' commits that exist nowhere else.
    """
    # A run that was killed leaves what scratch() has made.
    for path in [*(folder() / name for name in PARTS), *folder().glob(".lab-*")]:
        if path.exists():
            ui.say(f"removing {path}")
            shutil.rmtree(path)
    for name, what in (("tree", "the work tree of 'make tree'"), ("records", "which 'make results' takes")):
        if (folder() / name).exists():
            ui.say(f"left alone: {folder() / name}, {what}")
    return 0
