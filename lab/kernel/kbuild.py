# SPDX-License-Identifier: GPL-2.0-only
"""Configure and build one kernel."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import install
from lab.kernel import source

COMPILED = re.compile(rb"^  (?:CC|AS) ", re.MULTILINE)
SYMBOL = re.compile(r"^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$", re.MULTILINE)
KEEP = 8  # kernels per kernel build that stay in the cache
# By what ccache finds a result again. Each way runs the preprocessor once for a file that ccache does not have.
CCACHE = {
    # The compiler's own list of what it read: a change of any of these files is a miss.
    "included files": {"CCACHE_DEPEND": "1"},
    # What the preprocessor printed, which is then compiled. A change that a file does not use is a hit; warnings that
    # depend on macros or comments can differ.
    "preprocessed text": {"CCACHE_NOCPP2": "1"},
}


@dataclass(frozen=True)
class Kernel:
    """A built kernel, and what it calls itself (uname -r)."""

    vmlinux: Path
    release: str


def fragment(kernel_build: data.KernelBuild) -> str:
    """The configuration of a kernel build, as one text; later lines win. LabError if a file of it is missing."""
    for name in kernel_build.fragments:
        if not (data.DATA / "configs" / name).exists():
            raise LabError(f"the kernel build {kernel_build.name} names lab/data/configs/{name}, which is not there")
    texts = [(data.DATA / "configs" / name).read_text() for name in kernel_build.fragments]
    return "\n".join([*texts, "# CONFIG_LOCALVERSION_AUTO is not set", ""])


def symbols(text: str) -> dict[str, str]:
    """A configuration, or a part of one, by its symbols; "n" is what is not set."""
    return {m[1] or m[3]: m[2] or "n" for m in SYMBOL.finditer(text)}


def lost(wanted: str, got: str) -> list[str]:
    """Symbols of the fragment that did not survive configuration."""
    have = symbols(got)
    return [f"{name}={value}" for name, value in symbols(wanted).items() if have.get(name, "n") != value]


def needs(kernel_build: data.KernelBuild) -> list[data.Package]:
    """Packages to install before a kernel is built."""
    return data.packages()["kernel"] + kernel_build.packages


def compiler(kernel_build: data.KernelBuild) -> str:
    """The first line of what the cross gcc says of its version: builds by another one are others."""
    return proc.output([f"{kernel_build.cross}gcc", "--version"]).decode().splitlines()[0]


def make_variables(
    kernel_build: data.KernelBuild, out: str, cc: str = "", how: str = "included files"
) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment that every make in a kernel tree gets.

    cc: in the place of the cross compiler; how: by what ccache finds a result again, of CCACHE.
    """
    ccache = "ccache " if shutil.which("ccache") else ""
    # A relative O= inside the tree keeps absolute paths off the command lines:
    # the patched tree then hits what the stock tree put into ccache.
    args = [
        "ARCH=powerpc",
        f"CROSS_COMPILE={kernel_build.cross}",
        f"O={out}",
        f"CC={ccache}{cc or f'{kernel_build.cross}gcc'}",
        f"HOSTCC={ccache}gcc",
        f"PYTHON3={sys.executable}",  # W=1 runs it for each file; a wrapper of pyenv takes longer than the check
    ]
    env = {
        "CCACHE_DIR": str(cache.folder() / "ccache"),
        "CCACHE_NOHASHDIR": "1",
        **CCACHE[how],
        "KBUILD_BUILD_TIMESTAMP": "1970-01-01",
        "KBUILD_BUILD_USER": "lab",
        "KBUILD_BUILD_HOST": "lab",
    }
    return args, env


def configure(tree: source.Tree, kernel_build: data.KernelBuild, log: Path, more: str = "") -> Path:
    """Make the build folder's .config, if it is not that of the same fragment; the folder, below the tree.

    LabError, with the symbols, if the configuration lost some of the fragment. The caller holds the tree's lock.
    """
    out = tree.path / f"out-{kernel_build.name}"
    out.mkdir(exist_ok=True)
    wanted = fragment(kernel_build) + more
    stamp = out / "lab.config"
    if stamp.exists() and stamp.read_text() == wanted and (out / ".config").exists():
        return out
    stamp.unlink(missing_ok=True)
    cache.write(out / "fragment.config", wanted.encode())
    args, env = make_variables(kernel_build, out.name)
    command = ["make", "-s", *args, "KCONFIG_ALLCONFIG=fragment.config", "allnoconfig"]
    proc.logged(command, log, f"configuring for {kernel_build.name}", cwd=tree.path, env=env)
    if gone := lost(wanted, (out / ".config").read_text()):
        raise LabError(
            f"{kernel_build.name}: the configuration lost {', '.join(gone)}: add what they depend on to "
            f"{', '.join('lab/data/configs/' + f for f in kernel_build.fragments)}"
        )
    cache.write(stamp, wanted.encode())
    return out


