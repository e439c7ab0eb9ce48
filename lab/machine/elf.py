# SPDX-License-Identifier: GPL-2.0-only
"""Is a file a static program for a target? Told before it is booted."""

from __future__ import annotations

import struct
from pathlib import Path

from lab.config.data import Target
from lab.core.errors import LabError

EM_PPC, EM_PPC64 = 20, 21
PT_INTERP = 3


def check(path: Path, target: Target) -> bytes:
    """The program's bytes; LabError if the target's init cannot run it."""
    try:
        data = path.read_bytes()
    except OSError as why:
        raise LabError(f"PAYLOAD={path}: {why.strerror}: name a static program for {target.name}") from None
    hint = f"build it with {target.build.cross}gcc -static"
    if data[:4] != b"\x7fELF" or len(data) < 64:
        raise LabError(f"PAYLOAD={path} is no ELF program: {hint}")
    bits = {1: 32, 2: 64}.get(data[4], 0)
    endian = {1: "little", 2: "big"}.get(data[5], "")
    order = "<" if endian == "little" else ">"
    machine = struct.unpack_from(order + "H", data, 18)[0]
    ours = target.build
    if (bits, endian, machine) != (ours.bits, ours.endian, EM_PPC if ours.bits == 32 else EM_PPC64):
        raise LabError(f"PAYLOAD={path} is not for {target.name} ({ours.bits} bits, {ours.endian} endian): {hint}")
    if bits == 64:
        (start,), (size, count) = struct.unpack_from(order + "Q", data, 32), struct.unpack_from(order + "HH", data, 54)
    else:
        (start,), (size, count) = struct.unpack_from(order + "I", data, 28), struct.unpack_from(order + "HH", data, 42)
    for i in range(count):
        if struct.unpack_from(order + "I", data, start + i * size)[0] == PT_INTERP:
            raise LabError(f"PAYLOAD={path} needs shared libraries, which the target does not have: {hint}")
    return data
