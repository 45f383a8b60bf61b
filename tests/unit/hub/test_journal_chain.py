"""The journal's chain: whatever is done to it afterwards is found, and named where it was done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch_server.journal import (
    GENESIS,
    Break,
    Link,
    canonical,
    first_break,
    heads_text,
    instant,
    link_digest,
    next_link,
    payload_digest,
)
from tests.searching import share

STREAM = "incident:1"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
payloads = st.dictionaries(texts, st.one_of(texts, st.integers(), st.none(), st.booleans()), max_size=3)


@st.composite
def chains(draw: st.DrawFn, at_least: int = 1) -> list[Link]:
    links: list[Link] = []
    for seq in range(1, draw(st.integers(at_least, 8)) + 1):
        links.append(
            next_link(
                stream=STREAM,
                seq=seq,
                prev_hash=links[-1].hash if links else GENESIS,
                at=START + timedelta(seconds=draw(st.integers(0, 1000))),
                kind=draw(st.sampled_from(["summons_issued", "clock_stopped"])),
                actor_id=draw(st.sampled_from([None, "operator", "officer"])),
                payload=draw(payloads),
                salt=draw(st.text("abc", min_size=1, max_size=6)),
            )
        )
    return links


def verdict(links: list[Link], *, head: Link) -> Break | None:
    return first_break(links, stream=STREAM, head_seq=head.seq, head_hash=head.hash)


def place(broken: Break | None) -> int | None:
    return broken.seq if broken else None


@share(0.2)
@given(chains())
def test_an_untouched_chain_is_whole(links: list[Link]) -> None:
    assert verdict(links, head=links[-1]) is None


def test_an_empty_stream_without_a_head_is_whole() -> None:
    assert first_break([], stream=STREAM, head_seq=0, head_hash=GENESIS) is None


@share(0.2)
@given(chains(), st.data())
def test_erased_payloads_leave_the_chain_whole(links: list[Link], data: st.DataObject) -> None:
    erased = data.draw(st.sets(st.integers(0, len(links) - 1)))
    kept = [
        replace(link, payload=None, salt=None) if index in erased else link
        for index, link in enumerate(links)
    ]

    assert verdict(kept, head=links[-1]) is None


CHANGES = {
    "at": lambda link: replace(link, at=instant(START - timedelta(days=1))),
    "kind": lambda link: replace(link, kind="never_happened"),
    "actor_id": lambda link: replace(link, actor_id="somebody else"),
    "payload": lambda link: replace(link, payload=canonical({"never": "said"})),
    "salt": lambda link: replace(link, salt="another"),
    "salt lost": lambda link: replace(link, salt=None),
    "payload_hash": lambda link: replace(link, payload_hash="0" * 64),
    "payload and its hash": lambda link: replace(
        link, payload="{}", payload_hash=payload_digest(link.salt or "", '{"x":1}')
    ),
    "prev_hash": lambda link: replace(link, prev_hash="f" * 64),
    "hash": lambda link: replace(link, hash="f" * 64),
    "stream": lambda link: replace(link, stream="incident:2"),
}


@pytest.mark.parametrize("change", CHANGES)
@share(0.2)
@given(links=chains(), data=st.data())
def test_a_changed_entry_is_named(change: str, links: list[Link], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    tampered = [CHANGES[change](link) if index == at else link for index, link in enumerate(links)]

    assert place(verdict(tampered, head=links[-1])) == links[at].seq


@share(0.2)
@given(chains(at_least=2), st.data())
def test_an_entry_rewritten_with_all_its_hashes_is_found_at_the_next_one(
    links: list[Link], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    forged = next_link(
        stream=STREAM,
        seq=links[at].seq,
        prev_hash=links[at].prev_hash,
        at=START,
        kind="never_happened",
        actor_id=None,
        payload={},
        salt="s",
    )
    tampered = [*links[:at], forged, *links[at + 1 :]]

    last = at == len(links) - 1
    assert place(verdict(tampered, head=links[-1])) == forged.seq + (0 if last else 1)


@share(0.2)
@given(chains(at_least=2), st.data())
def test_a_deleted_entry_is_named(links: list[Link], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(links) - 2))

    broken = verdict([*links[:at], *links[at + 1 :]], head=links[-1])

    assert broken == Break(stream=STREAM, seq=links[at].seq, reason="missing")


@share(0.2)
@given(chains(at_least=2), st.data())
def test_a_cut_tail_is_named_at_its_first_missing_entry(links: list[Link], data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(links) - 1))

    broken = verdict(links[:kept], head=links[-1])

    assert broken == Break(stream=STREAM, seq=kept + 1, reason="tail missing")


@share(0.2)
@given(chains(at_least=2))
def test_an_entry_after_the_head_is_named(links: list[Link]) -> None:
    assert verdict(links, head=links[-2]) == Break(stream=STREAM, seq=len(links), reason="after the head")


@share(0.2)
@given(chains(at_least=2), st.data())
def test_two_entries_that_changed_places_are_named_at_the_first(
    links: list[Link], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(links) - 2))
    second = data.draw(st.integers(first + 1, len(links) - 1))
    assume(links[first].payload_hash != links[second].payload_hash)
    swapped = list(links)
    swapped[first] = replace(links[second], seq=links[first].seq)
    swapped[second] = replace(links[first], seq=links[second].seq)

    assert place(verdict(swapped, head=links[-1])) == links[first].seq


@share(0.2)
@given(chains())
def test_each_link_commits_to_everything_before_it(links: list[Link]) -> None:
    for before, link in pairwise(links):
        assert link.prev_hash == before.hash
        assert link.hash == link_digest(
            stream=link.stream,
            seq=link.seq,
            at=link.at,
            kind=link.kind,
            actor_id=link.actor_id,
            payload_hash=link.payload_hash,
            prev_hash=before.hash,
        )


@share(0.2)
@given(payloads)
def test_the_order_of_keys_does_not_change_the_text_of_a_payload(payload: dict[str, object]) -> None:
    assert canonical(payload) == canonical(dict(reversed(list(payload.items()))))


def test_equal_payloads_have_unequal_hashes_under_unequal_salts() -> None:
    """Otherwise whoever guesses an erased payload could prove it."""
    assert payload_digest("one", "{}") != payload_digest("two", "{}")


@share(0.2)
@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
    st.integers(-23, 23),
)
def test_an_instant_is_written_in_utc_whatever_zone_it_came_in(naive: datetime, hours: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))

    text = instant(at)

    assert text.endswith("Z")
    assert abs(datetime.fromisoformat(text) - at) < timedelta(milliseconds=1)


def test_a_checkpoint_signs_the_same_text_in_whatever_order_the_heads_come() -> None:
    heads = [("room:1", 2, "b"), ("incident:1", 9, "a")]

    assert heads_text(heads) == heads_text(reversed(heads)) == "incident:1 9 a\nroom:1 2 b\n"
