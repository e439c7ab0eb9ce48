# SPDX-License-Identifier: GPL-2.0-only
"""Patches as mails: their headers, and who signs them."""

from __future__ import annotations

import email.parser
import email.policy
import email.utils
import re
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

from lab.core import proc
from lab.core.errors import LabError

# Who the commits are by as long as no person has taken them over.
NOBODY = re.compile(r"@users\.noreply\.")
SIGNED = "Signed-off-by: "
UNSIGNED = "Not signed off: a person must review and sign this patch before it is posted."
HEAD = email.parser.BytesParser(policy=email.policy.default)


def headers(mail: bytes) -> EmailMessage:
    """The headers of a patch or a cover letter as git format-patch writes it, decoded and unfolded."""
    found = HEAD.parsebytes(mail, headersonly=True)
    assert isinstance(found, EmailMessage)
    return found


def subject(mail: Path) -> str:
    """The subject without its [PATCH n/m]."""
    return re.sub(r"^\[PATCH[^]]*\] *", "", str(headers(mail.read_bytes())["Subject"] or ""))


def patch_id(text: bytes) -> str:
    """The id by which git finds the change of a mail or a commit again, even if its line numbers are others."""
    return proc.output(["git", "patch-id", "--stable"], data=text).decode().partition(" ")[0]


def person(text: str) -> Address:
    """FROM=: one person with a name and an address."""
    name, address = email.utils.parseaddr(text)
    try:
        found = Address(name, addr_spec=address)
    except (ValueError, IndexError):
        found = Address()
    if not found.display_name or "." not in found.domain:
        raise LabError(f"FROM={text}: give a name and an address: FROM='Name <name@example.org>'")
    if NOBODY.search(f"@{found.domain}"):
        raise LabError(f"FROM={text}: {found.domain} stands for no person: give your own address")
    return found


def signed(message: str, who: Address | None) -> str:
    """A commit message with the sign-off of a person in the place of the project's; or with none."""
    lines = message.rstrip("\n").split("\n")
    ours = [line for line in lines if line.startswith(SIGNED) and NOBODY.search(line)]
    signature = f"{SIGNED}{who.display_name} <{who.addr_spec}>" if who else ""
    if who and signature not in lines:
        places = [n for n, line in enumerate(lines, 1) if line in ours]
        lines.insert(places[-1] if places else len(lines), signature)
    return "\n".join(line for line in lines if line not in ours).rstrip("\n") + "\n"


def unsigned(mail: str) -> str:
    """A patch that says below its --- that nobody has signed it."""
    return mail.replace("\n---\n", f"\n---\n{UNSIGNED}\n\n", 1)
