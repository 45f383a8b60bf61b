"""Steps that arrive together are committed together, and each is all or nothing by itself."""

import asyncio

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from dispatch_server.errors import Conflict, HubError, StaleVersion, Unavailable
from dispatch_server.journal import GENESIS
from dispatch_server.store.batch import write_batch
from dispatch_server.store.changes import Changes, Committed
from dispatch_server.store.writer import GROUP_LIMIT, QUEUE_LIMIT
from tests.contract.hub.conftest import Store
from tests.contract.hub.steps import (
    append,
    assert_chained,
    command,
    due,
    outbox,
    row,
    save,
    step,
    table_rows,
)


async def at_once(store: Store, *steps: Changes) -> list[Committed | BaseException]:
    """The steps as one group: they wait together before the writer takes the first."""
    return list(await asyncio.gather(*(store.writer.commit(one) for one in steps), return_exceptions=True))


def codes(results: list[Committed | BaseException]) -> list[str]:
    return ["done" if isinstance(r, Committed) else getattr(r, "code", repr(r)) for r in results]


async def versions(store: Store, *keys: str) -> list[int]:
    scopes = await store.reader.scopes(keys)
    return [scopes[key].aggregates[0].version if key in scopes else 0 for key in keys]


async def test_a_step_is_there_with_all_that_belongs_to_it(store: Store) -> None:
    changes = step(
        save(doc='{"x":1}', row=row(viewers=["dept:d"], assignments={"as": ("d", True)}, orders=["o"])),
        appends=[append(), append(kind="more"), append("room:r")],
        dues=[due("k")],
        messages=[outbox("m")],
        once=command("c", reply='{"r":1}'),
    )

    committed = await store.writer.commit(changes)

    assert [(a.stream, a.base, a.seq) for a in committed.advances] == [
        ("incident:a", 0, 2),
        ("room:r", 0, 1),
    ]
    scope = (await store.reader.scopes(["a"]))["a"]
    assert [(s.kind, s.version, s.doc) for s in scope.aggregates] == [("response", 1, '{"x":1}')]
    assert scope.seqs == {"incident:a": 2}
    assert await store.reader.incident_of_assignment("as") == "a"
    assert await store.reader.incident_of_order("o") == "a"
    assert await store.reader.due_before(2**53, limit=9) == [("k", "a", "k")]
    assert await store.reader.outbox_ready(2**53, limit=9) == [("m", "m", 0)]
    assert await store.reader.command_reply("c") == ("f", '{"r":1}')
    await assert_chained(store.reader)


async def test_of_two_steps_on_one_aggregate_in_one_group_one_wins(store: Store) -> None:
    results = await at_once(
        store,
        step(save(doc="first"), appends=[append(kind="first")]),
        step(save(doc="second"), appends=[append(kind="second")]),
    )

    assert codes(results) == ["done", "stale_version"]
    scope = (await store.reader.scopes(["a"]))["a"]
    assert [s.doc for s in scope.aggregates] == ["first"]
    assert [link.kind for link in await store.reader.events("incident:a", after=0, limit=9)] == ["first"]


async def test_two_steps_that_follow_each_other_may_share_a_group(store: Store) -> None:
    first = step(save(doc="1", row=row(viewers=["dept:d"])), appends=[append(n=1)])
    second = step(save(doc="2", expected=1, row=row(viewers=["dept:e"])), appends=[append(n=2)])

    results = await at_once(store, first, second)

    assert codes(results) == ["done", "done"]
    assert await versions(store, "a") == [2]
    assert await table_rows(store.reader, "incident_viewer") == 1
    assert [a.base for r in results if isinstance(r, Committed) for a in r.advances] == [0, 1]
    await assert_chained(store.reader)


async def test_a_stale_step_leaves_nothing_behind(store: Store) -> None:
    await store.writer.commit(step(save()))
    with pytest.raises(StaleVersion):
        await store.writer.commit(
            step(
                save(expected=0, doc="late"),
                save("b"),
                appends=[append()],
                dues=[due("k")],
                messages=[outbox("m")],
                once=command("c"),
            )
        )

    assert await versions(store, "a", "b") == [1, 0]
    assert await store.reader.heads() == []
    assert await store.reader.due_before(2**53, limit=9) == []
    assert await store.reader.outbox_ready(2**53, limit=9) == []
    assert await store.reader.command_reply("c") is None


