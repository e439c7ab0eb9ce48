# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: the selftests: they build after every commit, with the headers of that commit."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.checks.matrix import Commit
from lab.checks.upstream_builds import Builds
from lab.config import data
from lab.core import cache, proc
from lab.kernel import kbuild, selftests, source

# What the selftests of KVM include or are built by.
INPUTS = ("tools/", "include/uapi/", "arch/powerpc/include/uapi/")


def build(tree: Path, target: data.Target, cflags: str) -> tuple[bool, str]:
    """Build the kvm selftests of a tree from nothing; whether that went well, and what make said."""
    out = tree / f"out-selftests-{target.name}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command, env = selftests.prepare(tree, target.build, out, cache.log("check-selftests"), "headers")
    code, text = proc.captured(command, f"selftests for {target.name}", cwd=tree, env=env | {"CFLAGS": cflags})
    return not code, text


def key(builds: Builds, commit: Commit, target: data.Target) -> str:
    """The same for commits after which the selftests are the same."""
    stock = builds.commits[0].files
    changed = sorted(n for n, f in commit.files.items() if n.startswith(INPUTS) and stock.get(n) != f)
    parts = [x for n in changed for x in (n, commit.files[n][0])]
    return cache.digest(builds.source.key, kbuild.compiler(target.build), *parts)[:20]


def run(builds: Builds) -> dict[str, list[str]]:
    """For each target, after which commit the selftests do not build; builds only what has not been built."""
    return builds.on_each_host(
        "selftests", "its selftests for", lambda c, t: key(builds, c, t), lambda c, t: _build(builds, t, c)
    )


def _build(builds: Builds, target: data.Target, commit: Commit) -> str:
    """Why the selftests do not build without a warning; empty if they do."""
    with cache.lock(f"build-{builds.tree.path.name}"):
        source.sync(builds.tree.path, builds.source, commit.files)
        cache.need_space(1)
        good, text = build(builds.tree.path, target, "-Wall")
    said = [line for line in text.splitlines() if "warning:" in line or "error:" in line]
    return said[0] if said else "" if good else (text.strip().splitlines() or ["no reason given"])[-1]
