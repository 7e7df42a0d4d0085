"""Mail that comes back: read by what it proves, acted on once, and told to the operator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from starlette.applications import Starlette

from notifier import bounced, digests, returning, subscribers
from notifier.bounces import Bounce, Complaint, Ends, read_returned
from notifier.channels import maildir
from notifier.model import Standing, State
from notifier.subscribers import by_email
from notifier.tables import deliveries
from tests.notifier.reports import COMPLAINT, FORMS, POSTFIX, report
from tests.notifier.world import tell
from watcher.store import Store
from watcher.store.tables import notices

NOW = datetime.now(UTC)
ID = "<digest-1-0123456789abcdef@example.org>"


def a_reader(store: Store, message_id: str = ID) -> None:
    """A reader who was sent one digest, under this Message-ID."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), NOW - timedelta(days=2))
        tell(conn, "Told once", at=NOW - timedelta(hours=1))
        digests.plan_all_now(conn, NOW)
        conn.execute(update(deliveries).values(state=State.SENT, sent_at=NOW, remote_ref=message_id))


def standing(store: Store) -> tuple[Standing, str]:
    """The reader's standing, and why."""
    with store.reading() as conn:
        ada = subscribers.get(conn, 1)
        assert ada
        return ada.state, ada.state_reason


@pytest.mark.parametrize("form", sorted(FORMS))
def test_reports_are_read(form: str) -> None:
    """Which mail came back, and why, in the forms of different servers."""
    assert read_returned(report(FORMS[form], ID)) == Bounce(ID, "5.1.1", "550 5.1.1 <ada@example.org> unknown")


@pytest.mark.parametrize(
    ("status", "nobody"),
    [
        ("5.1.1", True), ("5.1.10", True), ("5.1.6", True), ("5.2.1", True), ("5.2.2", False), ("5.7.1", False), ("5.4.4", False),
        ("5.0.0", False),
    ],
)  # fmt: skip
def test_only_some_reasons_mean_nobody(status: str, nobody: bool) -> None:
    """A full mailbox or a refusal of us says nothing of whether somebody is there."""
    found = read_returned(report(POSTFIX, ID, status, "550 no"))
    assert isinstance(found, Bounce)
    assert found.nobody is nobody


def test_what_is_no_end_is_passed_over() -> None:
    """A delay, a report that returns nothing, and any other mail say nothing."""
    assert read_returned(report(POSTFIX, ID, "4.4.1", "later", action="delayed")) is None
    assert read_returned(report(POSTFIX, "nothing of the kind")) is None
    assert read_returned(b"Subject: Re: your digest\r\n\r\nThank you!\r\n") is None


def test_words_of_readers_are_read() -> None:
    """A complaint by the mail that it returns; a request to end by the token in its subject."""
    assert read_returned(report(COMPLAINT, ID)) == Complaint(ID)
    assert read_returned(b"From: a@b.c\nSubject: Unsubscribe  abcdefgh-1\n\n") == Ends("abcdefgh-1")


@given(st.integers(0, 1500), st.integers(0, 200), st.binary(max_size=60))
def test_no_mail_breaks_the_reader(at: int, gone: int, noise: bytes) -> None:
    """A report with any part of it lost or replaced is read or passed over."""
    raw = report(POSTFIX, ID)
    assert isinstance(read_returned(raw[:at] + noise + raw[at + gone :]), Bounce | Complaint | Ends | None)


def test_nobody_there_ends_it_and_is_told(store: Store) -> None:
    """The reader gets nothing more, the operator hears of it once, and what the mail told is open again."""
    a_reader(store)
    for _ in range(2):
        with store.begin() as conn:
            bounced.take(conn, Bounce(ID, "5.1.1", "no such user ada@example.org"), NOW)
    assert standing(store) == (Standing.GONE, "the mail came back: 5.1.1 no such user the address")
    with store.reading() as conn:
        assert [(n.kind, n.subject) for n in conn.execute(select(notices))] == [("subscriber", "ada@example.org")]
        assert conn.scalar(select(deliveries.c.state)) == State.DEAD


def test_what_came_back_is_told_by_the_next(store: Store) -> None:
    """A full mailbox loses nothing: the next digest tells what the one that came back did; three in a row end it."""
    a_reader(store)
    with store.begin() as conn:
        bounced.take(conn, Bounce(ID, "5.2.2", "full"), NOW)
    for day in (1, 2):
        assert standing(store)[0] is Standing.ACTIVE
        with store.begin() as conn:
            (delivery,) = digests.plan_all_now(conn, NOW + timedelta(days=day))
            digest = digests.compose_for(conn, conn.execute(select(deliveries.c.digest_id).where(deliveries.c.id == delivery)).scalar_one())
            assert digest
            assert [s.title for s in digest.stories] == ["Told once"]
            sent = {"state": State.SENT, "sent_at": NOW, "remote_ref": f"<{day}@x>"}
            conn.execute(update(deliveries).where(deliveries.c.id == delivery).values(**sent))
            bounced.take(conn, Bounce(f"<{day}@x>", "5.2.2", "full"), NOW)
    assert standing(store)[0] is Standing.GONE


def test_who_cannot_know_is_not_believed(store: Store) -> None:
    """A report about a mail that was never sent, and a token that nobody holds, change nothing."""
    a_reader(store)
    with store.begin() as conn:
        assert bounced.take(conn, Bounce("<digest-1-guessed@example.org>", "5.1.1", ""), NOW) == ""
        assert bounced.take(conn, Ends("a-token-that-is-none"), NOW) == ""
    assert standing(store)[0] is Standing.ACTIVE


async def test_a_maildir_is_read(store: Store, tmp_path: Path) -> None:
    """What lies in new/ is acted on and moved to cur/; odd files go there too, and what is no file stays."""
    a_reader(store)
    new = tmp_path / "Maildir" / "new"
    new.mkdir(parents=True)
    (new / "1700000000.M1.host").write_bytes(report(POSTFIX, ID))
    (new / "1700000001.M2.host").write_bytes(b"\xff\xfe not a mail")
    (new / "folder").mkdir()
    assert await maildir.look(new.parent, store, NOW) == 2
    assert standing(store)[0] is Standing.GONE
    assert sorted(f.name for f in (new.parent / "cur").iterdir()) == ["1700000000.M1.host:2,S", "1700000001.M2.host:2,S"]
    assert await maildir.look(new.parent, store, NOW) == 0


@pytest.mark.parametrize("as_json", [False, True])
async def test_a_provider_posts_what_came_back(store: Store, as_json: bool) -> None:
    """With the right key, as a mail or as JSON; with another one, or as nothing that is known, nothing happens."""
    a_reader(store)
    app = Starlette(routes=returning.routes(store, "right-key"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        given_ = {"json": {"message_id": ID, "status": "5.1.1", "reason": "gone"}} if as_json else {"content": report(POSTFIX, ID)}
        assert (await client.post("/bounces/wrong-key", **given_)).status_code == 404
        assert (await client.post("/bounces/right-key", content=b"hello")).status_code == 422
        assert standing(store)[0] is Standing.ACTIVE
        assert (await client.post("/bounces/right-key", **given_)).status_code == 204
    assert standing(store)[0] is Standing.GONE


def test_without_a_key_nobody_may_post(store: Store) -> None:
    """No key, no address."""
    assert returning.routes(store, "") == []
