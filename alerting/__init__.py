"""Who must come, by when, and who is asked next: pure decisions about one incident.

Every command takes a `Response` and facts (ids, the time, who asks) and returns a `Decision`: the new
state, what happened, which deadlines to keep, whom to tell. Nothing here knows a clock, a network or a
store.
"""

from alerting.answering import acknowledge, arrive, decline, depart, join, record_delivery, release
from alerting.assignment import Assignment, AssignmentCommand, AssignmentMode, AssignmentState
from alerting.assignment_events import (
    AssignmentAcknowledged,
    AssignmentArrived,
    AssignmentDeclined,
    AssignmentDeparted,
    AssignmentJoined,
    AssignmentNotified,
    AssignmentReleased,
)
from alerting.clock import RESPONSE_TARGET, ClockState, SlaClock
from alerting.closing import close, reopen, resolve
from alerting.deadline_events import (
    AssignmentUnreachable,
    ClockBreached,
    ClockStopped,
    ClockUrgent,
    ClockWarned,
    EscalationFired,
    EscalationSkipped,
    ResponseComplete,
)
from alerting.due import DueKind, DueTime
from alerting.errors import (
    AlertingError,
    AlreadyAnswered,
    AlreadySummoned,
    FollowUpMissing,
    InvalidTransition,
    NothingPlanned,
    ReasonMissing,
    RecallTooLate,
    UnknownAssignment,
    UnknownDepartment,
    UnknownOrder,
)
from alerting.escalation import DutyLine, EscalationPolicy, Step, Target, default_policy
from alerting.events import EVENT_TYPES, AlertingEvent, kind_of
from alerting.firing import fire_due
from alerting.ids import (
    AgencyId,
    AssignmentId,
    DueKey,
    IncidentId,
    OrderId,
    PersonId,
    PlanId,
    RoomId,
    SummonsId,
)
from alerting.incident import FollowUp, FollowUpResult, Incident, IncidentCommand, IncidentState, Level, Place
from alerting.incident_events import (
    IncidentClosed,
    IncidentReceived,
    IncidentRelabelled,
    IncidentReopened,
    IncidentResolved,
    OrderAcknowledged,
    OrderGiven,
)
from alerting.measures import Interval, Sample, Summary, samples, summary
from alerting.notice import PAGING, Notice, NoticeKind, StopReason
from alerting.orders import acknowledge_order, order
from alerting.plan import PlannedDepartment, Proposal, ProposalReason, ResponsePlan, propose
from alerting.recalling import recall
from alerting.reception import receive, relabel
from alerting.response import Decision, Order, OrderReceipt, Response, Summons, SummonsState
from alerting.resummoning import reassign, resummon
from alerting.summoning import UNDO_WINDOW, add_department, press
from alerting.summons_events import (
    AssignmentReassigned,
    AssignmentsResummoned,
    DepartmentAdded,
    IssuedAssignment,
    SummonsIssued,
    SummonsRecalled,
)

__all__ = [
    "EVENT_TYPES",
    "PAGING",
    "RESPONSE_TARGET",
    "UNDO_WINDOW",
    "AgencyId",
    "AlertingError",
    "AlertingEvent",
    "AlreadyAnswered",
    "AlreadySummoned",
    "Assignment",
    "AssignmentAcknowledged",
    "AssignmentArrived",
    "AssignmentCommand",
    "AssignmentDeclined",
    "AssignmentDeparted",
    "AssignmentId",
    "AssignmentJoined",
    "AssignmentMode",
    "AssignmentNotified",
    "AssignmentReassigned",
    "AssignmentReleased",
    "AssignmentState",
    "AssignmentUnreachable",
    "AssignmentsResummoned",
    "ClockBreached",
    "ClockState",
    "ClockStopped",
    "ClockUrgent",
    "ClockWarned",
    "Decision",
    "DepartmentAdded",
    "DueKey",
    "DueKind",
    "DueTime",
    "DutyLine",
    "EscalationFired",
    "EscalationPolicy",
    "EscalationSkipped",
    "FollowUp",
    "FollowUpMissing",
    "FollowUpResult",
    "Incident",
    "IncidentClosed",
    "IncidentCommand",
    "IncidentId",
    "IncidentReceived",
    "IncidentRelabelled",
    "IncidentReopened",
    "IncidentResolved",
    "IncidentState",
    "Interval",
    "InvalidTransition",
    "IssuedAssignment",
    "Level",
    "NothingPlanned",
    "Notice",
    "NoticeKind",
    "Order",
    "OrderAcknowledged",
    "OrderGiven",
    "OrderId",
    "OrderReceipt",
    "PersonId",
    "Place",
    "PlanId",
    "PlannedDepartment",
    "Proposal",
    "ProposalReason",
    "ReasonMissing",
    "RecallTooLate",
    "Response",
    "ResponseComplete",
    "ResponsePlan",
    "RoomId",
    "Sample",
    "SlaClock",
    "Step",
    "StopReason",
    "Summary",
    "Summons",
    "SummonsId",
    "SummonsIssued",
    "SummonsRecalled",
    "SummonsState",
    "Target",
    "UnknownAssignment",
    "UnknownDepartment",
    "UnknownOrder",
    "acknowledge",
    "acknowledge_order",
    "add_department",
    "arrive",
    "close",
    "decline",
    "default_policy",
    "depart",
    "fire_due",
    "join",
    "kind_of",
    "order",
    "press",
    "propose",
    "reassign",
    "recall",
    "receive",
    "record_delivery",
    "relabel",
    "release",
    "reopen",
    "resolve",
    "resummon",
    "samples",
    "summary",
]
