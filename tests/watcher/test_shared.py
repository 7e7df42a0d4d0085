"""Answers that readings share: a sign-in is made once, however many sources need it, and never with another's secret."""

from __future__ import annotations

import asyncio

import pytest

from watcher.errors import FetchError, FetchReason
from watcher.fetch import Fetched
from watcher.shared import SharedAnswers
from watcher.sources.steps import Ask

SIGN_IN = Ask("https://pds.example/sign-in", body=b"me:secret", shared=600)


class Host:
    """Counts what reaches it, and answers each request with its number, or with an error."""

    def __init__(self, error: FetchError | None = None) -> None:
        self.asked = 0
        self.error = error

    async def __call__(self) -> Fetched:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return Fetched("https://pds.example/sign-in", 200, {}, b"%d" % self.asked)


async def test_many_readings_at_once_ask_one_time() -> None:
    """Whoever comes while the request is under way waits for it and has its answer."""
    shared, host = SharedAnswers(), Host()
    answers = await asyncio.gather(*(shared.get(SIGN_IN, host) for _ in range(20)))
    assert ({a.body for a in answers}, host.asked) == ({b"1"}, 1)


async def test_an_answer_that_is_too_old_is_asked_for_anew() -> None:
    """Who wants a young answer has one made, and the others then have that one."""
    shared, host = SharedAnswers(), Host()
    await shared.get(SIGN_IN, host)
    young = Ask(SIGN_IN.url, body=SIGN_IN.body, shared=1e-9)
    assert (await shared.get(young, host)).body == b"2"
    assert (await shared.get(SIGN_IN, host)).body == b"2"


async def test_an_answer_that_is_worn_out_is_replaced_once() -> None:
    """All who held it get the same new one."""
    shared, host = SharedAnswers(), Host()
    old = await shared.get(SIGN_IN, host)
    again = Ask(SIGN_IN.url, body=SIGN_IN.body, shared=600, worn=old)
    answers = await asyncio.gather(*(shared.get(again, host) for _ in range(20)))
    assert ({a.body for a in answers}, host.asked) == ({b"2"}, 2)


async def test_another_secret_is_another_request() -> None:
    """Address, headers and body tell requests apart."""
    shared, host = SharedAnswers(), Host()
    for other in (SIGN_IN, Ask(SIGN_IN.url, body=b"you:secret", shared=600), Ask(SIGN_IN.url, {"a": "b"}, SIGN_IN.body, shared=600)):
        await shared.get(other, host)
    assert host.asked == 3


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (FetchError(FetchReason.BLOCKED, "wrong password", status=401), 1),
        (FetchError(FetchReason.RATE_LIMITED, "slow down", status=429), 5),
        (FetchError(FetchReason.TIMEOUT, "no answer"), 5),
    ],
)
async def test_a_refusal_is_shared_and_a_fault_is_not(error: FetchError, asked: int) -> None:
    """A wrong password is tried once for all; what passes by itself is tried by each."""
    shared, host = SharedAnswers(), Host(error)
    for _ in range(5):
        with pytest.raises(FetchError, match=str(error)):
            await shared.get(SIGN_IN, host)
    assert host.asked == asked


def test_secrets_are_not_shown() -> None:
    """Nothing that prints a request prints its body or its headers."""
    assert "secret" not in repr(Ask("https://pds.example/", {"Authorization": "Bearer secret"}, b"secret"))
