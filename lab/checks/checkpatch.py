# SPDX-License-Identifier: GPL-2.0-only
"""checkpatch on the patches, and what it is told to ignore (lab/data/checkpatch.toml)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import proc
from lab.kernel import patchset, source


@dataclass(frozen=True)
class Accept:
    """A complaint of checkpatch that is no mistake: [[accept]]."""

    type: str  # as --show-types tells it
    reason: str  # why it is none
    mail: str = ""  # only in mails that have this in their file name


@dataclass(frozen=True)
class Accepted:
    """lab/data/checkpatch.toml."""

    accept: list[Accept] = field(default_factory=list)  # in no order


def complaints(name: str = "mainline") -> list[str]:
    """What checkpatch of a base's kernel says of that base's mails, but for what lab/data/checkpatch.toml accepts."""
    base = data.base(name)
    tree = source.find(base).tree
    accepted = data.read(Accepted, data.DATA / "checkpatch.toml").accept
    options = [*data.options_of("checkpatch"), f"--root={tree}"]

    def one(mail: Path) -> list[str]:
        ignore = ",".join(row.type for row in accepted if row.mail in mail.name)
        argv = ["perl", str(tree / "scripts/checkpatch.pl"), *options, "--ignore", ignore, str(mail)]
        return [x.replace(f"{mail.parent}/", "") for x in proc.complaints(argv, r".*\S", tree)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for found in pool.map(one, patchset.mails(base.patches)) for line in found]
