"""What is sent of a case: names for ids, the next step of the ladder, and nothing that was taken back."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

import rooms
from alerting import (
    AgencyId,
    Assignment,
    AssignmentState,
    Response,
    acknowledge,
    decline,
    recall,
)
from dispatch_server import views
from dispatch_server.identity import Agency, AgencyKind, Directory, IncidentType, Person, Role
from dispatch_server.journal import GENESIS, next_link
from dispatch_server.usecases.case import Case, difference
from rooms import Feed, FeedKind, ScopeId, SourceId
from rooms import PersonId as RoomPerson
from tests.fakes import START
from tests.unit.alerting.cases import OPERATOR, POLICE, WATER, after, assignment_of, person, summoned


@pytest.fixture
def directory() -> Directory:
    agency = Agency(id="a", parent_id=None, kind=AgencyKind.CITY, name="城", name_en="City", path="/a/")
    people = [
        Person(id=person_id, login=person_id, name=f"name of {person_id}", role=Role.RESPONDER, agency_id="a")
        for person_id in (OPERATOR, person(WATER, "first"), person(WATER, "second"))
    ]
    people[0] = replace(people[0], contacts=("mailto://secret",))
    types = [IncidentType(code="noise", name="噪声", name_en="Noise", default_level="simple")]
    return Directory([agency], people, types)


def view_of(directory: Directory, response: Response) -> views.wire.IncidentView:
    return views.incident_view(directory, Case(response=response, seq=7), {})


def shown(
    directory: Directory, response: Response, department: AgencyId = WATER
) -> views.wire.AssignmentView:
    return next(a for a in view_of(directory, response).assignments if a.department_id == department)


def test_an_incident_is_sent_with_the_seq_that_it_stands_for(directory: Directory) -> None:
    view = view_of(directory, summoned())

    assert (view.stream, view.seq) == (f"incident:{view.id}", 7)
    assert view.clock.target_s == 900


def test_people_are_sent_with_their_names_and_strangers_without(directory: Directory) -> None:
    on_duty = shown(directory, summoned()).on_duty

    assert [(p.id, p.name) for p in on_duty] == [
        (person(WATER, "first"), f"name of {person(WATER, 'first')}"),
        (person(WATER, "second"), f"name of {person(WATER, 'second')}"),
    ]
    assert shown(directory, summoned(), POLICE).on_duty[0].name == ""


def test_the_next_step_is_the_one_that_somebody_stands_behind(directory: Directory) -> None:
    response = summoned()
    assignment = response.assignment(assignment_of(WATER))
    nobody = replace(assignment, duty=replace(assignment.duty, deputy=()), step=1)

    step = shown(directory, response.having(nobody)).next_step

    assert step is not None
    assert (step.target, step.at) == ("head", assignment.issued_at + timedelta(seconds=180))


def test_after_the_last_step_comes_giving_up(directory: Directory) -> None:
    response = summoned()
    assignment = response.assignment(assignment_of(WATER))

    step = shown(directory, response.having(replace(assignment, step=4))).next_step

    assert step is not None
    assert (step.target, step.at) == ("unreachable", assignment.issued_at + timedelta(seconds=420))


def test_whoever_has_answered_is_shown_and_the_ladder_is_not(directory: Directory) -> None:
    answered = acknowledge(
        summoned(), assignment_id=assignment_of(WATER), by=person(WATER, "second"), now=after(20)
    )

    view = shown(directory, answered.state)

    assert view.next_step is None
    assert view.person is not None
    assert view.person.id == person(WATER, "second")


def test_whoever_declined_is_followed_by_the_next_step(directory: Directory) -> None:
    declined = decline(
        summoned(),
        assignment_id=assignment_of(WATER),
        by=person(WATER, "first"),
        reason="病假",
        now=after(20),
    )

    view = shown(directory, declined.state)

    assert (view.state, view.decline_reason) == (AssignmentState.DECLINED, "病假")
    assert view.next_step is not None


def test_what_was_taken_back_is_not_in_a_snapshot_but_once_in_the_delta(directory: Directory) -> None:
    before = Case(response=summoned())
    after_it = Case(response=recall(before.response, by=OPERATOR, now=after(12)).state)

    parts = views.changed_parts(directory, after_it, difference(before, after_it), positions={})

    assert view_of(directory, after_it.response).assignments == []
    assert {a.state for a in parts.assignments} == {AssignmentState.RECALLED}
    assert len(parts.assignments) == len(before.response.assignments)


def test_a_delta_holds_only_what_changed(directory: Directory) -> None:
    before = Case(response=summoned())
    answered = acknowledge(
        before.response, assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(20)
    )
    after_it = Case(response=answered.state)

    parts = views.changed_parts(directory, after_it, difference(before, after_it), positions={})

    assert [a.department_id for a in parts.assignments] == [WATER]
    assert (parts.feeds, parts.orders, parts.room) == ([], [], None)


def test_nothing_changed_is_an_empty_delta(directory: Directory) -> None:
    case = Case(response=summoned())

    parts = views.changed_parts(directory, case, difference(case, case), positions={})

    assert parts == views.wire.IncidentParts()


def test_a_feed_that_went_elsewhere_is_told_as_a_feed_of_no_incident(directory: Directory) -> None:
    response = summoned()
    feed = Feed(
        id=SourceId("f"),
        agency_id=rooms.AgencyId("a"),
        owner_id=RoomPerson(OPERATOR),
        name="执法仪",
        kind=FeedKind.BODYCAM,
        scope_id=ScopeId(response.incident.id),
        since=START,
    )
    before = Case(response=response, feeds=(feed,), feed_versions=(1,))
    after_it = Case(response=response)

    parts = views.changed_parts(directory, after_it, difference(before, after_it), positions={})

    assert [(f.id, f.incident_id) for f in parts.feeds] == [("f", None)]


def test_an_erased_payload_is_sent_as_nothing_and_an_unknown_actor_as_nobody(directory: Directory) -> None:
    link = next_link(
        stream="incident:1",
        seq=1,
        prev_hash=GENESIS,
        at=START,
        kind="order_given",
        actor_id="gone",
        payload={"text": "先关阀门"},
        salt="s",
    )

    assert views.event_view(directory, link).payload == {"text": "先关阀门"}
    erased = views.event_view(directory, replace(link, payload=None, salt=None))
    assert (erased.payload, erased.actor, erased.hash) == ({}, None, link.hash)


def test_nobodys_contacts_are_ever_sent(directory: Directory) -> None:
    people = list(directory.people.values())
    sent = [views.directory_view(directory, people).model_dump_json()]
    sent += [views.person_view(person).model_dump_json() for person in people]
    sent.append(view_of(directory, summoned()).model_dump_json())

    assert "secret" not in "".join(sent)
    assert "contacts" not in "".join(sent)


@pytest.mark.parametrize("state", AssignmentState)
def test_an_assignment_can_be_shown_in_every_state(directory: Directory, state: AssignmentState) -> None:
    response = summoned()
    assignment: Assignment = replace(response.assignment(assignment_of(WATER)), state=state)

    views.assignment_view(directory, Case(response=response), assignment)


def test_times_are_sent_in_utc_with_milliseconds(directory: Directory) -> None:
    sent = json.loads(view_of(directory, summoned()).model_dump_json())

    assert sent["received_at"] == "2026-03-01T08:00:00.000Z"
    assert sent["clock"]["due_at"] == "2026-03-01T08:15:00.000Z"
