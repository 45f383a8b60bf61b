"""One rule of sight in three forms: `may_see`, the socket groups, and what a list query asks for."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch_server.access import (
    MAY,
    Action,
    IncidentAudience,
    audience_groups,
    may_see,
    oversees,
    require,
    require_sight,
    socket_groups,
)
from dispatch_server.errors import NotAllowed, NotFound
from dispatch_server.identity import Agency, AgencyKind, Directory, Person, Role
from dispatch_server.store.reader import Sight
from dispatch_server.usecases.looking import Looking
from tests.searching import share


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    """A random tree of agencies, with people of random roles anywhere in it."""
    agencies = [_agency("0", None)]
    for number in range(1, draw(st.integers(1, 9))):
        agencies.append(_agency(str(number), draw(st.sampled_from(agencies))))
    people = [
        Person(
            id=f"p{number}",
            login=f"p{number}",
            name=f"p{number}",
            role=draw(st.sampled_from(Role)),
            agency_id=draw(st.sampled_from([*(a.id for a in agencies), "nowhere"])),
            active=draw(st.sampled_from([True, True, True, False])),
        )
        for number in range(draw(st.integers(1, 6)))
    ]
    return Directory(agencies, people, ())


def _agency(agency_id: str, parent: Agency | None) -> Agency:
    return Agency(
        id=agency_id,
        parent_id=parent.id if parent else None,
        kind=AgencyKind.DEPARTMENT,
        name=agency_id,
        name_en=agency_id,
        path=f"{parent.path if parent else '/'}{agency_id}/",
    )


@st.composite
def audiences(draw: st.DrawFn, directory: Directory) -> IncidentAudience:
    some_agency = st.sampled_from([*directory.agencies, "nowhere"])
    return IncidentAudience(
        agency_id=draw(some_agency),
        departments=frozenset(draw(st.sets(some_agency, max_size=3))),
        people=frozenset(draw(st.sets(st.sampled_from([*directory.people, "stranger"]), max_size=2))),
    )


def listed(directory: Directory, sight: Sight, incident: IncidentAudience) -> bool:
    """What the list query does with the incident's row, in Python."""
    agency = directory.agencies.get(incident.agency_id)
    path = agency.path if agency else f"/{incident.agency_id}/"
    viewers = {f"dept:{d}" for d in incident.departments} | {f"person:{p}" for p in incident.people}
    return any(path.startswith(prefix) for prefix in sight.paths) or bool(viewers & set(sight.principals))


def sight_of(directory: Directory, person: Person) -> Sight:
    looking = Looking(
        desk=cast("Any", None),
        reader=cast("Any", None),
        directory=lambda: directory,
        positions=cast("Any", None),
        clock=cast("Any", None),
    )
    return looking.sight(person)


@share(2)
@given(directories(), st.data())
def test_who_may_see_is_who_is_told_and_who_finds_it_in_the_list(
    directory: Directory, data: st.DataObject
) -> None:
    incident = data.draw(audiences(directory))
    told = set(audience_groups(directory, incident))

    for person in directory.people.values():
        sees = may_see(directory, person, incident)
        if person.active:
            assert sees == bool(told & set(socket_groups(person)))
            assert sees == listed(directory, sight_of(directory, person), incident)
        else:
            assert not sees, "whoever was made inactive sees nothing"


@given(directories(), st.data())
def test_nobody_oversees_what_does_not_lie_at_or_below_their_agency(
    directory: Directory, data: st.DataObject
) -> None:
    person = data.draw(st.sampled_from(list(directory.people.values())))
    agency = data.draw(st.sampled_from(list(directory.agencies.values())))

    below = f"/{person.agency_id}/" in agency.path
    assert oversees(directory, person, agency.id) == (
        below and person.role in {Role.COMMANDER, Role.OPERATOR}
    )


def test_an_agency_whose_id_begins_like_anothers_is_not_below_it() -> None:
    root = _agency("1", None)
    directory = Directory([root, _agency("12", None), _agency("121", _agency("12", None))], (), ())

    assert directory.is_within("121", "12")
    assert not directory.is_within("121", "1")
    assert not directory.is_within("12", "1")


def test_an_unknown_agency_lies_nowhere_and_holds_nothing() -> None:
    directory = Directory([_agency("1", None)], (), ())

    assert not directory.is_within("nowhere", "1")
    assert not directory.is_within("1", "nowhere")
    assert not directory.is_within("nowhere", "nowhere")
    assert directory.centre_of("nowhere") is None


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_what_the_table_does_not_grant_is_refused_by_the_same_code(role: Role, action: Action) -> None:
    person = Person(id="p", login="p", name="p", role=role, agency_id="1")
    if action in MAY[role]:
        require(person, action)
    else:
        with pytest.raises(NotAllowed) as refusal:
            require(person, action)
        assert refusal.value.code == "not_allowed"


def test_what_one_may_not_see_does_not_exist() -> None:
    stranger = Person(id="s", login="s", name="s", role=Role.RESPONDER, agency_id="2")
    directory = Directory([_agency("1", None), _agency("2", None)], [stranger], ())

    with pytest.raises(NotFound):
        require_sight(directory, stranger, IncidentAudience(agency_id="1", departments=frozenset({"1"})))


def test_an_administrator_of_the_whole_tree_sees_no_incident() -> None:
    admin = Person(id="a", login="a", name="a", role=Role.ADMINISTRATOR, agency_id="1")
    directory = Directory([_agency("1", None)], [admin], ())

    assert not may_see(directory, admin, IncidentAudience(agency_id="1", departments=frozenset({"1"})))
    assert set(socket_groups(admin)) == {"person:a"}
