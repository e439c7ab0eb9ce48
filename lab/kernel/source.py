# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees in the cache: fetched, unpacked, patched."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, options, proc, ui
from lab.core.errors import LabError
from lab.debian import apt
from lab.kernel import patchset


@dataclass(frozen=True)
class Source:
    """A pristine kernel tree, which nothing writes to."""

    name: str  # for people: package and version, or what KERNEL_SRC= says
    kernel: str  # its version, as uname -r begins
    key: str  # changes when the tree does; empty if it may change at any time: nothing made of it is kept then
    tree: Path  # the folder

    def parts(self) -> list[Path]:
        """What is in the folder, but for what was built there."""
        return [p for p in sorted(self.tree.iterdir()) if not p.name.startswith("out-")]


@dataclass(frozen=True)
class Tree:
    """A tree to build in."""

    path: Path  # the folder
    kernel: str  # its version
    suffix: str  # what follows that in uname -r
    key: str  # of source and patches together; empty as a Source's

    @property
    def release(self) -> str:
        """What uname -r says of a kernel built here."""
        return self.kernel + self.suffix


def kernel_version(tree: Path) -> str:
    """What its Makefile says; LabError if that is no kernel's."""
    try:
        text = (tree / "Makefile").read_text()
        found = re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(\S*)$", text, re.MULTILINE)
        parts = dict(reversed(found))  # the first line of each
        return f"{parts['VERSION']}.{parts['PATCHLEVEL']}.{parts['SUBLEVEL']}{parts['EXTRAVERSION']}"
    except (OSError, KeyError):
        raise LabError(f"{tree} is no kernel tree: its Makefile does not tell a kernel version") from None


def _tarballs(package: str, version: str) -> Path:
    return cache.folder() / "sources" / f"{package}_{version.replace(':', '%')}"


def fetch(private: apt.Apt, found: apt.Found, sha256: str = "") -> Path:
    """The tarball of one linux-source version, fetched and checked by apt."""
    final = _tarballs(found.package, found.version)

    def fill(work: Path) -> None:
        cache.need_space(1)
        ui.say(f"fetching {found.package} {found.version}")
        with cache.scratch("fetch") as where:
            proc.output(["dpkg", "-x", private.download(found, where), where])
            for tar in (where / "usr/src").glob("linux-source-*.tar.*"):
                shutil.move(tar, work)

    cache.stage(final, fill)
    tarball = next(final.glob("linux-source-*.tar.*"), None)
    if tarball is None:
        raise LabError(f"{final} holds no tarball: remove it and run it again")
    if sha256 and cache.file_digest(tarball) != sha256:
        raise LabError(f"{tarball} is not the tarball that BASE records (sha256): remove {final} and run it again")
    return tarball


def record(source: Source) -> patchset.Base | None:
    """What BASE says of a tree that came from Debian."""
    package, _, version = source.name.partition(" ")
    tarball = next(_tarballs(package, version).glob("linux-source-*.tar.*"), None)
    return patchset.Base(package, version, source.kernel, cache.file_digest(tarball)) if tarball else None


def unpack(tarball: Path, name: str) -> Path:
    """The tree trees/<name> of the cache, made of the tarball if it is not there. LabError if that is no kernel."""

    def fill(work: Path) -> None:
        cache.need_space(3)
        ui.say(f"unpacking {tarball.name}")
        proc.logged(["tar", "-xf", tarball, "-C", work, "--strip-components=1"], cache.log("unpack"), "unpacking")
        kernel_version(work)

    return cache.stage(cache.folder() / "trees" / name, fill)


def find(base: data.Base) -> Source:
    """The pristine tree for a base: KERNEL_SRC, what BASE records, or the newest that fits."""
    return _find(base, options.everywhere.kernel_src)


@functools.cache  # looked up, or copied, once per command
def _find(base: data.Base, own: str) -> Source:
    if own:
        return _own(Path(own).expanduser(), base)
    private = apt.Apt(base.suites, apt.architecture())
    want = patchset.read_base(base.base_file)
    if want and _tarballs(want.package, want.version).exists():
        return _debian(private, apt.Found(want.package, want.version), want)
    private.update()
    found = private.find(base.package)
    if not found:
        raise LabError(f"no package {base.package} in {', '.join(base.suites)}: correct {base.name}.toml")
    if want is None:
        return _debian(private, found[0], None)
    if (exact := apt.Found(want.package, want.version)) in found:
        return _debian(private, exact, want)
    return _instead(private, found, want, base)


def _debian(private: apt.Apt, found: apt.Found, want: patchset.Base | None) -> Source:
    tarball = fetch(private, found, want.sha256 if want else "")
    tree = unpack(tarball, f"stock-{found.version}")
    return Source(f"{found.package} {found.version}", kernel_version(tree), f"{found.package}_{found.version}", tree)


def _instead(private: apt.Apt, found: list[apt.Found], want: patchset.Base, base: data.Base) -> Source:
    """Debian has moved on: the newest version to which the series applies."""
    why: LabError | None = None
    for one in found:
        source = _debian(private, one, None)
        try:
            applied(patchset.mails(base.base_file.parent), source)
        except LabError as error:
            ui.say(str(error))
            why = why or error
            continue
        ui.say(f"Debian no longer has {want.package} {want.version}; using {source.name}, to which the series applies")
        return source
    raise why or LabError(f"Debian no longer has {want.package} {want.version}; give a tree with KERNEL_SRC=")


