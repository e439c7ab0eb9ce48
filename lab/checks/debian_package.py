# SPDX-License-Identifier: GPL-2.0-only
"""make check-debian: Debian's own source package takes the exported patches and builds with them."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from lab.config import data
from lab.core import cache, errors, proc, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import apt, install
from lab.kernel import kbuild, source
from lab.results import records
from lab.series import export

PACKAGE = "linux"
TARGETS = ("mac99-g4", "pseries-p8")
BUILD = "arch/powerpc/kvm/"


def patched(stock: Path, exported: Path, work: Path) -> int:
    """Put the patches where a packager would, and let dpkg-source apply them: it allows no fuzz."""
    parts = [p for p in sorted(stock.iterdir()) if p.name not in ("debian", ".pc") and not p.name.startswith("out-")]
    proc.output(["cp", "-al", *parts, work])
    # These are written to in place.
    proc.output(["cp", "-a", stock / "debian", stock / ".pc", work])
    shutil.copytree(exported / "debian", work / "debian", dirs_exist_ok=True)
    listing = work / "debian/patches/series"
    ours = (exported / "series").read_text()
    listing.write_text(listing.read_text().rstrip("\n") + "\n" + ours)
    proc.logged(["dpkg-source", "--before-build", "."], cache.log("dpkg-source"), "dpkg-source", cwd=work)
    applied = (work / ".pc/applied-patches").read_text().splitlines()
    missing = [x for x in ours.split() if x not in applied]
    if missing:
        raise LabError(f"dpkg-source did not apply {missing[0]}: see {cache.log('dpkg-source')}")
    return len(ours.split())


def main(options: Options) -> int:
    """make check-debian: Debian's source package with the exported patches, built below arch/powerpc/kvm."""
    base = data.chosen(options)[0]
    start = time.monotonic()
    if options.kernel_src:
        raise LabError("make check-debian takes no KERNEL_SRC=: it fetches Debian's source package")
    found = source.find(base)
    stock = apt.source_tree(PACKAGE, base.suites, found.name.partition(" ")[2])
    with cache.scratch("debian") as name:
        where, mails, exported, work = (name / x for x in ("tree", "mails", "export", "work"))
        for path in (where, exported, work):
            path.mkdir()
        box = export.parcel(base, where, mails, options)
        export.for_debian(box, exported)
        count = patched(stock, exported, work)
        ui.say(f"{stock.name} takes {count} patches without fuzz")
        for target in map(data.target, TARGETS):
            install.ensure(kbuild.needs(target.build))
            log = cache.log(f"check-debian-{base.name}-{target.name}")
            log.unlink(missing_ok=True)
            tree = source.Tree(work, found.kernel, "", "")
            out = kbuild.configure(tree, base.configured(target.build), log)
            args, env = kbuild.make_variables(target.build, out.name)
            what = f"building {BUILD} for {target.name}"
            proc.logged(["make", f"-j{os.cpu_count() or 1}", "-s", *args, BUILD], log, what, cwd=work, env=env)
            objects = sorted((work / out.name / BUILD).glob("*.o"))
            if not any(p.name.startswith("book3s_pr") for p in objects):
                raise LabError(f"{what} made no book3s_pr*.o: see {log}")
            ui.status("PASSED", f"{stock.name}: {what}: {len(objects)} objects")
    counts, facts = {"passed": len(TARGETS) + 1}, {"notes": [f"{stock.name} takes {count} patches"]}
    seconds = time.monotonic() - start
    records.leave(records.Record("check-debian", base.name, "", counts=counts, seconds=seconds, facts=facts), base)
    print(f"{len(TARGETS) + 1} passed, 0 failed")
    return errors.PASSED
