# SPDX-License-Identifier: GPL-2.0-only
"""A gdbstub on this machine: a small one on a Unix socket, with registers and memory."""

from __future__ import annotations

import contextlib
import re
import socket
import tempfile
import threading
import unittest
from pathlib import Path

from lab.lockstep import rsp

XML = {
    "target.xml": '<target><xi:include href="core.xml"/><xi:include href="more.xml"/></target>',
    "core.xml": '<!DOCTYPE x SYSTEM "x.dtd"><feature><reg name="r0"/><reg name="pc" regnum="64"/></feature>',
    "more.xml": '<feature><reg name="f0" bitsize="64"/><!-- ' + "x" * 0x900 + " --></feature>",
}


class Gdbstub(threading.Thread):
    """Answers packets as they come, in whatever pieces; each step adds 4 to the pc."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.pc, self.seen = 0x100, list[str]()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen()

    def run(self) -> None:
        with self.server, self.server.accept()[0] as wire:
            have = b""
            while got := wire.recv(3):
                have += got
                while m := re.match(rb"[^$]*\$([^#]*)#(..)", have):
                    have = have[m.end() :]
                    if sum(m[1]) & 0xFF != int(m[2], 16):
                        return  # hangs up on a wrong checksum
                    for byte in b"+" + rsp.frame(self.answer(m[1].decode())):
                        wire.sendall(bytes([byte]))

    def answer(self, text: str) -> str:
        self.seen.append(text)
        if text == "g":
            return f"00000001{self.pc:08x}"
        if text == "p46":
            return "00000000000000ff"
        if text == "s":
            self.pc += 4
            return "T05thread:01;"
        if m := re.fullmatch(r"qXfer:features:read:(\S+):(\w+),(\w+)", text):
            at, size = int(m[2], 16), int(m[3], 16)
            part = XML[m[1]][at : at + size]
            return ("m" if at + size < len(XML[m[1]]) else "l") + part
        if text.startswith("m"):
            return "xx" if text == "m8,4" else "E14" if text == "m0,4" else "60000000"
        return "OK" if text[:1] in "zZ" else "S09" if text == "c" else ""


class Direct(unittest.TestCase):
    def setUp(self) -> None:
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "stub"
        self.other = Gdbstub(path)
        self.other.start()
        self.addCleanup(self.other.join)
        self.stub = rsp.Direct(path, 5)
        self.addCleanup(self.stub.wire.close)

    def test_layout(self) -> None:
        """Numbers go on from the last one that is given, over files; a long file comes in parts."""
        want = [rsp.Register("r0", 0, 4), rsp.Register("pc", 64, 4), rsp.Register("f0", 65, 8)]
        self.assertEqual(self.stub.layout(), want)
        self.assertIn("qXfer:features:read:more.xml:800,800", self.other.seen)

    def test_steps(self) -> None:
        """Each state is that of 'g' and of the registers that were chosen; between two of them is one step."""
        self.stub.choose([0x46])
        states = [state.hex() for state in self.stub.steps(2)]
        self.assertEqual(states, [f"00000001{pc:08x}00000000000000ff" for pc in (0x100, 0x104, 0x108)])
        self.assertEqual(self.other.seen, ["g", "p46", "s"] * 2 + ["g", "p46"])
        self.assertEqual(self.stub.state()[4:8].hex(), "00000108")

    def test_memory(self) -> None:
        self.assertEqual(self.stub.memory(0x100, 4).hex(), "60000000")
        self.assertEqual(self.stub.memory(0, 4), b"")
        with self.assertRaisesRegex(rsp.Broken, "answers 'xx' instead of registers or memory"):
            self.stub.memory(8, 4)

    def test_breakpoints(self) -> None:
        self.stub.insert(0x100)
        self.stub.remove(0x100)
        self.assertEqual(self.other.seen, ["Z0,100,4", "z0,100,4"])

    def test_refused(self) -> None:
        with self.assertRaisesRegex(rsp.Broken, "answers 'S09' to 'c'"):
            self.stub.resume()
        with self.assertRaisesRegex(rsp.Broken, "answers '' to 'X'"):
            self.stub.sure("X")

    def test_the_other_side_goes(self) -> None:
        self.stub.wire.send(b"$g#00")
        with self.assertRaisesRegex(rsp.Broken, "QEMU has ended"):
            self.stub.wire.packet()


class Silence(unittest.TestCase):
    def test_nobody_listens(self) -> None:
        with (
            tempfile.TemporaryDirectory() as name,
            self.assertRaisesRegex(rsp.Broken, "nobody listens at .*/none: No such file"),
        ):
            rsp.Wire(Path(name) / "none", 0.05)

    def test_no_answer(self) -> None:
        with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as server:
            server.bind(f"{name}/stub")
            server.listen()
            with contextlib.closing(rsp.Wire(Path(name) / "stub", 5)) as wire:
                wire.patience(0.05)
                with self.assertRaisesRegex(rsp.Broken, "no answer from QEMU's gdbstub within 0 s"):
                    wire.packet()


class Pilot(unittest.TestCase):
    def test_states(self) -> None:
        """States come as changes; an error of the pilot's is one of ours."""
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "port"
            server = socket.socket(socket.AF_UNIX)
            server.bind(str(path))
            server.listen()

            def other_side() -> None:
                with server.accept()[0] as wire:
                    wire.sendall(b"<\0\0\0\x05pilot")
                    wire.recv(16)  # the command
                    wire.sendall(b".\x02" + b"\0\0\0\0\x01" + b"\x01\0\0\0\x02")
                    wire.sendall(b".\x01" + b"\x01\0\0\0\x03" + b"!\0\0\0\x03bad")

            thread = threading.Thread(target=other_side)
            thread.start()
            pilot = rsp.Pilot(path, 5)
            pilot.greeting()
            states = pilot.steps(2)
            self.assertEqual(next(states).hex(), "0000000100000002")
            self.assertEqual(next(states).hex(), "0000000100000003")
            with self.assertRaisesRegex(rsp.Broken, "bad"):
                next(states)
            thread.join()
            pilot.wire.close()
            server.close()


if __name__ == "__main__":
    unittest.main()
