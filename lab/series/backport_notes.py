# SPDX-License-Identifier: GPL-2.0-only
"""What people note of a backport: patches/<base>/backport.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core.errors import LabError

NOTES = "backport.toml"


@dataclass(frozen=True)
class Row:
    """What is to be known about a mail: [[omit]] and [[differs]]."""

    subject: str  # of the mail, or a regular expression that matches all of it
    why: str  # it is left out, or what differs and because of which upstream change; that goes into the message

    def fits(self, subject: str) -> bool:
        """Whether the row is about a patch; its subject can be a regular expression."""
        return self.subject == subject or re.fullmatch(self.subject, subject) is not None


@dataclass(frozen=True)
class File:
    """patches/<base>/backport.toml."""

    omit: list[Row] = field(default_factory=list)  # mails that are left out
    differs: list[Row] = field(default_factory=list)  # mails that are others than mainline's


class Notes:
    """The file's rows, and which of them were needed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NOTES
        file = data.read(File, self.path)
        self.omit, self.differs, self.used = file.omit, file.differs, set[Row]()
        for row in [*self.omit, *self.differs]:
            try:
                re.compile(row.subject)
            except re.error as why:
                raise LabError(
                    f"{self.path}: subject '{row.subject}' is no regular expression ({why}): escape its characters"
                ) from None

    def find(self, rows: list[Row], subject: str) -> Row | None:
        """The first row about a patch, which then counts as used."""
        row = next((r for r in rows if r.fits(subject)), None)
        if row:
            self.used.add(row)
        return row

    def unused(self) -> list[Row]:
        """Rows that no patch has used."""
        return [r for r in [*self.omit, *self.differs] if r not in self.used]