def _own(path: Path, base: data.Base) -> Source:
    """The user's tree (copied, never written to) or tarball."""
    if not path.exists():
        raise LabError(f"KERNEL_SRC={path} does not exist: name a kernel tree or a linux-source tarball")
    path = path.resolve()
    if path.is_file():
        key = cache.file_digest(path)[:12]
        tree = unpack(path, f"tar-{key}")
        return Source(path.name, kernel_version(tree), f"tar-{key}", tree)
    kernel = kernel_version(path)
    copy = cache.folder() / "trees" / f"own-{cache.digest(path)[:12]}-{base.name}"
    listed = copy.parent / f".{copy.name}.list"
    with cache.lock(f"tree-{copy.name}"):
        ui.say(f"copying {path}")
        copy.mkdir(parents=True, exist_ok=True)
        manifest, gone = _manifest(copy)
        names = b""
        rsync = ["rsync", "-a", "--exclude=/out-*", "--exclude=.git"]
        if (path / ".git").exists():
            names = proc.output(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=path)
            before = listed.read_bytes() if listed.exists() else b""
            gone |= {os.fsdecode(name) for name in set(before.split(b"\0")) - {*names.split(b"\0"), b""}}
            rsync += ["--from0", f"--files-from={listed}", "--delete-missing-args"]
        else:
            rsync += data.options_of("rsync of a built tree")
        # rsync leaves files that it is not told of: those of the patches, and those that git no longer has.
        for name in gone:
            (copy / name).unlink(missing_ok=True)
        manifest.unlink(missing_ok=True)
        cache.write(listed, names)
        proc.logged([*rsync, f"{path}/", f"{copy}/"], cache.log("copy"), f"copying {path}")
    return Source(str(path), kernel, "", copy)


Overlay = dict[str, tuple[bytes, int]]


def content(path: Path) -> tuple[bytes, int]:
    """A file's bytes and permissions; everybody may read it."""
    return path.read_bytes(), path.stat().st_mode & 0o777 | 0o644


def applied(mails: list[Path], source: Source) -> Overlay:
    """The files that the mails change, as they are then. LabError if the mails do not apply exactly, or if they delete
    a file of the source: a built tree would keep it."""
    with cache.scratch("apply") as where:
        patchset.apply(mails, source.tree, where, source.name)
        for name in patchset.touched(mails):
            if (source.tree / name).exists() and not (where / name).exists():
                raise LabError(f"the patches delete {name}: keep it, or let sync() in lab/kernel/source.py delete it")
        return {p.relative_to(where).as_posix(): content(p) for p in where.rglob("*") if p.is_file()}


@functools.cache
def overlay(source: Source, base: data.Base) -> Overlay:
    """The files as the series makes them; mainline's new files as the checkout has them."""
    made = applied(patchset.mails(base.patches), source)
    for path, here in ({} if base.of else patchset.checkout_files()).items():
        if (source.tree / path).exists() and source.key:
            raise LabError(
                f"{path} exists in {source.name}: change it in the patches ('make tree'), not in the checkout"
            )
        if path not in made or made[path][0] != here.read_bytes():
            ui.say(f"{path} is taken from the checkout and differs from the patches: 'make series' updates them")
        made[path] = content(here)
    return dict(sorted(made.items()))


def prepare(base: data.Base) -> Tree:
    """The tree to build for a base: stock as it is, or with the series applied."""
    source = find(base)
    if not base.series:
        return Tree(source.tree, source.kernel, f"-{base.name}", source.key)
    files = overlay(source, base)
    parts = [x for path, (text, mode) in files.items() for x in (path, text, mode)]
    twelve = cache.digest(*parts)[:12]
    tree = source.tree if not source.key else cache.folder() / "trees" / f"{base.name}-{source.key}"
    key = f"{source.key}-{twelve}" if source.key else ""
    return Tree(tree, source.kernel, f"-{base.name}-{twelve}", key)


def patch(base: data.Base, tree: Tree) -> None:
    """Bring the tree's files up to date. The caller holds the tree's lock."""
    if not base.series:
        return
    source = find(base)
    sync(tree.path, source, overlay(source, base))


def _manifest(tree: Path) -> tuple[Path, set[str]]:
    """The file that lists what sync() has written into a tree, and these names."""
    path = tree.parent / f".{tree.name}.json"
    return path, set(json.loads(path.read_text())) if path.exists() else set()


def sync(tree: Path, source: Source, files: Overlay) -> None:
    """A copy of the source with these files; unpatched ones are shared by hard links.

    Writes what differs, and only that, so that make rebuilds only that. The manifest lists every file that may
    differ from the source's, before any does: an interruption at any point is mended by the next call.
    """
    stock = source.tree
    if not tree.exists():
        ui.say(f"making the patched tree from {source.name}")
        with cache.building(tree) as work:
            proc.logged(["cp", "-al", *source.parts(), work], cache.log("patch"), "copying the tree")
    manifest, before = _manifest(tree)
    cache.write(manifest, json.dumps(sorted(before | set(files))).encode())
    gone = before - set(files) if tree != stock else set()
    back = {path: content(stock / path) for path in gone if (stock / path).exists()}
    for path in gone - set(back):
        (tree / path).unlink(missing_ok=True)
    for path, (text, mode) in (back | files).items():
        at = tree / path
        if not at.exists() or content(at) != (text, mode):
            cache.write(at, text)  # first, as chmod() would change a hard link's source too
            at.chmod(mode)
    cache.write(manifest, json.dumps(sorted(files)).encode())
