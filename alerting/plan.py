"""Which departments an incident needs (预案), and how the fitting plan is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from alerting.assignment import AssignmentMode
from alerting.clock import RESPONSE_TARGET
from alerting.escalation import EscalationPolicy
from alerting.ids import AgencyId, PlanId
from alerting.incident import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDepartment:
    """`required`: the promise is met only when it is in place. `lead`: it directs the others."""

    department_id: AgencyId
    required: bool = True
    lead: bool = False
    mode: AssignmentMode = AssignmentMode.VIDEO


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsePlan:
    """For one type of incident of one agency; `level` None means any level."""

    id: PlanId
    name: str
    name_en: str
    agency_id: AgencyId
    type: str
    level: Level | None
    departments: tuple[PlannedDepartment, ...]
    response_target: timedelta = RESPONSE_TARGET
    policy: EscalationPolicy


class ProposalReason(StrEnum):
    EXACT = "exact"
    ANY_LEVEL = "any_level"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    plan: ResponsePlan | None
    reason: ProposalReason


def propose(plans: Iterable[ResponsePlan], type: str, level: Level) -> Proposal:
    """The plan made for this type and level, else the one for this type at any level, else none.

    Among equals the first given wins: the caller orders them (own agency before its superiors').
    """
    candidates = [plan for plan in plans if plan.type == type]
    for plan in candidates:
        if plan.level is level:
            return Proposal(plan=plan, reason=ProposalReason.EXACT)
    for plan in candidates:
        if plan.level is None:
            return Proposal(plan=plan, reason=ProposalReason.ANY_LEVEL)
    return Proposal(plan=None, reason=ProposalReason.NONE)
