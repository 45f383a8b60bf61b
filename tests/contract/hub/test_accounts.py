"""Sessions, links, failures and devices: good once, good until, good for one, on both databases."""

import asyncio
from datetime import timedelta

from dispatch_server.store.accounts import Accounts, Device
from tests.contract.hub.conftest import Store
from tests.contract.hub.steps import table_rows
from tests.fakes import START

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=1)


async def open_session(accounts: Accounts, token: str = "t", person: str = "p") -> None:
    await accounts.open_session(
        token_hash=token, person_id=person, csrf=f"csrf-{token}", now=START, expires_at=START + HOUR
    )


async def test_a_session_is_good_until_its_end_and_not_a_moment_longer(store: Store) -> None:
    await open_session(store.accounts)

    session = await store.accounts.session("t", START + HOUR - MOMENT)
    assert session is not None
    assert (session.person_id, session.csrf) == ("p", "csrf-t")
    assert await store.accounts.session("t", START + HOUR) is None
    assert await store.accounts.session("other", START) is None


async def test_a_new_session_sweeps_out_those_that_are_over(store: Store) -> None:
    await open_session(store.accounts, "old")
    await store.accounts.open_session(
        token_hash="new", person_id="p", csrf="c", now=START + HOUR, expires_at=START + 2 * HOUR
    )

    assert await table_rows(store.reader, "session") == 1


async def test_signing_out_ends_one_session_and_expelling_ends_all_of_a_person(store: Store) -> None:
    for token in ("one", "two"):
        await open_session(store.accounts, token)
    await open_session(store.accounts, "another's", person="q")

    await store.accounts.close_session("one")
    assert await store.accounts.session("one", START) is None
    assert await store.accounts.session("two", START) is not None

    await store.accounts.close_ways_in("p")
    assert await store.accounts.session("two", START) is None
    assert await store.accounts.session("another's", START) is not None


async def test_a_link_is_good_once(store: Store) -> None:
    await store.accounts.add_link(token_hash="l", person_id="p", now=START, expires_at=START + HOUR)

    assert await store.accounts.take_link("l", START) == "p"
    assert await store.accounts.take_link("l", START) is None
    assert await store.accounts.take_link("never made", START) is None


async def test_of_many_who_take_one_link_at_once_one_gets_it(store: Store) -> None:
    await store.accounts.add_link(token_hash="l", person_id="p", now=START, expires_at=START + HOUR)

    taken = await asyncio.gather(*(store.accounts.take_link("l", START) for _ in range(10)))

    assert sorted(person or "" for person in taken) == [""] * 9 + ["p"]


async def test_an_expired_link_is_no_good_and_gone(store: Store) -> None:
    await store.accounts.add_link(token_hash="l", person_id="p", now=START, expires_at=START + HOUR)

    assert await store.accounts.take_link("l", START + HOUR) is None
    assert await table_rows(store.reader, "sign_in_link") == 0


async def test_failures_count_within_the_window_by_subject(store: Store) -> None:
    for second in range(3):
        at = START + timedelta(seconds=second)
        await store.accounts.note_failure(("login:p", "address:1"), at, START - HOUR)

    times = [START + timedelta(seconds=second) for second in range(3)]
    assert await store.accounts.failures("login:p", START - MOMENT) == times
    assert await store.accounts.failures("login:p", START) == times[1:]
    assert await store.accounts.failures("login:q", START - HOUR) == []

    await store.accounts.forgive("login:p")
    assert await store.accounts.failures("login:p", START - HOUR) == []
    assert await store.accounts.failures("address:1", START - HOUR) == times


async def test_old_failures_are_swept_out(store: Store) -> None:
    await store.accounts.note_failure(("login:p",), START, START - HOUR)
    await store.accounts.note_failure(("login:q",), START + HOUR, START + MOMENT)

    assert await table_rows(store.reader, "sign_in_failure") == 1


async def test_a_devices_token_is_good_until_it_is_revoked(store: Store) -> None:
    device = Device(feed_id="f", agency_id="a", default_type="burst_pipe")
    await store.accounts.add_device(token_hash="d", device=device)
    assert await store.accounts.device("d") == device
    assert await store.accounts.device("e") is None

    await store.accounts.revoke_device("f", START)
    assert await store.accounts.device("d") is None
