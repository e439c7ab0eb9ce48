# SPDX-License-Identifier: GPL-2.0-only
"""The static libraries that QEMU needs on a target, cross-built from Debian's source packages."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import apt
from lab.kernel import kbuild

NICE = ["nice", "-n", "10"]
PROGRESS = re.compile(rb"^\[(\d+)/(\d+)\]", re.MULTILINE)  # as ninja prints it
# Those of Debian 12: what the oldest machine that the lab runs on can build.
LIBRARIES = {"zlib": "bookworm", "pcre2": "bookworm", "glib2.0": "bookworm"}
GLIB = "2.74"
# The Meson of Debian 12 is too old for QEMU. These packages are Python code only.
MESON = ["meson", "python3-pycotap", "python3-distlib"]
MESON_SUITE = "trixie"


def tools() -> dict[str, str]:
    """The environment in which Python finds Meson, which is fetched but not installed."""
    final = cache.folder() / "tools" / f"meson-{cache.digest(MESON, MESON_SUITE)[:12]}"
    with cache.lock(final.name):
        if not final.exists():
            private = apt.Apt([MESON_SUITE], apt.architecture())
            private.update()
            ui.say(f"fetching {', '.join(MESON)}")
            with cache.building(final) as work:
                for name in MESON:
                    found = private.find(name)
                    if not found:
                        raise LabError(f"Debian's {MESON_SUITE} has no package {name}: correct lab/kernel/qemulibs.py")
                    with tempfile.TemporaryDirectory(dir=cache.folder()) as folder:
                        proc.output(["dpkg", "-x", private.download(found[0], Path(folder)), work])
    return {"PYTHONPATH": str(final / "usr/lib/python3/dist-packages")}


class Toolchain:
    """The cross compiler of a target, with ccache if there is one, and a log for what it builds."""

    def __init__(self, target: data.Target) -> None:
        self.target, self.cross = target, target.build.cross
        self.log = cache.log(f"qemu-{target.must.machine}")
        self.jobs = f"-j{os.cpu_count() or 1}"
        self.cc = [*(["ccache"] if shutil.which("ccache") else []), f"{target.build.cross}gcc"]
        self.env = tools() | {
            "CCACHE_DIR": str(cache.folder() / "ccache"),
            "CCACHE_BASEDIR": str(cache.folder()),
            "CCACHE_NOHASHDIR": "1",
        }

    def run(self, argv: Sequence[str | Path], what: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        """A command of a build, at low priority."""
        whole = f"{what} for {self.target.must.machine}"
        proc.logged([*NICE, *argv], self.log, whole, cwd=cwd, env=self.env | dict(env or {}), share=share)


def share(said: bytes) -> str:
    """How far ninja is, from what it has said."""
    found = PROGRESS.findall(said)
    return f"{int(found[-1][0])} of {int(found[-1][1])} steps" if found else ""


def libraries(tools: Toolchain, fdt: Path) -> Path:
    """A folder with lib, include and lib/pkgconfig; fdt: libfdt's source. The caller holds the lock of the build."""
    code = Path(__file__).read_bytes()
    key = cache.digest(code, kbuild.compiler(tools.target.build), tools.cross)[:12]
    final = cache.folder() / "qemu" / f"libraries-{tools.target.must.machine}-{key}"
    if not final.exists():
        ui.say(f"building the libraries of QEMU for {tools.target.must.machine}; log: {tools.log}")
        with cache.building(final) as root, tempfile.TemporaryDirectory(dir=cache.folder()) as name:
            for sub in ("lib/pkgconfig", "include"):
                (root / sub).mkdir(parents=True)
            work = Path(name)
            for library, suite in LIBRARIES.items():
                shutil.copytree(apt.source_tree(library, [suite]), work / library, symlinks=True)
            _fdt(tools, fdt, root)
            _zlib(tools, work / "zlib", root)
            _pcre2(tools, work / "pcre2", root)
            _glib(tools, work / "glib2.0", root)
    return final


def _install(root: Path, headers: Sequence[Path], archives: Sequence[Path] = (), below: str = "") -> None:
    (root / "include" / below).mkdir(parents=True, exist_ok=True)
    for path in headers:
        shutil.copy2(path, root / "include" / below)
    for path in archives:
        shutil.copy2(path, root / "lib")


def describe(name: str, libraries: str, needs: str = "", version: str = "99") -> str:
    """A pkg-config file that may be moved with its folder."""
    return (
        f"Name: {name}\nDescription: {name}\nVersion: {version}\nRequires: {needs}\n"
        f"Libs: -L${{pcfiledir}}/.. {libraries}\nCflags: -I${{pcfiledir}}/../../include\n"
    )


def _describe(root: Path, name: str, *what: str) -> None:
    (root / f"lib/pkgconfig/{name}.pc").write_text(describe(name, *what))


