# SPDX-License-Identifier: GPL-2.0-only
"""Recorded boots of a mac99-g4 (lab/tests/machine/data), with a program 'pp'."""

from __future__ import annotations

import re
from pathlib import Path

from lab.config import data
from lab.kernel.kbuild import Kernel
from lab.machine import boot, protocol

DATA = Path(__file__).parent / "data"
RELEASE = "7.3.4-stock-mainline"


def spec(release: str = RELEASE) -> boot.Spec:
    command = protocol.Command("pp", ["/bin/pp"], 3)
    return boot.Spec(data.target("mac99-g4"), Kernel(Path("vmlinux"), release), [command])


def record(name: str, piece: int = 7, cut: int | None = None, timed_out: str = "") -> boot.Record:
    raw = (DATA / f"{name}.results").read_bytes()[:cut]
    nonce = re.search(rb"@lab:(\w+) ", raw)
    stream = protocol.Channel(nonce[1].decode() if nonce else "0")
    for at in range(0, len(raw), piece):
        stream.feed(raw[at : at + piece])
    stream.close()
    return boot.Record((DATA / f"{name}.console").read_bytes(), stream, timed_out)
