"""A small district to summon: facts and short ways to the states that the tests start from."""

from datetime import UTC, datetime, timedelta

from alerting import (
    AgencyId,
    AssignmentId,
    Decision,
    DutyLine,
    IncidentId,
    Level,
    PersonId,
    Place,
    PlanId,
    PlannedDepartment,
    Response,
    ResponsePlan,
    RoomId,
    SummonsId,
    default_policy,
    press,
    receive,
)

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
OPERATOR = PersonId("operator")
OFFICER = PersonId("officer")

WATER, POLICE, STREET, CENTRE = (AgencyId(name) for name in ("water", "police", "street", "centre"))


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def person(department: AgencyId, who: str) -> PersonId:
    return PersonId(f"{department}-{who}")


def assignment_of(department: AgencyId, summons: int = 1) -> AssignmentId:
    return AssignmentId(f"a-{department}-{summons}")


def line(department: AgencyId) -> DutyLine:
    """Two on duty, one of each above."""
    return DutyLine(
        on_duty=(person(department, "first"), person(department, "second")),
        deputy=(person(department, "deputy"),),
        head=(person(department, "head"),),
        superior=(person(department, "superior"),),
    )


def plan(
    *departments: PlannedDepartment, level: Level | None = None, kind: str = "burst_pipe"
) -> ResponsePlan:
    chosen = departments or (
        PlannedDepartment(department_id=WATER, required=True, lead=True),
        PlannedDepartment(department_id=POLICE, required=True),
        PlannedDepartment(department_id=STREET, required=False),
    )
    return ResponsePlan(
        id=PlanId(f"plan-{kind}-{level}"),
        name="水管爆裂",
        name_en="Burst pipe",
        agency_id=CENTRE,
        type=kind,
        level=level,
        departments=chosen,
        policy=default_policy(),
    )


def received() -> Decision:
    """An officer reports at START."""
    return receive(
        incident_id=IncidentId("incident-1"),
        number="20260301-001",
        agency_id=CENTRE,
        type="burst_pipe",
        level=Level.ORDINARY,
        title="路面积水",
        words="井盖冒水",
        place=Place(text="文化路 12 号", lat=41.8, lon=123.4, accuracy_m=8.0),
        reporter_id=OFFICER,
        reporter_name="李警官",
        now=START,
    )


def pressed(response: Response, *, at: float, summons: int = 1, by: PersonId = OPERATOR) -> Decision:
    """The key, with the standard plan; ids are told apart by the number of the summons."""
    chosen = plan()
    return press(
        response,
        plan=chosen,
        summons_id=SummonsId(f"summons-{summons}"),
        assignment_ids={d.department_id: assignment_of(d.department_id, summons) for d in chosen.departments},
        duty={d.department_id: line(d.department_id) for d in chosen.departments},
        room_id=RoomId(f"room-{summons}"),
        by=by,
        now=after(at),
    )


def summoned(at: float = 10) -> Response:
    """The standard plan's departments are pending, ten seconds after the report."""
    return pressed(received().state, at=at).state