async def test_a_deadline_that_somebody_else_fired_makes_the_step_stale(store: Store) -> None:
    await store.writer.commit(step(save(), dues=[due("k"), due("l")]))
    await store.writer.commit(step(appends=[append(kind="fired")], done=["k"]))

    with pytest.raises(StaleVersion):
        await store.writer.commit(step(appends=[append(kind="fired again")], done=["k", "l"]))

    assert [key for key, *_ in await store.reader.due_before(2**53, limit=9)] == ["l"]
    assert [link.kind for link in await store.reader.events("incident:a", after=0, limit=9)] == ["fired"]


async def test_one_deadline_fired_twice_in_one_group_fires_once(store: Store) -> None:
    await store.writer.commit(step(save(), dues=[due("k")]))

    results = await at_once(
        store,
        step(appends=[append(kind="fired")], done=["k"]),
        step(appends=[append(kind="fired")], done=["k"]),
    )

    assert sorted(codes(results)) == ["done", "stale_version"]


async def test_a_deadline_set_and_cancelled_in_one_group_is_gone(store: Store) -> None:
    results = await at_once(
        store,
        step(save(), dues=[due("k"), due("l")]),
        step(save(expected=1), cancelled=["k"], dues=[due("m")]),
        step(save(expected=2), dues=[due("k", after_s=7)], cancelled=["m"]),
    )

    assert codes(results) == ["done"] * 3
    assert {key for key, *_ in await store.reader.due_before(2**53, limit=9)} == {"k", "l"}


async def test_cancelling_what_is_not_there_is_no_fault(store: Store) -> None:
    await store.writer.commit(step(save(), cancelled=["never"]))
    assert await versions(store, "a") == [1]


async def test_a_command_is_carried_out_once(store: Store) -> None:
    await store.writer.commit(step(save(), once=command("c", reply='"first"')))

    with pytest.raises(Conflict) as refused:
        await store.writer.commit(step(save("b"), once=command("c", reply='"second"')))

    assert refused.value.code == "already_done"
    assert await versions(store, "b") == [0]
    assert await store.reader.command_reply("c") == ("f", '"first"')


async def test_a_command_sent_twice_in_one_group_is_carried_out_once(store: Store) -> None:
    results = await at_once(store, step(save("a"), once=command("c")), step(save("b"), once=command("c")))

    assert codes(results) == ["done", "already_done"]
    assert await versions(store, "a", "b") == [1, 0]


async def test_a_message_is_in_the_outbox_once_and_keeps_its_attempts(store: Store) -> None:
    await store.writer.commit(step(save(), messages=[outbox("m"), outbox("m")]))
    await store.writer.commit(step(save(expected=1), messages=[outbox("m", after_s=99)]))

    assert await store.reader.outbox_ready(2**53, limit=9) == [("m", "m", 0)]
    assert await table_rows(store.reader, "outbox") == 1


async def test_a_step_that_breaks_a_constraint_falls_alone(store: Store) -> None:
    """Another writer took the next seq of one stream in between: seen here by taking it in advance."""
    await store.writer.commit(step(save("a"), appends=[append("incident:a")]))
    async with store.writer.transaction() as connection:
        await connection.exec_driver_sql("DELETE FROM stream_head")

    results = await at_once(
        store,
        step(save("b"), appends=[append("incident:b")]),
        step(save("a", expected=1, doc="lost"), appends=[append("incident:a")]),
        step(save("c"), appends=[append("incident:c")]),
    )

    assert codes(results) == ["done", "conflict", "done"]
    assert await versions(store, "a", "b", "c") == [1, 1, 1]


async def test_a_step_that_the_database_cannot_hold_falls_alone(store: Store, backend: str) -> None:
    """PostgreSQL keeps no NUL; one such text must not take 199 other people's commands with it."""
    results = await at_once(
        store,
        step(save("b"), appends=[append("incident:b")]),
        step(save("a", doc="\x00"), appends=[append("incident:a")]),
        step(save("c"), appends=[append("incident:c")]),
    )

    expected = "done" if backend == "sqlite" else "store_failed"
    assert codes(results) == ["done", expected, "done"]
    await assert_chained(store.reader)


async def test_a_step_that_cannot_be_written_as_json_falls_alone_and_the_writer_goes_on(store: Store) -> None:
    results = await at_once(
        store,
        step(save("a"), appends=[append("incident:a", lat=float("nan"))]),
        step(save("b"), appends=[append("incident:b")]),
    )

    assert codes(results) == ["store_failed", "done"]
    assert await versions(store, "a", "b") == [0, 1]
    await store.writer.commit(step(save("c")))