def _zlib(tools: Toolchain, tree: Path, root: Path) -> None:
    env = {"CC": " ".join(tools.cc), "AR": f"{tools.cross}ar", "RANLIB": f"{tools.cross}ranlib"}
    tools.run(["./configure", "--static"], "configuring zlib", tree, env)
    tools.run(["make", tools.jobs, "libz.a"], "building zlib", tree, env)
    _install(root, [tree / "zlib.h", tree / "zconf.h"], [tree / "libz.a"])
    _describe(root, "zlib", "-lz")


def _pcre2(tools: Toolchain, tree: Path, root: Path) -> None:
    options = [f"--host={tools.cross.rstrip('-')}", "--disable-shared", "--disable-jit", f"CC={' '.join(tools.cc)}"]
    tools.run(["./configure", *options], "configuring pcre2", tree)
    tools.run(["make", tools.jobs, "libpcre2-8.la"], "building pcre2", tree)
    _install(root, [tree / "src/pcre2.h"], [tree / ".libs/libpcre2-8.a"])
    _describe(root, "libpcre2-8", "-lpcre2-8")


def _fdt(tools: Toolchain, tree: Path, root: Path) -> None:
    objects = [root / "lib" / f"{p.stem}.o" for p in sorted(tree.glob("fdt*.c"))]
    for path in objects:
        argv: list[str | Path] = [*tools.cc, "-O2", "-c", f"-I{tree}", tree / f"{path.stem}.c", "-o", path]
        tools.run(argv, "building libfdt", root)
    tools.run([f"{tools.cross}ar", "rcs", root / "lib/libfdt.a", *objects], "building libfdt", root)
    for path in objects:
        path.unlink()
    _install(root, sorted(tree.glob("*fdt*.h")))


def cross_file(tools: Toolchain, root: Path) -> str:
    """What Meson would find out by running programs, which it cannot do here."""
    known = ("have_c99_vsnprintf", "have_c99_snprintf", "have_unix98_printf", "va_val_copy")
    bits = "64" if tools.target.build.bits == 64 else ""
    return (
        f"[binaries]\nc = {tools.cc}\ncpp = {[*tools.cc[:-1], tools.cross + 'g++']}\nar = '{tools.cross}ar'\n"
        f"strip = '{tools.cross}strip'\npkg-config = 'pkg-config'\npkgconfig = 'pkg-config'\n"
        f"[built-in options]\nc_args = ['-I{root}/include']\nc_link_args = ['-L{root}/lib']\n"
        "[properties]\n" + "".join(f"{name} = true\n" for name in known) + "growing_stack = false\n"
        f"[host_machine]\nsystem = 'linux'\ncpu_family = 'ppc{bits}'\ncpu = 'ppc{bits}'\n"
        f"endian = '{tools.target.build.endian}'\n"
    )


def _glib(tools: Toolchain, tree: Path, root: Path) -> None:
    """GLib, GThread and GModule; GObject, which alone needs libffi, is not built."""
    unused = root / "lib/pkgconfig/libffi.pc"
    unused.write_text(describe("libffi", ""))
    (tree / "lab.cross").write_text(cross_file(tools, root))
    env = {"PKG_CONFIG_LIBDIR": str(unused.parent)}
    options = [f"-D{name}=false" for name in ("tests", "man", "gtk_doc", "xattr")]
    options += [f"-D{name}=disabled" for name in ("libmount", "selinux", "libelf", "nls", "glib_debug")]
    options += ["--cross-file=lab.cross", "--default-library=static", "--buildtype=release", "--wrap-mode=nofallback"]
    meson = [sys.executable, "-m", "mesonbuild.mesonmain"]
    tools.run([*meson, "setup", "build", ".", *options], "configuring glib", tree, env)
    archives = ["glib/libglib-2.0.a", "gthread/libgthread-2.0.a", "gmodule/libgmodule-2.0.a"]
    build = tree / "build"
    tools.run(["ninja", tools.jobs, *archives], "building glib", build, env)
    top = [tree / "glib/glib.h", tree / "glib/glib-unix.h", build / "glib/glibconfig.h", tree / "gmodule/gmodule.h"]
    _install(root, top, [build / name for name in archives])
    _install(root, [*(tree / "glib").glob("*.h"), *(build / "glib").glob("*.h")], below="glib")
    _install(root, list((tree / "glib/deprecated").glob("*.h")), below="glib/deprecated")
    _install(root, [*(tree / "gmodule").glob("*.h"), *(build / "gmodule").glob("*.h")], below="gmodule")
    _describe(root, "glib-2.0", "-lglib-2.0 -lpcre2-8 -lm -pthread", "", GLIB)
    for name, library in (("gthread-2.0", "gthread"), ("gmodule-no-export-2.0", "gmodule")):
        _describe(root, name, f"-l{library}-2.0", "glib-2.0", GLIB)
    unused.unlink()
