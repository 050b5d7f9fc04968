"""What mail services tell about e-mails, checked by their signature and brought to one form.

`generic` is our own scheme, for any mail server that can run a hook; `sendgrid` is Twilio
SendGrid's signed event webhook. Source: `api.md`, Delivery; Twilio SendGrid, Event Webhook
Security Features and Event Webhook Reference.
"""

import base64
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tenants.delivery.models import DeliveryEvent, MailProvider

EVENTS_MAX = 1_000
SIGNED_WITHIN_SECONDS = 300
ID_MAX = 180
_MAILBOX = re.compile(r"[^\s<>()\[\]\"',;:=]+@(?=[\w-])")
Kind = DeliveryEvent.Kind


class NotSigned(Exception):
    """The signature is missing, wrong or too old."""


class Unreadable(Exception):
    """The body is signed, but nothing that we can read."""


@dataclass(frozen=True)
class MailEvent:
    """What happened to one e-mail, by the kinds of DeliveryEvent: a soft bounce is deferred."""

    event_id: str
    kind: str
    message_id: str
    detail: str


@dataclass(frozen=True)
class Provider:
    """`verify(body, headers, secret)` raises NotSigned; `read(entry)` gives None for others."""

    verify: Callable[[bytes, Mapping[str, str], str], None]
    read: Callable[[Mapping[str, Any]], MailEvent | None]


def read_events(provider: str, body: bytes) -> list[MailEvent]:
    """The events of a body that concern us, in its order. Raises Unreadable."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    entries = given.get("events") if isinstance(given, dict) else given
    if not isinstance(entries, list) or len(entries) > EVENTS_MAX:
        raise Unreadable
    if not all(isinstance(entry, dict) for entry in entries):
        raise Unreadable
    found = (PROVIDERS[provider].read(entry) for entry in entries)
    return [event for event in found if event is not None]


def _event(entry: Mapping[str, Any], kind: str, *, names: tuple[str, str, str]) -> MailEvent | None:
    """An event from the entry's id, message and text; None for one without an id or message.

    Mail servers repeat whom they refused: the delivery knows that, encrypted, so the text need
    not.
    """
    event_id, message_id, detail = (_text(entry.get(name)) for name in names)
    if not event_id or len(event_id) > ID_MAX or not message_id:
        return None
    return MailEvent(event_id, kind, message_id, _MAILBOX.sub("…@", detail[:300]))


def _text(value: object) -> str:
    """Text as the database takes it; empty for anything else."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="ignore").decode().replace("\0", "").strip()


def _verify_generic(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    parts = [part.partition("=") for part in headers.get("X-InvoicePatch-Signature", "").split(",")]
    stamps = [value for name, _sign, value in parts if name.strip() == "t"]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit():
        raise NotSigned
    stamp = stamps[0][:20]
    if abs(time.time() - int(stamp)) > SIGNED_WITHIN_SECONDS:
        raise NotSigned
    signed = b"%b.%b" % (stamp.encode(), body)
    wanted = hmac.new(secret.encode(), signed, sha256).hexdigest().encode()
    given = [value.encode() for name, _sign, value in parts if name.strip() == "v1"]
    if not any(hmac.compare_digest(wanted, one) for one in given):
        raise NotSigned


def _read_generic(entry: Mapping[str, Any]) -> MailEvent | None:
    kinds = {
        "delivered": Kind.DELIVERED,
        "opened": Kind.OPENED,
        "bounced": Kind.BOUNCED,
        "deferred": Kind.DEFERRED,
        "complained": Kind.COMPLAINED,
    }
    kind = kinds.get(_text(entry.get("type")))
    if kind is None:
        return None
    return _event(entry, kind, names=("id", "message_id", "detail"))


def sendgrid_key(text: str) -> ec.EllipticCurvePublicKey:
    """The verification key as SendGrid shows it, base64 of DER. Raises ValueError."""
    key = load_der_public_key(base64.b64decode("".join(text.split()), validate=True))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("Not a key of an elliptic curve.")
    return key


def _verify_sendgrid(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """Without a limit of age: SendGrid repeats for a day, and an event counts once by its id."""
    prefix = "X-Twilio-Email-Event-Webhook-"
    stamp = headers.get(f"{prefix}Timestamp", "")
    try:
        given = base64.b64decode(headers.get(f"{prefix}Signature", ""), validate=True)
        sendgrid_key(secret).verify(given, stamp.encode() + body, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature) as error:
        raise NotSigned from error


def _read_sendgrid(entry: Mapping[str, Any]) -> MailEvent | None:
    name = _text(entry.get("event"))
    kinds = {
        "delivered": Kind.DELIVERED,
        "open": Kind.OPENED,
        "bounce": Kind.BOUNCED,
        "deferred": Kind.DEFERRED,
        "spamreport": Kind.COMPLAINED,
    }
    if name not in kinds:
        return None
    # The unique argument comes with every event, the Message-ID only with some.
    about = "delivery" if _text(entry.get("delivery")) else "smtp-id"
    detail = "reason" if entry.get("reason") else "response"
    # "blocked" means refused this time (a full mailbox, a blocklist), not that nobody is there.
    kind = Kind.DEFERRED if entry.get("type") == "blocked" else kinds[name]
    return _event(entry, kind, names=("sg_event_id", about, detail))


PROVIDERS: Mapping[str, Provider] = {
    MailProvider.GENERIC: Provider(_verify_generic, _read_generic),
    MailProvider.SENDGRID: Provider(_verify_sendgrid, _read_sendgrid),
}
