"""Words from the command hall to departments or to the scene, and who has taken them in."""

from dataclasses import replace
from datetime import datetime

from alerting.assignment import AssignmentState
from alerting.errors import ReasonMissing, UnknownDepartment
from alerting.escalation import Target
from alerting.ids import AgencyId, OrderId, PersonId
from alerting.incident import IncidentCommand
from alerting.incident_events import OrderAcknowledged, OrderGiven
from alerting.notice import Notice, NoticeKind
from alerting.response import Decision, Order, OrderReceipt, Response

AT_SCENE = frozenset({AssignmentState.EN_ROUTE, AssignmentState.ON_SCENE})


def order(
    response: Response,
    *,
    order_id: OrderId,
    text: str,
    department_ids: tuple[AgencyId, ...] = (),
    by: PersonId,
    now: datetime,
) -> Decision:
    """The order is given: to the named departments, or without any to the scene (the reporting officer
    and whoever is there or on the way).

    Raises: InvalidTransition (resolved or closed), ReasonMissing (blank text), UnknownDepartment.
    """
    response.incident.after(IncidentCommand.ORDER)
    if not text.strip():
        raise ReasonMissing(field="text")
    departments = tuple(dict.fromkeys(department_ids))
    persons = _of_departments(response, departments) if departments else _at_scene(response)
    given = Order(id=order_id, text=text.strip(), department_ids=departments, by=by, at=now)
    event = OrderGiven(order_id=order_id, text=given.text, department_ids=departments, by=by)
    told = tuple(person for person in dict.fromkeys(persons) if person != by)
    notice = Notice(
        key=f"{order_id}:{NoticeKind.ORDER}",
        kind=NoticeKind.ORDER,
        incident_id=response.incident.id,
        person_ids=told,
        by=by,
        order_id=order_id,
    )
    return Decision(
        state=replace(response, orders=(*response.orders, given)),
        events=(event,),
        notices=(notice,) if told else (),
    )


def acknowledge_order(response: Response, *, order_id: OrderId, by: PersonId, now: datetime) -> Decision:
    """`by` has taken the order in. Saying so twice changes nothing. Raises: UnknownOrder."""
    given = response.order(order_id)
    if any(receipt.person_id == by for receipt in given.acknowledged):
        return Decision(state=response)
    heard = replace(given, acknowledged=(*given.acknowledged, OrderReceipt(person_id=by, at=now)))
    orders = tuple(heard if one.id == order_id else one for one in response.orders)
    return Decision(
        state=replace(response, orders=orders), events=(OrderAcknowledged(order_id=order_id, by=by),)
    )


def _of_departments(response: Response, departments: tuple[AgencyId, ...]) -> tuple[PersonId, ...]:
    """Who answered for each department; while nobody has, its people on duty."""
    persons: tuple[PersonId, ...] = ()
    for department_id in departments:
        assignment = response.open_of(department_id)
        if assignment is None:
            raise UnknownDepartment(department_id=department_id)
        answered = () if assignment.person_id is None else (assignment.person_id,)
        persons += answered or assignment.duty.persons(Target.ON_DUTY)
    return persons


def _at_scene(response: Response) -> tuple[PersonId, ...]:
    reporter = response.incident.reporter_id
    there = tuple(a.person_id for a in response.open if a.state in AT_SCENE and a.person_id is not None)
    return there if reporter is None else (reporter, *there)
