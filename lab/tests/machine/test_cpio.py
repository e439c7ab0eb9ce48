# SPDX-License-Identifier: GPL-2.0-only
"""An initramfs, read as the kernel's usr/ and Documentation describe the format."""

from __future__ import annotations

import gzip
import stat
import unittest
from dataclasses import dataclass

from lab.machine import cpio

FIELDS = ("ino", "mode", "uid", "gid", "nlink", "mtime", "size", "major", "minor", "rmajor", "rminor", "name", "check")


@dataclass
class Entry:
    head: dict[str, int]
    content: bytes


def read(archive: bytes) -> dict[str, Entry]:
    """Every entry by its name; refuses what the kernel would."""
    text, at = gzip.decompress(archive), 0
    found: dict[str, Entry] = {}
    while True:
        if text[at : at + 6] != b"070701":
            raise ValueError(f"no magic at {at}")
        head = {n: int(text[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i, n in enumerate(FIELDS)}
        name = text[at + 110 : at + 110 + head["name"]]
        if name[-1:] != b"\0":
            raise ValueError(f"{name!r} has no end")
        begin = (at + 110 + head["name"] + 3) // 4 * 4
        at = (begin + head["size"] + 3) // 4 * 4
        if name == b"TRAILER!!!\0":
            if at != len(text):
                raise ValueError("more behind the end")
            return found
        if name[:-1].decode() in found:
            raise ValueError(f"{name!r} is there twice")
        found[name[:-1].decode()] = Entry(head, text[begin : begin + head["size"]])


class Archive(unittest.TestCase):
    def made(self) -> bytes:
        root = cpio.Archive()
        root.file("bin/deep/a", b"abc")
        root.file("bin/b", b"")
        root.file("lab/plan", b"x" * 5, 0o644)
        root.device("dev/null", 1, 3)
        return root.data()

    def test_entries(self) -> None:
        found = read(self.made())
        self.assertEqual(list(found), ["bin", "bin/deep", "bin/deep/a", "bin/b", "lab", "lab/plan", "dev", "dev/null"])
        self.assertEqual([found[n].content for n in ("bin/deep/a", "bin/b", "lab/plan")], [b"abc", b"", b"xxxxx"])
        modes = {n: e.head["mode"] for n, e in found.items()}
        self.assertEqual(modes["bin"], stat.S_IFDIR | 0o755)
        self.assertEqual(modes["bin/b"], stat.S_IFREG | 0o755)
        self.assertEqual(modes["lab/plan"], stat.S_IFREG | 0o644)
        self.assertEqual(modes["dev/null"], stat.S_IFCHR | 0o600)
        self.assertEqual([found["dev/null"].head[n] for n in ("rmajor", "rminor", "size")], [1, 3, 0])
        self.assertTrue(all(e.head[n] == 0 for e in found.values() for n in ("uid", "gid", "mtime", "check")))
        self.assertEqual(len({e.head["ino"] for e in found.values()}), len(found))

    def test_reproducible(self) -> None:
        self.assertEqual(self.made(), self.made())


if __name__ == "__main__":
    unittest.main()