def share(out: Path, kernel_build: data.KernelBuild) -> Callable[[bytes], str]:
    """How far a build is: of the files that one from nothing compiles (lab/data/files.toml), or just their number."""
    built, configured = out / "vmlinux", out / "lab.config"
    again = built.exists() and configured.exists() and built.stat().st_mtime > configured.stat().st_mtime
    total = 0 if again else data.named(int, data.DATA / "files.toml").get(kernel_build.name, 0)

    def words(said: bytes) -> str:
        done = len(COMPILED.findall(said))
        return f"{done:,} of about {total:,} files" if done <= total else f"{done:,} files"

    return words


def make(tree: source.Tree, kernel_build: data.KernelBuild, log: Path, what: str) -> Path:
    """Configure and build vmlinux in a tree; the folder that it is in. The caller holds the tree's lock."""
    out = configure(tree, kernel_build, log)
    # The patches change headers that all files include. 32-bit files mostly do not use what changed. 64-bit files do:
    # struct paca_struct, which they all print, has KVM's state of a host.
    how = "preprocessed text" if kernel_build.bits == 32 else "included files"
    args, env = make_variables(kernel_build, out.name, how=how)
    # Not CONFIG_LOCALVERSION: that is in autoconf.h, which every file includes,
    # and would keep one base from using what ccache has of the other.
    args.append(f"LOCALVERSION={tree.suffix}")
    command = ["make", f"-j{os.cpu_count() or 1}", *args, "vmlinux"]
    proc.logged(command, log, what, cwd=tree.path, env=env, share=share(out, kernel_build))
    release = (out / "include/config/kernel.release").read_text().strip()
    if release != tree.release:
        raise LabError(f"{out} calls itself {release}, not {tree.release}: remove {tree.path} and run it again")
    return out


def build(base: data.Base, kernel_build: data.KernelBuild) -> Kernel:
    """The kernel of a base, built only if its inputs changed."""
    tree = source.prepare(base)
    return build_tree(tree, base.configured(kernel_build), base.name, lambda: source.patch(base, tree))


def build_tree(tree: source.Tree, kernel_build: data.KernelBuild, name: str, sync: Callable[[], None]) -> Kernel:
    """The kernel of a tree, built only if its inputs changed; 'sync' brings the tree up to date."""
    install.ensure(needs(kernel_build))
    key = cache.digest(tree.key, fragment(kernel_build), compiler(kernel_build), kernel_build.cross)[:12]
    final = cache.folder() / "kernels" / kernel_build.name / f"{tree.release}-{key}"
    what, log = f"building {name} for {kernel_build.name}", cache.log(f"build-{name}-{kernel_build.name}")

    def fill(work: Path) -> None:
        out = make(tree, kernel_build, log, what)
        shutil.copy2(out / "vmlinux", work)
        shutil.copy2(out / ".config", work / "config")

    kept(tree, final, sync, fill, f"{what} ({tree.release})", log)
    return Kernel(final / "vmlinux", tree.release)


def kept(
    tree: source.Tree, final: Path, sync: Callable[[], None], fill: Callable[[Path], None], what: str, log: Path
) -> None:
    """The folder 'final', which fill(folder) makes of the tree, once sync() has brought that up to date.

    Only if it is not there or the tree may change at any time; beside it, what was used long ago is removed.
    """
    if tree.key and final.exists():
        os.utime(final)
        return
    with cache.lock(f"build-{tree.path.name}"):
        if tree.key and final.exists():  # made while this one waited
            return
        sync()
        cache.need_space(1.5)
        log.unlink(missing_ok=True)
        ui.say(f"{what}; log: {log}")
        start = time.monotonic()
        with cache.building(final) as work:
            fill(work)
        prune(final.parent.iterdir())
        ui.say(f"{what}: took {ui.took(time.monotonic() - start)}")


def prune(folders: Iterable[Path]) -> None:
    """Remove all but the KEEP folders that were used last."""
    for old in sorted(folders, key=lambda p: p.stat().st_mtime, reverse=True)[KEEP:]:
        shutil.rmtree(old, ignore_errors=True)
