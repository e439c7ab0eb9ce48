# SPDX-License-Identifier: GPL-2.0-only
"""A writer for the initramfs format (newc), reproducible and without root."""

from __future__ import annotations

import gzip
import stat
from pathlib import Path


class Archive:
    """Collects files; data() is the compressed archive."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._count = 0
        self._dirs: set[str] = set()

    def _entry(self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self.folder(Path(name).parent.as_posix())
        self._count += 1
        links = 2 if stat.S_ISDIR(mode) else 1
        raw = name.encode() + b"\0"
        fields = (self._count, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(raw), 0)
        for part in (b"070701" + b"".join(b"%08X" % f for f in fields) + raw, data):
            self._out += part + bytes(-len(part) % 4)

    def folder(self, name: str) -> None:
        """A folder and those above it."""
        if name != "." and name not in self._dirs:
            self._dirs.add(name)
            self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name: str, data: bytes, mode: int = 0o755) -> None:
        """A file of root's, and the folders above it."""
        self._entry(name, stat.S_IFREG | mode, data)

    def device(self, name: str, major: int, minor: int) -> None:
        """A character device of root's, and the folders above it."""
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def data(self) -> bytes:
        """The archive so far, compressed by gzip; the same bytes for the same entries."""
        end = Archive()
        end._entry("TRAILER!!!", 0)
        return gzip.compress(bytes(self._out + end._out), compresslevel=1, mtime=0)
