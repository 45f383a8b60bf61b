"""What lists and permissions ask of the store, the same on both databases."""

from datetime import timedelta

import pytest

from dispatch_server.store.batch import to_ms
from dispatch_server.store.changes import IncidentRow
from dispatch_server.store.reader import Sight
from tests.contract.hub.conftest import Store
from tests.contract.hub.steps import append, due, outbox, row, save, step
from tests.fakes import START

ALL = Sight(paths=("/",))
OPEN = ("received", "dispatched", "resolved")


async def put(store: Store, *rows: IncidentRow) -> None:
    for one in rows:
        await store.writer.commit(step(save(one.id, row=one)))


@pytest.mark.parametrize(
    ("sight", "seen"),
    [
        (Sight(paths=("/city/",)), ["n", "s"]),
        (Sight(paths=("/city/north/",)), ["n"]),
        (Sight(paths=("/city/nor",)), ["n"]),
        (Sight(paths=("/city/%/",)), []),
        (Sight(paths=("/city/_orth/",)), []),
        (Sight(principals=("dept:d",)), ["s"]),
        (Sight(paths=("/city/north/",), principals=("dept:d",)), ["n", "s"]),
        (Sight(principals=("dept",)), []),
        (Sight(), []),
    ],
)
async def test_a_list_holds_what_is_in_sight(store: Store, sight: Sight, seen: list[str]) -> None:
    await put(
        store,
        row("n", path="/city/north/"),
        row("s", path="/city/south/", viewers=["dept:d", "person:p"]),
    )

    assert sorted(await store.reader.incident_ids(sight, states=OPEN)) == seen
    assert (await store.reader.counts(sight, to_ms(START))).open == len(seen)


async def test_whoever_is_no_longer_named_no_longer_sees(store: Store) -> None:
    await store.writer.commit(step(save(row=row(viewers=["dept:d", "dept:e"]))))
    await store.writer.commit(step(save(expected=1, row=row(viewers=["dept:e"]))))

    assert await store.reader.incident_ids(Sight(principals=("dept:d",)), states=OPEN) == []
    assert await store.reader.incident_ids(Sight(principals=("dept:e",)), states=OPEN) == ["a"]


async def test_open_incidents_come_with_the_least_time_left_first_and_stopped_clocks_last(
    store: Store,
) -> None:
    await put(
        store,
        row("late", due_s=900),
        row("soon", due_s=60),
        row("done", due_s=1, stopped=True),
        row("shut", state="closed"),
    )

    assert await store.reader.incident_ids(ALL, states=OPEN) == ["soon", "late", "done"]


async def test_closed_incidents_come_newest_first_and_can_be_paged_back(store: Store) -> None:
    await put(store, *(row(f"c{n}", state="closed", received_s=n) for n in range(4)))

    assert await store.reader.incident_ids(ALL, states=("closed",), limit=2) == ["c3", "c2"]
    before_ms = to_ms(START + timedelta(seconds=2))
    assert await store.reader.incident_ids(ALL, states=("closed",), before_ms=before_ms) == ["c1", "c0"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("东门", ["a"]),
        ("0301-0002", ["b"]),
        ("0301", ["a", "b"]),
        ("BURST", ["b"]),
        ("%", []),
        ("100%", []),
        ("_", []),
        ("\\", []),
        ("'; DROP TABLE incident_index; --", []),
        ("", ["a", "b"]),
    ],
)
async def test_words_find_by_title_words_place_and_number_and_are_no_pattern(
    store: Store, words: str, found: list[str]
) -> None:
    await put(
        store,
        row("a", number="0301-0001", text="讨薪聚集 锦绣工地东门"),
        row("b", number="0301-0002", text="burst pipe"),
    )

    assert sorted(await store.reader.incident_ids(ALL, states=OPEN, text=words)) == found


