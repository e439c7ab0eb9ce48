# SPDX-License-Identifier: GPL-2.0-only
"""Busybox in a booted host: where it is, and how it is installed there."""

from __future__ import annotations

from lab.machine import protocol

INSIDE = "bin/busybox"


INSTALL = protocol.Command("busybox", [f"/{INSIDE}", "--install", "-s", "/bin"], 30)
