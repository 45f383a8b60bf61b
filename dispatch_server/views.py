"""From committed cases to what is sent: pure, with names looked up in the directory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from alerting import Assignment, Order, SlaClock
from alerting import AssignmentState as State
from dispatch_server import wire, wire_directory
from dispatch_server.identity import Directory, Person
from dispatch_server.journal import Link
from dispatch_server.usecases.case import Case, Changed, incident_stream, room_stream
from rooms import Feed, Participant, Room

Positions = Mapping[str, wire.PositionView]

_UNANSWERED = frozenset({State.PENDING, State.NOTIFIED, State.DECLINED})


def person_ref(directory: Directory, person_id: str) -> wire.PersonRef:
    return wire.PersonRef(id=person_id, name=directory.person_name(person_id))


def person_view(person: Person) -> wire.PersonView:
    return wire.PersonView(
        id=person.id, name=person.name, login=person.login, role=person.role, agency_id=person.agency_id
    )


def clock_view(clock: SlaClock) -> wire.ClockView:
    return wire.ClockView(
        name=clock.name,
        started_at=clock.started_at,
        due_at=clock.due_at,
        target_s=round(clock.target.total_seconds()),
        stopped_at=clock.stopped_at,
    )


def assignment_view(directory: Directory, case: Case, assignment: Assignment) -> wire.AssignmentView:
    return wire.AssignmentView(
        id=assignment.id,
        incident_id=case.incident_id,
        department_id=assignment.department_id,
        required=assignment.required,
        lead=assignment.lead,
        mode=assignment.mode,
        state=assignment.state,
        clock=clock_view(assignment.clock),
        issued_at=assignment.issued_at,
        attempt=assignment.attempt,
        step=assignment.step,
        next_step=_next_step(assignment),
        person=person_ref(directory, assignment.person_id) if assignment.person_id else None,
        on_duty=[person_ref(directory, person_id) for person_id in assignment.duty.on_duty],
        notified_at=assignment.notified_at,
        acknowledged_at=assignment.acknowledged_at,
        joined_at=assignment.joined_at,
        en_route_at=assignment.en_route_at,
        on_scene_at=assignment.on_scene_at,
        declined_at=assignment.declined_at,
        released_at=assignment.released_at,
        decline_reason=assignment.decline_reason,
    )


def _next_step(assignment: Assignment) -> wire.NextStep | None:
    """What the ladder does next if nobody answers."""
    if assignment.state not in _UNANSWERED:
        return None
    policy = assignment.policy
    for step in policy.steps[assignment.step + 1 :]:
        if assignment.duty.persons(step.target):
            return wire.NextStep(at=assignment.issued_at + step.after, target=step.target.value)
    return wire.NextStep(at=assignment.issued_at + policy.give_up_after, target="unreachable")


def feed_view(directory: Directory, feed: Feed, positions: Positions) -> wire.FeedView:
    return wire.FeedView(
        id=feed.id,
        incident_id=feed.scope_id,
        agency_id=feed.agency_id,
        owner=person_ref(directory, feed.owner_id) if feed.owner_id else None,
        name=feed.name,
        kind=feed.kind,
        state=feed.state,
        since=feed.since,
        has_audio=feed.has_audio,
        has_video=feed.has_video,
        position=positions.get(feed.id),
    )


def order_view(directory: Directory, order: Order) -> wire.OrderView:
    return wire.OrderView(
        id=order.id,
        text=order.text,
        department_ids=list(order.department_ids),
        by=person_ref(directory, order.by),
        at=order.at,
        acknowledged=[
            wire.OrderReceipt(person=person_ref(directory, receipt.person_id), at=receipt.at)
            for receipt in order.acknowledged
        ],
    )


def incident_head(directory: Directory, case: Case) -> wire.IncidentHead:
    response, incident, summons = case.response, case.response.incident, case.response.summons
    follow_up = incident.follow_up
    return wire.IncidentHead(
        id=incident.id,
        stream=incident_stream(incident.id),
        seq=case.seq,
        number=incident.number,
        agency_id=incident.agency_id,
        type=incident.type,
        level=incident.level,
        title=incident.title,
        words=incident.words,
        place=wire.PlaceView(
            text=incident.place.text,
            lat=incident.place.lat,
            lon=incident.place.lon,
            accuracy_m=incident.place.accuracy_m,
        ),
        reporter_name=incident.reporter_name,
        received_at=incident.received_at,
        state=incident.state,
        outcome=incident.outcome,
        resolved_at=incident.resolved_at,
        closed_at=incident.closed_at,
        follow_up=wire.FollowUpView(
            result=follow_up.result,
            satisfaction=follow_up.satisfaction,
            note=follow_up.note,
            by=person_ref(directory, follow_up.by),
            at=follow_up.at,
        )
        if follow_up
        else None,
        clock=clock_view(response.clock),
        summons=wire.SummonsView(
            id=summons.id,
            plan_id=summons.plan_id,
            plan_name=summons.plan_name,
            plan_name_en=summons.plan_name_en,
            issued_at=summons.issued_at,
            undo_until=summons.undo_until,
            state=summons.state.value,
            issued_by=person_ref(directory, summons.issued_by),
        )
        if summons
        else None,
        room_id=response.room_id,
    )


def shown_assignments(case: Case) -> tuple[Assignment, ...]:
    """All but the recalled ones: those never mattered."""
    return tuple(a for a in case.response.assignments if a.state is not State.RECALLED)


def incident_view(directory: Directory, case: Case, positions: Positions) -> wire.IncidentView:
    return wire.IncidentView(
        **dict(incident_head(directory, case)),
        assignments=[assignment_view(directory, case, a) for a in shown_assignments(case)],
        feeds=[feed_view(directory, feed, positions) for feed in case.feeds],
        orders=[order_view(directory, order) for order in case.response.orders],
    )


def _participant_view(participant: Participant) -> wire.ParticipantView:
    return wire.ParticipantView(
        id=participant.id,
        person_id=participant.person_id,
        name=participant.name,
        agency_id=participant.agency_id,
        role=participant.role,
        presence=participant.presence,
        muted=participant.muted,
        joined_at=participant.joined_at,
        source_id=f"p:{participant.id}",
    )


def room_view(room: Room, seq: int) -> wire.RoomView:
    return wire.RoomView(
        id=room.id,
        stream=room_stream(room.id),
        seq=seq,
        incident_id=room.scope_id,
        state=room.state,
        opened_at=room.opened_at,
        participants=[_participant_view(p) for p in room.participants],
    )


def event_view(directory: Directory, link: Link) -> wire.JournalEventView:
    actor = directory.people.get(link.actor_id) if link.actor_id else None
    return wire.JournalEventView(
        stream=link.stream,
        seq=link.seq,
        at=link.at,
        kind=link.kind,
        actor=wire.Actor(id=actor.id, name=actor.name, agency_id=actor.agency_id) if actor else None,
        payload=json.loads(link.payload) if link.payload is not None else {},
        hash=link.hash,
    )


def changed_parts(
    directory: Directory, case: Case, changed: Changed, *, positions: Positions
) -> wire.IncidentParts:
    """What an incident stream's viewers must replace. A feed of no incident is to be taken off."""
    return wire.IncidentParts(
        incident=incident_head(directory, case) if changed.response else None,
        assignments=[
            assignment_view(directory, case, a)
            for a in case.response.assignments
            if a.id in changed.assignments
        ],
        feeds=[
            feed_view(directory, feed, positions)
            for feed in (*(f for f in case.feeds if f.id in changed.feeds), *changed.feeds_gone)
        ],
        orders=[order_view(directory, order) for order in case.response.orders if order.id in changed.orders],
    )


def directory_view(directory: Directory, people: Iterable[Person]) -> wire_directory.DirectoryView:
    return wire_directory.DirectoryView(
        agencies=[
            wire_directory.AgencyView(
                id=a.id, parent_id=a.parent_id, kind=a.kind, name=a.name, name_en=a.name_en
            )
            for a in directory.agencies.values()
        ],
        incident_types=[
            wire_directory.IncidentTypeView(
                code=k.code,
                name=k.name,
                name_en=k.name_en,
                default_level=k.default_level,
            )
            for k in directory.types.values()
        ],
        people=[
            wire_directory.PersonEntry(id=p.id, name=p.name, role=p.role, agency_id=p.agency_id)
            for p in people
        ],
    )


def ring_view(case: Case, assignment: Assignment, *, kind: str) -> wire.Ring:
    incident = case.response.incident
    return wire.Ring(
        assignment_id=assignment.id,
        incident_id=incident.id,
        number=incident.number,
        title=incident.title,
        place=incident.place.text,
        department_id=assignment.department_id,
        step=assignment.step,
        attempt=assignment.attempt,
        due_at=assignment.clock.due_at,
        kind=kind,
    )
