"""A digest as an e-mail message, its headers and its two parts; and short notes. Pure.

Headers are set through the standard library, which folds and encodes them; foreign text is put on one line before, so that it can never
begin a header of its own.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import quote

from notifier.model import Subscriber
from notifier.paper import CHART, Mail
from notifier.richtext import one_line
from watcher.errors import SettingsError

# header lines are never folded within an address, where readers of List-Unsubscribe trip; bodies travel as 7-bit
WIRE = SMTP.clone(max_line_length=900, cte_type="7bit")
_PARTS = SMTP.clone(cte_type="7bit")  # lines of encoded bodies stay short: filters of spam hold long ones against a mail


def sender_address(mail_from: str) -> Address:
    """`Concordat <alerts@example.org>` as name and address; raises SettingsError."""
    name, found = parseaddr(one_line(mail_from))
    local, _, domain = found.rpartition("@")
    try:
        if not local or not domain or " " in found:
            raise ValueError(found)
        return Address(one_line(name) or "Concordat", local, ascii_domain(domain))
    except (ValueError, IndexError, UnicodeError):
        raise SettingsError("CONCORDAT_MAIL_FROM: write an address such as Concordat <alerts@example.org>") from None


def ascii_domain(domain: str) -> str:
    """The domain as mail servers take it; raises UnicodeError where it cannot be one."""
    return domain if domain.isascii() else domain.encode("idna").decode()


def unsubscribe_url(public_url: str, token: str) -> str:
    """Where a reader ends the mails without a login; empty while nobody can reach us."""
    return f"{public_url}/unsubscribe/{quote(token, safe='')}" if public_url and token else ""


def preferences_url(public_url: str, token: str) -> str:
    """Where a reader changes what comes; empty while nobody can reach us."""
    return f"{public_url}/preferences/{quote(token, safe='')}" if public_url and token else ""


def letter(mail: Mail, digest_id: int, to: Subscriber, sender: Address, public_url: str, date: datetime) -> EmailMessage:
    """The message: text first, HTML last; the same digest has the same Message-ID however often it is sent.

    Raises ValueError or UnicodeError for an address that cannot be one.
    """
    message = EmailMessage(_PARTS)
    message["From"] = sender
    message["To"] = _recipient(to.address)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(date)
    unique = hashlib.sha256(f"{digest_id}:{to.token}".encode()).hexdigest()[:20]
    message["Message-ID"] = f"<digest-{digest_id}-{unique}@{sender.domain}>"
    message["List-Id"] = f"Concordat <digest.{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    ways = _ways_out(sender, public_url, to.token)
    if ways:
        message["List-Unsubscribe"] = ", ".join(f"<{w}>" for w in ways)
    if public_url:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    if mail.picture:
        html = message.get_payload()[-1]  # type: ignore[index]  # a multipart's payload is the list of its parts
        assert isinstance(html, EmailMessage)
        html.add_related(mail.picture, "image", "png", cid=f"<{CHART}>", filename="chart.png", disposition="inline")
    return message


def note(subject: str, text: str, to: Subscriber, sender: Address, date: datetime, name: str) -> EmailMessage:
    """A short message in plain text, the same Message-ID for the same `name`.

    Raises ValueError or UnicodeError for an address that cannot be one.
    """
    message = EmailMessage(_PARTS)
    message["From"] = sender
    message["To"] = _recipient(to.address)
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(date)
    unique = hashlib.sha256(f"{name}:{to.token}".encode()).hexdigest()[:20]
    message["Message-ID"] = f"<{name}-{unique}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _recipient(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=ascii_domain(domain))


def _ways_out(sender: Address, public_url: str, token: str) -> list[str]:
    """One click for mail programs; a mail to the operator where mail can reach them."""
    url = unsubscribe_url(public_url, token)
    by_mail = f"mailto:{quote(sender.addr_spec, safe='@')}?subject=unsubscribe%20{quote(token, safe='')}"
    return [w for w in (url, by_mail if "." in sender.domain else "") if w]