async def test_nothing_is_saved_when_the_commit_itself_fails(store: Store) -> None:
    await store.writer.commit(step(save("a")))

    def fail(*_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(store.writing.sync_engine, "commit", fail)
    results = await at_once(store, step(save("b")), step(save("c"), appends=[append("incident:c")]))
    event.remove(store.writing.sync_engine, "commit", fail)

    assert codes(results) == ["store_failed"] * 2
    assert await versions(store, "a", "b", "c") == [1, 0, 0]
    assert await store.reader.heads() == []
    await store.writer.commit(step(save("b")))


async def test_two_hundred_commits_at_once_make_gapless_chains(store: Store) -> None:
    streams = [f"incident:{number}" for number in range(7)]
    steps = [
        step(
            save(f"s{number}"), appends=[append(streams[number % 7], n=number), append("room:all", n=number)]
        )
        for number in range(200)
    ]

    results = await at_once(store, *steps)

    assert codes(results) == ["done"] * 200
    await assert_chained(store.reader)
    heads = {stream: seq for stream, seq, _ in await store.reader.heads()}
    assert heads["room:all"] == 200
    assert sum(heads[stream] for stream in streams) == 200
    seen = [a.base for r in results if isinstance(r, Committed) for a in r.advances if a.stream == "room:all"]
    assert sorted(seen) == list(range(200))


async def test_the_first_link_of_a_stream_follows_the_beginning(store: Store) -> None:
    await store.writer.commit(step(save(), appends=[append()]))

    (link,) = await store.reader.events("incident:a", after=0, limit=9)
    assert (link.seq, link.prev_hash, link.at) == (1, GENESIS, "2026-03-01T08:00:00.000Z")


async def test_the_position_grows_with_every_commit_that_wrote_events(store: Store) -> None:
    first = await store.writer.commit(step(save(), appends=[append()]))
    silent = await store.writer.commit(step(save(expected=1)))
    second = await store.writer.commit(step(save(expected=2), appends=[append()]))

    assert first.position == silent.position < second.position
    assert await store.reader.last_position() == second.position


async def test_more_than_a_group_waits_for_the_next(store: Store) -> None:
    results = await at_once(store, *(step(save(f"s{n}")) for n in range(GROUP_LIMIT + 50)))
    assert codes(results) == ["done"] * (GROUP_LIMIT + 50)


async def test_more_than_the_queue_holds_is_refused_and_not_lost_silently(store: Store) -> None:
    results = await at_once(store, *(step(save(f"s{n}")) for n in range(QUEUE_LIMIT + 5)))

    refused = [code for code in codes(results) if code != "done"]
    assert refused == ["busy"] * 5


async def test_a_batch_is_not_committed_by_being_written(store: Store) -> None:
    async with store.writing.connect() as connection:
        results = await write_batch(connection, [step(save(), appends=[append()])], new_salt=lambda: "s")
        assert isinstance(results[0], Committed)
        await connection.rollback()

    assert await versions(store, "a") == [0]
    assert await store.reader.heads() == []


async def test_a_step_after_the_writers_end_is_refused_and_does_not_hang(store: Store) -> None:
    store.running.cancel()
    await asyncio.wait([store.running])

    for _ in range(2):
        with pytest.raises(Unavailable) as refused:
            async with asyncio.timeout(2):
                await store.writer.commit(step(save()))
        assert refused.value.code == "shutting_down"


async def test_what_waits_when_the_writer_ends_is_committed_or_refused(store: Store) -> None:
    waiting = [asyncio.create_task(store.writer.commit(step(save(f"s{n}")))) for n in range(20)]
    await asyncio.sleep(0.001)
    store.running.cancel()

    async with asyncio.timeout(5):
        results = await asyncio.gather(*waiting, return_exceptions=True)

    done = await table_rows(store.reader, "aggregate")
    assert codes(list(results)).count("done") == done
    assert set(codes(list(results))) <= {"done", "shutting_down"}


async def test_a_transaction_of_its_own_and_a_group_do_not_meet(store: Store) -> None:
    async def number() -> int:
        return await store.reference.next_number("day")

    async def commit(n: int) -> None:
        await store.writer.commit(step(save(f"s{n}"), appends=[append("incident:x")]))

    results = await asyncio.gather(*(number() for _ in range(20)), *(commit(n) for n in range(20)))

    assert sorted(r for r in results if r is not None) == list(range(1, 21))
    await assert_chained(store.reader)


def test_every_refusal_of_the_store_is_one_of_the_hubs() -> None:
    assert issubclass(StaleVersion, HubError)
    assert issubclass(Conflict, HubError)
