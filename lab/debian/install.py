# SPDX-License-Identifier: GPL-2.0-only
"""Packages of this machine: installed where they are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError


def ensure(needs: Sequence[data.Package]) -> None:
    """Install the named packages that are missing, and say so."""
    missing = sorted({p.name for p in needs if not _present(p.has)})
    if not missing:
        return
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if shutil.which("apt-get") is None:
        raise LabError(f"missing here: {', '.join(missing)}; the lab wants Debian 12 or later")
    if os.geteuid() != 0:
        raise LabError(f"packages are missing; as root run: {line}")
    ui.say(f"installing what is missing: {line}")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    with cache.lock("apt-install"):
        try:
            proc.logged(line.split(), cache.log("apt-install"), "apt-get install", env=env)
        except LabError:
            try:  # a fresh machine may have no lists, or old ones
                proc.logged(["apt-get", "update"], cache.log("apt-install"), "apt-get update", env=env)
                proc.logged(line.split(), cache.log("apt-install"), "apt-get install", env=env)
            except LabError as why:
                raise LabError(
                    f"cannot install {', '.join(missing)}: connect to the network, or install by hand; {why}"
                ) from None


def _present(has: str) -> bool:
    return Path(has).exists() if has.startswith("/") else shutil.which(has) is not None