async def test_counts_tell_open_overdue_and_resolved(store: Store) -> None:
    await put(
        store,
        row("calm", due_s=900),
        row("late", due_s=60),
        row("in time", due_s=60, stopped=True),
        row("resolved", state="resolved", due_s=60, stopped=True),
        row("resolved before all were there", state="resolved", due_s=60),
        row("closed", state="closed", due_s=60),
    )

    counts = await store.reader.counts(ALL, to_ms(START + timedelta(seconds=61)))

    assert (counts.open, counts.overdue, counts.resolved) == (5, 1, 2)


async def test_nothing_counts_as_nothing(store: Store) -> None:
    counts = await store.reader.counts(ALL, to_ms(START))
    assert (counts.open, counts.overdue, counts.resolved) == (0, 0, 0)


async def test_only_open_assignments_of_the_department_are_its_own(store: Store) -> None:
    await put(
        store,
        row("a", assignments={"a1": ("d", True), "a2": ("e", True)}),
        row("b", assignments={"b1": ("d", False)}),
    )

    assert await store.reader.open_assignments("d") == [("a1", "a")]
    assert await store.reader.incident_of_assignment("b1") == "b"
    assert await store.reader.incident_of_assignment("nobody's") is None
    assert await store.reader.incident_of_order("nobody's") is None


async def test_events_come_in_order_after_a_seq_and_up_to_a_limit(store: Store) -> None:
    await store.writer.commit(step(save(), appends=[append(n=n) for n in range(5)]))

    assert [link.seq for link in await store.reader.events("incident:a", after=1, limit=3)] == [2, 3, 4]
    assert await store.reader.events("incident:a", after=5, limit=3) == []
    assert await store.reader.events("incident:b", after=0, limit=3) == []


async def test_deadlines_come_oldest_first_when_their_time_has_come(store: Store) -> None:
    dues = [due("late", after_s=9), due("first", after_s=1), due("second", after_s=2)]
    await store.writer.commit(step(save(), dues=dues))

    due_now = await store.reader.due_before(to_ms(START + timedelta(seconds=2)), limit=9)

    assert [key for key, *_ in due_now] == ["first", "second"]
    assert await store.reader.next_due_ms() == to_ms(START + timedelta(seconds=1))


async def test_messages_are_ready_when_their_time_has_come(store: Store) -> None:
    await store.writer.commit(step(save(), messages=[outbox("later", after_s=5), outbox("now")]))

    assert [key for key, *_ in await store.reader.outbox_ready(to_ms(START), limit=9)] == ["now"]


async def test_a_scope_holds_all_its_aggregates_with_the_seqs_of_their_streams(store: Store) -> None:
    room = step(
        save(),
        appends=[append(), append("room:r"), append("room:r")],
    )
    await store.writer.commit(room)
    in_scope = save("r", kind="room")
    await store.writer.commit(step(type(in_scope)(kind="room", id="r", scope_id="a", expected=0, doc="{}")))

    scopes = await store.reader.scopes(["a", "unknown"])

    assert set(scopes) == {"a"}
    assert {s.kind for s in scopes["a"].aggregates} == {"response", "room"}
    assert scopes["a"].seqs == {"incident:a": 1, "room:r": 2}


async def test_incidents_under_way_with_a_room_are_found_for_presence(store: Store) -> None:
    for key, state in (("a", "dispatched"), ("b", "resolved")):
        await store.writer.commit(step(save(key, row=row(key, state=state)), save(key, kind="room")))

    assert await store.reader.open_room_incidents() == ["a"]


async def test_an_empty_store_answers_every_question(store: Store) -> None:
    assert await store.reader.scopes([]) == {}
    assert await store.reader.one("feed", "f") is None
    assert await store.reader.all_of("feed") == []
    assert await store.reader.heads() == []
    assert await store.reader.last_position() == 0
    assert await store.reader.next_due_ms() is None
    assert await store.reader.positions([]) == {}
    assert await store.reader.command_reply("c") is None
