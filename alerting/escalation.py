"""Who is tried next, and when (升级链).

Times count from the issue of the assignment, not from the step before, so an outage of the hub cannot
stretch them.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from alerting.ids import PersonId


class Target(StrEnum):
    ON_DUTY = "on_duty"
    DEPUTY = "deputy"
    HEAD = "head"
    SUPERIOR = "superior"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    after: timedelta
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPolicy:
    """The ladder of one department. Step 0 goes out with the summons itself.

    Raises: ValueError unless the steps start at zero and rise, and giving up comes last: a step after the end
    would page people for an assignment that nobody waits for.
    """

    steps: tuple[Step, ...]
    give_up_after: timedelta

    def __post_init__(self) -> None:
        times = [step.after for step in self.steps]
        if not times or times[0] != timedelta(0):
            raise ValueError("the first step goes out at once")
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError("each step comes after the one before")
        if self.give_up_after <= times[-1]:
            raise ValueError("giving up comes after the last step")


def default_policy() -> EscalationPolicy:
    """On duty at once and again after 1 min, deputy at 2, head at 3, superior at 5, given up at 7 min.

    Seven minutes leave half of the fifteen-minute promise for finding somebody else.
    """
    return EscalationPolicy(
        steps=(
            Step(after=timedelta(0), target=Target.ON_DUTY),
            Step(after=timedelta(seconds=60), target=Target.ON_DUTY),
            Step(after=timedelta(seconds=120), target=Target.DEPUTY),
            Step(after=timedelta(seconds=180), target=Target.HEAD),
            Step(after=timedelta(seconds=300), target=Target.SUPERIOR),
        ),
        give_up_after=timedelta(seconds=420),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    """Who stands behind each target at the moment of the press; a later change of roster does not reach
    it.
    """

    on_duty: tuple[PersonId, ...] = ()
    deputy: tuple[PersonId, ...] = ()
    head: tuple[PersonId, ...] = ()
    superior: tuple[PersonId, ...] = ()

    def persons(self, target: Target) -> tuple[PersonId, ...]:
        match target:
            case Target.ON_DUTY:
                return self.on_duty
            case Target.DEPUTY:
                return self.deputy
            case Target.HEAD:
                return self.head
            case Target.SUPERIOR:
                return self.superior

    def persons_up_to(self, policy: EscalationPolicy, step: int) -> tuple[PersonId, ...]:
        """Everyone whom the ladder has named from its first step up to `step`, each once, in that order."""
        named = (person for rung in policy.steps[: step + 1] for person in self.persons(rung.target))
        return tuple(dict.fromkeys(named))
