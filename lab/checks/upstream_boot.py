# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: the boots: every commit, so that no step of a bisection is broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lab.config import data
from lab.core import cache, ui
from lab.core.errors import LabError
from lab.debian import install
from lab.kernel import kbuild, source
from lab.machine import boot, verdict

if TYPE_CHECKING:
    from lab.checks.matrix import Builds, Commit


def run(builds: Builds) -> dict[str, list[str]]:
    """For each target, what is wrong with which commit; boots only what has not been booted."""
    tree = source.Tree(builds.tree.path, builds.source.kernel, "-check", builds.source.key)
    found: dict[str, list[str]] = {t.name: [] for t in builds.boots}
    for target in builds.boots:
        install.ensure(kbuild.needs(target.build))
        done: set[str] = set()
        for commit in builds.commits:
            if commit.key in done:
                continue  # a test or a document: the kernel is the same
            done.add(commit.key)
            key = cache.digest(
                commit.key, kbuild.fragment(target.build), kbuild.compiler(target.build), target.qemu, target.boot
            )
            path = builds.store / f"boot-{key[:20]}.json"
            if not path.exists():
                ui.say(f"{commit.number:2} {commit.subject}: booting it on {target.name}")
                cache.write(path, json.dumps(_boot(builds, tree, target, commit)).encode())
            if why := json.loads(path.read_text()):
                found[target.name].append(f"{commit.number} {commit.subject}: {why}")
    return found


def _boot(builds: Builds, tree: source.Tree, target: data.Target, commit: Commit) -> str:
    """Why it does not build or boot; empty if it does."""
    log = cache.log(f"check-boot-{target.name}")
    with cache.lock(f"build-{tree.path.name}"):
        source.clone(builds.source, tree.path)
        source.sync(tree.path, builds.source.tree, commit.files)
        cache.need_space(1.5)
        try:
            vmlinux = kbuild.make(tree, target.build, log, f"building for {target.name}") / "vmlinux"
        except LabError as why:
            return str(why)
        spec = boot.Spec(target, kbuild.Kernel(vmlinux, tree.release), [], log=f"check-boot-{target.name}")
        judged = verdict.judge(spec, boot.run(spec))
    return " / ".join([judged.text, *judged.excerpt[-3:]]) if judged.code else ""
