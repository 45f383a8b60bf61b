"""The hub under measurement: a real one, with 20 departments in one plan and 10,000 incidents in its store.

Prints one JSON line when it serves (sign-in tokens, a body-cam's feed and token), runs until its input ends.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import alerting
from alerting import (
    AgencyId,
    AssignmentMode,
    DutyLine,
    FollowUp,
    FollowUpResult,
    IncidentId,
    Level,
    PersonId,
    Place,
    PlanId,
    PlannedDepartment,
    ResponsePlan,
    default_policy,
)
from dispatch_server.clock import system_clock
from dispatch_server.config import Config
from dispatch_server.identity import Agency, AgencyKind, Person, Role
from dispatch_server.ids import random_id
from dispatch_server.seeding import Seed
from dispatch_server.serving import media_workers, prepare_logging, started
from dispatch_server.usecases.case import Outcome
from dispatch_server.wiring import Hub
from rooms import FeedKind

CENTRE = "centre"
KIND = "burst_pipe"
OPEN_INCIDENTS = 40
AT_ONCE = 200
DEPARTMENT = ("r", "s", "t", "u")  # r is on duty


def seed(departments: int, watchers: int) -> Seed:
    """One centre: its departments with four responders each, one on duty; as many operators as watch."""
    centre = Agency(
        id=CENTRE, parent_id=None, kind=AgencyKind.DISTRICT, name="中心", name_en="Centre", path=f"/{CENTRE}/"
    )
    nodes = tuple(
        Agency(
            id=f"d{number:02d}",
            parent_id=CENTRE,
            kind=AgencyKind.DEPARTMENT,
            name=f"部门 {number}",
            name_en=f"Department {number}",
            path=f"/{CENTRE}/d{number:02d}/",
        )
        for number in range(departments)
    )
    people = [
        Person(id=f"w{n}", login=f"w{n}", name=f"指挥席 {n}", role=Role.OPERATOR, agency_id=CENTRE)
        for n in range(watchers + 1)
    ]
    responders = [
        Person(
            id=f"{prefix}-{node.id}",
            login=f"{prefix}-{node.id}",
            name=f"{node.name} {prefix}",
            role=Role.RESPONDER,
            agency_id=node.id,
        )
        for node in nodes
        for prefix in DEPARTMENT
    ]
    plan = ResponsePlan(
        id=PlanId("bench"),
        name="测量预案",
        name_en="Measured plan",
        agency_id=AgencyId(CENTRE),
        type=KIND,
        level=None,
        departments=tuple(
            PlannedDepartment(department_id=AgencyId(node.id), mode=AssignmentMode.VIDEO) for node in nodes
        ),
        policy=default_policy(),
    )
    duty = tuple((node.id, DutyLine(on_duty=(PersonId(f"r-{node.id}"),))) for node in nodes)
    return Seed(agencies=(centre, *nodes), people=(*people, *responders), plans=(plan,), duty=duty)


async def fill(hub: Hub, count: int) -> None:
    """The store holds `count` incidents: all closed but a few, each with its journal."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with limit:
            now = system_clock()
            by = PersonId("w0")
            decision = alerting.receive(
                incident_id=IncidentId(random_id()),
                number=f"0101-{number:05d}",
                agency_id=AgencyId(CENTRE),
                type="other",
                level=Level.ORDINARY,
                title=f"旧警情 {number}",
                words="已办结的历史警情",
                place=Place(text="某街道"),
                reporter_name="历史",
                now=now,
            )
            if number >= OPEN_INCIDENTS:
                decision = decision.then(alerting.resolve(decision.state, outcome="已处理", by=by, now=now))
                follow_up = FollowUp(result=FollowUpResult.REACHED, by=by, at=now)
                decision = decision.then(alerting.close(decision.state, follow_up=follow_up, by=by, now=now))
            await hub.desk.open(Outcome(decision=decision), actor_id=by, note={})

    await asyncio.gather(*(one(number) for number in range(count)))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--incidents", type=int, required=True)
    parser.add_argument("--departments", type=int, required=True)
    parser.add_argument("--watchers", type=int, required=True)
    options = parser.parse_args()
    config = Config(data=options.data, port=options.port, https=False, host="127.0.0.1", media_workers=1)
    prepare_logging(config)
    sown = seed(options.departments, options.watchers)
    async with media_workers(config) as plane, started(config, seed=sown, plane=plane) as hub:
        await fill(hub, options.incidents)
        tokens = {person: (await hub.sign_in.make_link(person))[0] for person in hub.directories.now().people}
        device = await hub.feeds.register_device(
            name="执法仪", kind=FeedKind.BODYCAM, agency_id=CENTRE, default_type=KIND
        )
        print(
            json.dumps({"tokens": tokens, "feed_id": device.feed.id, "feed_token": device.token}), flush=True
        )
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
