# SPDX-License-Identifier: GPL-2.0-only
"""CLIENT=patched: Debian's QEMU with patches/qemu, cross-built as static programs for a target."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import apt, install
from lab.kernel import kbuild, patchset, qemulibs, source

PATCHES = cache.ROOT / "patches/qemu"
SUITE = "trixie"
NEWWORLD, PSERIES = "CONFIG_MAC_NEWWORLD=y\n", "CONFIG_PSERIES=y\n"
DEVICES = {"ppc": NEWWORLD, "ppc64": NEWWORLD + PSERIES}
# By uname -m of the target: what QEMU's configure calls it, and the machines that it emulates there.
HOSTS = {"ppc64le": ("ppc64le", ("ppc", "ppc64")), "ppc64": ("ppc64", ("ppc", "ppc64")), "ppc": ("ppc", ("ppc",))}
OPTIONS = data.options_of("configure of QEMU")


def base() -> patchset.Base:
    """The source package that patches/qemu is for."""
    return data.read(patchset.Base, PATCHES / "BASE")


def stock() -> source.Source:
    """Debian's source tree, as dpkg-source unpacks it."""
    want = base()
    tree = apt.source_tree(want.package, [SUITE], want.version)
    return source.Source(f"{want.package} {want.version}", want.kernel, f"{want.package}_{want.version}", tree)


def overlay() -> source.Overlay:
    """The files that patches/qemu changes, and the lists of devices of this build."""
    files = source.applied(patchset.mails(PATCHES), stock())
    return files | {f"configs/devices/{n}-softmmu/lab.mak": (t.encode(), 0o644) for n, t in DEVICES.items()}


def digest() -> str:
    """Of the source package and the patches."""
    return cache.digest(base(), *(x for p in patchset.mails(PATCHES) for x in (p.name, p.read_bytes())))[:12]


def key(target: data.Target) -> str:
    """Of what a build is made of: not the patches' messages."""
    mails = [p.read_bytes() for p in patchset.mails(PATCHES)]
    code = [mail[mail.index(b"\ndiff --git ") :] for mail in mails]
    return cache.digest(base(), *code, OPTIONS, DEVICES, HOSTS[target.must.machine], kbuild.compiler(target.build))[:12]


def _configure(tools: qemulibs.Toolchain, tree: Path, out: Path, root: Path) -> None:
    cpu, systems = HOSTS[tools.target.must.machine]
    # Meson looks for libfdt in the folders of the compiler only, hence -B.
    words = [f"--cross-prefix={tools.cross}", f"--cc={' '.join(tools.cc)} -B{root}/lib", f"--cpu={cpu}"]
    words += [f"--python={sys.executable}", f"--target-list={','.join(f'{n}-softmmu' for n in systems)}"]
    words += [f"--with-devices-{n}=lab" for n in systems]
    words += [f"--extra-cflags=-I{root}/include", f"--extra-ldflags=-L{root}/lib"]
    words += ["--with-pkgversion=Debian, patches/qemu"]
    env = {"PKG_CONFIG": "pkg-config", "PKG_CONFIG_LIBDIR": f"{root}/lib/pkgconfig"}
    stamp, wanted = out / "lab.configured", repr([*OPTIONS, *words])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    tools.run([tree / "configure", *OPTIONS, *words], "configuring QEMU", out, env)
    stamp.write_text(wanted)


def build(target: data.Target) -> Path:
    """A folder with usr/bin/qemu-system-*, static; built only if its inputs changed."""
    machine = target.must.machine
    if machine not in HOSTS:
        raise LabError(f"{target.name}: no QEMU is built for {machine}; known: {', '.join(HOSTS)}")
    install.ensure([*kbuild.needs(target.build), *data.packages()["qemu"]])
    final = cache.folder() / "qemu" / f"{machine}-{key(target)}"
    if not final.exists():  # else another target's build is none to wait for
        with cache.lock("qemu"):
            if not final.exists():
                _build(target, final)
    return final


def _build(target: data.Target, final: Path) -> None:
    machine = target.must.machine
    cache.need_space(3)
    tools = qemulibs.Toolchain(target)
    tools.log.unlink(missing_ok=True)
    ui.say(f"building QEMU {base().kernel} with patches/qemu for {machine}, some 15 minutes once; log: {tools.log}")
    start = time.monotonic()
    tree = cache.folder() / "trees" / "qemu"
    source.sync(tree, stock(), overlay())
    # Debian's source of the device tree compiler is not on every mirror.
    root = qemulibs.libraries(tools, tree / "roms/skiboot/libfdt")
    out = tree / f"out-{machine}"
    _configure(tools, tree, out, root)
    names = [f"qemu-system-{n}" for n in HOSTS[machine][1]]
    tools.run(["ninja", tools.jobs, *names], "building QEMU", out)
    with cache.building(final) as work:
        (work / "usr/bin").mkdir(parents=True)
        for name in names:
            proc.output([f"{target.build.cross}strip", "-o", work / "usr/bin" / name, out / name])
    kbuild.prune(final.parent.glob(f"{machine}-*"))
    ui.say(f"built QEMU for {machine} in {ui.took(time.monotonic() - start)}")
