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
    """Subjects by regular expression, and what is to be known about them."""

    subject: str
    why: str

    def fits(self, subject: str) -> bool:
        return self.subject == subject or re.fullmatch(self.subject, subject) is not None


@dataclass
class Notes:
    """What patches/<base>/backport.toml says: mails left out, mails that differ."""

    path: Path
    omit: list[Row] = field(default_factory=list)
    differs: list[Row] = field(default_factory=list)
    used: set[Row] = field(default_factory=set)

    @staticmethod
    def read(folder: Path) -> Notes:
        path = folder / NOTES
        table = data.load(path)
        for key in table.keys() - {"omit", "differs"}:
            raise LabError(f"{path}: unknown key '{key}'; known: differs, omit")
        try:
            rows = {key: [Row(**row) for row in table.get(key, [])] for key in ("omit", "differs")}
        except TypeError:
            raise LabError(f"{path}: each row wants 'subject' and 'why', and nothing else") from None
        return Notes(path, rows["omit"], rows["differs"])

    def find(self, rows: list[Row], subject: str) -> Row | None:
        row = next((r for r in rows if r.fits(subject)), None)
        if row:
            self.used.add(row)
        return row

    def unused(self) -> list[Row]:
        return [r for r in [*self.omit, *self.differs] if r not in self.used]
