"""Mails as others see them: taken by a strict server, read by a parser that is not the one that wrote them, and signed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim
import pytest
from fast_mail_parser import parse_email
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from concordat.doctor import _smtp
from notifier import claims, digests, ledger, subscribers
from notifier.channels.dkim import signer
from notifier.channels.email import Mailer, read_server
from notifier.channels.mailbox import MailOutlet
from notifier.channels.turns import Turns
from notifier.letter import WIRE, letter, sender_address
from notifier.model import Channel
from notifier.paper import Mail
from notifier.richtext import one_line
from notifier.subscribers import by_email
from tests.fakes.smtp import MailServer
from tests.fakes.strictmail import faults
from tests.notifier.world import a_person, tell
from watcher.errors import ConcordatError, SettingsError
from watcher.settings import Settings
from watcher.store import Store

FROM = sender_address("Concordat <alerts@example.org>")
PUBLIC = "https://concordat.example.org"
READER = a_person(channel=Channel.EMAIL, address="ada@example.org", token="token-of-ada")
KEYS = Path(__file__).parent.parent / "data" / "dkim"
NOW = datetime(2025, 3, 30, 6, 0, tzinfo=UTC)
ODD = "Zürich × 東京: “Grüße” – naïve 🏛"


async def sent(store: Store, title: str, sign: bool = False) -> bytes:
    """The bytes of a digest of one story, as a strict server took them."""
    now = datetime.now(UTC)
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), now - timedelta(days=2))
        tell(conn, title, at=now - timedelta(hours=1))
        (delivery,) = digests.plan_all_now(conn, now)
    async with MailServer() as mail:
        key = (KEYS / "test-only.pem").read_text()
        mailer = Mailer(read_server(mail.url), sign=signer(key, "concordat", "example.org") if sign else None)
        outlet = MailOutlet(mailer, store, FROM, PUBLIC, "bounces@example.org")
        job = await store.write(claims.claim, delivery, now)
        assert job
        ref = await outlet.send(job)
        await store.write(ledger.sent, job, ref, now)
        await outlet.close()
        assert mail.refused == []
        (got,) = mail.received
        assert got.sender == "bounces@example.org"
        return got.content


async def test_another_parser_reads_what_we_write(store: Store) -> None:
    """Titles in any script, both parts and every header are there for a reader that shares no code with ours."""
    read = parse_email(await sent(store, ODD))
    assert list(read.warnings) == []
    assert ODD in " ".join(read.text_plain[0].split())
    assert "Zürich × 東京" in read.text_html[0]
    (ways,) = read.headers["List-Unsubscribe"]
    assert ways.startswith(f"<{PUBLIC}/unsubscribe/")
    assert read.headers["List-Unsubscribe-Post"] == ["List-Unsubscribe=One-Click"]
    assert read.headers["List-Id"] == ["Concordat <digest.example.org>"]


async def test_lines_of_bodies_are_short(store: Store) -> None:
    """Encoded text and pictures have lines of at most 76 characters (RFC 2045), whatever the headers need."""
    content = await sent(store, ODD)
    bodies = content.split(b"\r\n\r\n", 1)[1]
    assert max(len(line) for line in bodies.split(b"\r\n") if b": " not in line) <= 78


async def test_a_signature_holds(store: Store) -> None:
    """The signature is right for the bytes that arrived, covers what one-click unsubscribing needs, and breaks with any change."""
    content = await sent(store, ODD, sign=True)
    record = b"v=DKIM1; k=rsa; p=" + (KEYS / "test-only.pub").read_bytes()

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"concordat._domainkey.example.org."
        return record

    assert dkim.verify(content, dnsfunc=dns, minkey=1024)
    for name in (b"from", b"subject", b"list-unsubscribe", b"list-unsubscribe-post", b"message-id"):
        assert name in content.split(b"h=", 1)[1].split(b";", 1)[0].lower().replace(b" ", b"")
    assert not dkim.verify(content.replace(b"Watched", b"Changed").replace(b"CONCORDAT", b"C0NCORDAT"), dnsfunc=dns, minkey=1024)


def test_a_key_that_is_none_is_refused() -> None:
    """The mistake is told with the setting's name and without what stands in it."""
    with pytest.raises(SettingsError, match="CONCORDAT_DKIM_KEY") as e:
        signer("-----BEGIN RSA PRIVATE KEY-----\nsecret\n-----END RSA PRIVATE KEY-----", "concordat", "example.org")
    assert "secret" not in str(e.value)


@given(st.text(), st.text())
def test_no_text_begins_a_header(subject: str, text: str) -> None:
    """Whatever stands in a title, the message has the headers that we gave it, and a strict server takes it."""
    text = one_line(text)  # as every text of a feed is before it comes into a template
    made = letter(Mail(f"1 story: {subject}", text + "\n", f"<p>{text}</p>"), 5, READER, FROM, PUBLIC, NOW)
    content = made.as_bytes(policy=WIRE)
    assert faults(content) == []
    assert set(made.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
        "MIME-Version", "Content-Type",
    }  # fmt: skip


async def test_turns_are_few_at_a_time_and_in_a_minute() -> None:
    """Two doors, thirty a minute: the third must ask again, and after it was let in, who comes too soon as well."""
    clock = [100.0]
    doors = Turns(2, clock=lambda: clock[0])
    assert [doors.ask() for _ in range(2)] == [0.0, 0.0]
    assert doors.ask() > 0
    async with doors.taken(), doors.taken():
        clock[0] += 60
        assert doors.ask() > 0
    assert doors.ask() == 0.0
    clock[0] += 60  # nobody came for this turn
    assert [doors.ask() for _ in range(2)] == [0.0, 0.0]
    paced = Turns(9, 30, clock=lambda: clock[0])
    assert (paced.ask(), paced.ask()) == (0.0, 2.0)
    clock[0] += 2
    assert paced.ask() == 0.0


async def test_a_slow_server_keeps_no_worker(store: Store) -> None:
    """Who must wait for a turn is told when to ask again, at once."""
    async with MailServer() as mail:
        outlet = MailOutlet(Mailer(read_server(mail.url + "?per_minute=1")), store, FROM)
        first, second = await asyncio.wait_for(outlet.ask("a@b.c"), 1), await asyncio.wait_for(outlet.ask("d@e.f"), 1)
        assert first.wait == 0.0
        assert second.wait > 50


async def test_doctor_asks_the_mail_server(tmp_path: Path) -> None:
    """It logs in as a digest would, and names the setting where the password, the server or the key is wrong."""
    async with MailServer(user="ada", password="right") as mail:
        key = SecretStr((KEYS / "test-only.pem").read_text())
        right = Settings(home=tmp_path, smtp_url=SecretStr(mail.url), dkim_key=key)
        wrongs = {"smtp_url": SecretStr(mail.url.replace("right", "wr0ng")), "dkim_key": SecretStr("none"), "mail_from": "nobody"}
        ok, text = await _smtp(right)
        assert (ok, "takes the login, and mails are signed" in text) == (True, True)
        for name, value in wrongs.items():
            with pytest.raises(ConcordatError, match=f"CONCORDAT_{name.upper()}") as e:
                await _smtp(right.model_copy(update={name: value}))
            assert "wr0ng" not in str(e.value)
