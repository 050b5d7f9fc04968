"""The e-mails that a development machine writes into files instead of sending them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

from django.conf import settings

MAILS_MAX = 200
NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]+\.log\Z")  # as Django's file backend names them
LINK = re.compile(r"https?://[^\s<>\"']+")
SEPARATOR = re.compile(rb"^-{79}$", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """One e-mail; `name` is its file's."""

    name: str
    written_at: datetime
    sender: str
    recipients: str
    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]

    @property
    def links(self) -> tuple[str, ...]:
        """Every address in it, once, in order."""
        found = LINK.findall(self.text) or [unescape(url) for url in LINK.findall(self.html)]
        return tuple(dict.fromkeys(url.rstrip(".,)") for url in found))


def list_mails() -> list[Mail]:
    """The newest 200, the newest first."""
    names = sorted((path.name for path in _folder().glob("*.log")), reverse=True)
    mails = (read_mail(name) for name in names[:MAILS_MAX])
    return sorted(
        (mail for mail in mails if mail is not None),
        key=lambda mail: mail.written_at,
        reverse=True,
    )


def read_mail(name: str) -> Mail | None:
    """The e-mail in that file (the last where a connection sent several); None if there is none."""
    path = _folder() / name
    if not NAME.match(name) or not path.is_file():
        return None
    parts = [part.strip() for part in SEPARATOR.split(path.read_bytes())]
    messages = [part for part in parts if part]
    if not messages:
        return None
    message = message_from_bytes(messages[-1], policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Mail(
        name=name,
        written_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        sender=str(message["From"] or ""),
        recipients=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        attachments=tuple(part.get_filename() or "?" for part in message.iter_attachments()),
    )


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
