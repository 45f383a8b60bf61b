"""Agencies, people, plans, duty lines, settings and counters, on both databases."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from alerting import AgencyId, DutyLine, PersonId
from dispatch_server import seeding
from dispatch_server.identity import Person, Role
from tests.contract.hub.conftest import Store
from tests.contract.hub.steps import table_rows


async def test_the_demonstration_city_is_read_as_it_was_sown(store: Store) -> None:
    seed = seeding.demo_city()
    await seeding.sow(store.reference, seed)

    directory = await store.reference.directory()

    assert tuple(directory.agencies.values()) == seed.agencies, "in the order they were entered"
    assert set(directory.people.values()) == set(seed.people)
    assert tuple(directory.types.values()) == seeding.TYPES
    assert [d.id for d in directory.departments_of("chengnan")][:2] == ["chengnan.police", "chengnan.labour"]
    lines = await store.reference.duty_lines([department for department, _ in seed.duty])
    assert lines == dict(seed.duty)
    plans = await store.reference.plans(["chengnan"])
    assert [p.id for p in plans] == [p.id for p in seed.plans if p.agency_id == "chengnan"]
    assert await store.reference.plans(["nowhere"]) == ()


@pytest.mark.parametrize("seed", [seeding.bare("中心"), seeding.demo_city()])
async def test_nobody_begins_with_a_password(store: Store, seed: seeding.Seed) -> None:
    await seeding.sow(store.reference, seed)

    for person in seed.people:
        assert await store.reference.password_hash(person.id) is None


async def test_a_password_can_be_set_and_is_read_by_its_person_only(store: Store) -> None:
    await seeding.sow(store.reference, seeding.bare("中心"))
    await store.reference.set_password("admin", "hash")

    assert await store.reference.password_hash("admin") == "hash"
    assert await store.reference.password_hash("operator") is None
    assert await store.reference.password_hash("nobody") is None


async def test_of_two_people_with_one_login_neither_is_added_twice(store: Store) -> None:
    people = [
        Person(id="1", login="wang", name="王", role=Role.OPERATOR, agency_id="a", contacts=("json://x",)),
        Person(id="2", login="wang", name="汪", role=Role.OPERATOR, agency_id="a"),
    ]
    with pytest.raises(IntegrityError):
        await store.reference.add_people([(person, None) for person in people])
    assert await table_rows(store.reader, "person") == 0

    await store.reference.add_people([(people[0], None)])
    assert (await store.reference.directory()).people == {"1": people[0]}


async def test_a_duty_line_saved_again_takes_the_place_of_the_old_one(store: Store) -> None:
    for person in ("p", "q"):
        await store.reference.save_duty_lines({"d": DutyLine(on_duty=(PersonId(person),))})

    assert await store.reference.duty_lines(["d", AgencyId("e")]) == {"d": DutyLine(on_duty=(PersonId("q"),))}


async def test_a_number_is_never_given_twice(store: Store) -> None:
    numbers = await asyncio.gather(*(store.reference.next_number("north:20260301") for _ in range(25)))

    assert sorted(numbers) == list(range(1, 26))
    assert await store.reference.next_number("south:20260301") == 1


async def test_a_setting_is_read_as_it_was_saved_last(store: Store) -> None:
    assert await store.reference.setting("s") is None
    for value in ("1", "2"):
        await store.reference.save_setting("s", value)
    assert await store.reference.setting("s") == "2"
