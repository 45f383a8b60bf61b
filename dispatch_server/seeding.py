"""What a fresh store begins with: one centre and its people, or the whole demonstration city.

Nobody gets a password: everyone signs in by a one-time link first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from alerting import (
    AgencyId,
    AssignmentMode,
    DutyLine,
    EscalationPolicy,
    Level,
    PersonId,
    PlanId,
    PlannedDepartment,
    ResponsePlan,
    Step,
    Target,
    default_policy,
)
from dispatch_server.identity import Agency, AgencyKind, IncidentType, Person, Role
from dispatch_server.store.reference import Reference

TYPES = (
    IncidentType(code="burst_pipe", name="水管爆裂", name_en="Burst pipe", default_level="ordinary"),
    IncidentType(code="wage_dispute", name="讨薪聚集", name_en="Wage dispute", default_level="complex"),
    IncidentType(code="noise", name="邻里噪声", name_en="Neighbours' noise", default_level="simple"),
    IncidentType(code="gathering", name="人员聚集", name_en="Gathering", default_level="complex"),
    IncidentType(
        code="medical_dispute", name="医患纠纷", name_en="Medical dispute", default_level="difficult"
    ),
    IncidentType(
        code="traffic", name="交通事故赔偿", name_en="Traffic accident claim", default_level="ordinary"
    ),
    IncidentType(
        code="land_boundary", name="土地边界争议", name_en="Land boundary", default_level="ordinary"
    ),
    IncidentType(code="fire_hazard", name="火情隐患", name_en="Fire hazard", default_level="complex"),
    IncidentType(code="other", name="其他警情", name_en="Other", default_level="ordinary"),
)

# (slug, 中文, English, who is on duty, deputy, head)
DEPARTMENTS = (
    ("police", "公安局", "Public Security", "王警官", "周警官", "贺局长"),
    ("labour", "人社局", "Human Resources", "李科长", "吴科员", "郑局长"),
    ("housing", "住建局", "Housing and Construction", "陈工", "冯工", "褚局长"),
    ("justice", "司法局", "Justice", "赵调解员", "卫科员", "蒋局长"),
    ("petition", "信访局", "Letters and Calls", "周科员", "沈科员", "韩局长"),
    ("urban", "城管局", "Urban Management", "杨队长", "朱队员", "秦局长"),
    ("health", "卫健局", "Health", "尤医生", "许科员", "何局长"),
    ("emergency", "应急局", "Emergency Management", "吕主任", "施科员", "张局长"),
)

DISTRICTS = (
    (
        "chengnan",
        "城南区",
        "Chengnan District",
        (("jinxiu", "锦绣街道"), ("shiqiao", "石桥街道"), ("liutang", "柳塘街道")),
    ),
    (
        "hexi",
        "河西区",
        "Hexi District",
        (("guihua", "桂花街道"), ("wenchang", "文昌街道"), ("yanhe", "沿河街道")),
    ),
    (
        "donghu",
        "东湖区",
        "Donghu District",
        (("hubin", "湖滨街道"), ("anhe", "安和街道"), ("shuangqiao", "双桥街道")),
    ),
)

CITY = "qinghe"
DEMO_OPERATOR = "op-chengnan"
SCENE = AssignmentMode.SCENE
VIDEO = AssignmentMode.VIDEO

# type -> (name, English, departments: slug, required, lead, mode)
_PLANS: dict[str, tuple[str, str, tuple[tuple[str, bool, bool, AssignmentMode], ...]]] = {
    "wage_dispute": (
        "讨薪聚集",
        "Wage dispute",
        (
            ("labour", True, True, VIDEO),
            ("police", True, False, SCENE),
            ("housing", True, False, SCENE),
            ("justice", True, False, VIDEO),
            ("petition", True, False, VIDEO),
        ),
    ),
    "burst_pipe": (
        "水管爆裂",
        "Burst pipe",
        (
            ("housing", True, True, SCENE),
            ("police", True, False, SCENE),
            ("justice", True, False, VIDEO),
            ("petition", True, False, VIDEO),
        ),
    ),
    "noise": (
        "邻里噪声",
        "Neighbours' noise",
        (("police", True, True, SCENE), ("justice", True, False, VIDEO)),
    ),
    "gathering": (
        "人员聚集",
        "Gathering",
        (
            ("police", True, True, SCENE),
            ("petition", True, False, VIDEO),
            ("justice", True, False, VIDEO),
            ("emergency", False, False, VIDEO),
        ),
    ),
    "medical_dispute": (
        "医患纠纷",
        "Medical dispute",
        (("health", True, True, SCENE), ("police", True, False, SCENE), ("justice", True, False, VIDEO)),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    agencies: tuple[Agency, ...]
    people: tuple[Person, ...]
    plans: tuple[ResponsePlan, ...] = ()
    duty: tuple[tuple[str, DutyLine], ...] = ()


def quick_policy() -> EscalationPolicy:
    """The demonstration's ladder: short enough that a visitor sees it climb."""
    steps = (
        (0, Target.ON_DUTY),
        (20, Target.ON_DUTY),
        (40, Target.DEPUTY),
        (70, Target.HEAD),
        (110, Target.SUPERIOR),
    )
    return EscalationPolicy(
        steps=tuple(Step(after=timedelta(seconds=after), target=target) for after, target in steps),
        give_up_after=timedelta(seconds=180),
    )


def bare(site_name: str) -> Seed:
    """One district centre with an administrator and an operator; the rest is entered in the console."""
    centre = Agency(
        id="centre",
        parent_id=None,
        kind=AgencyKind.DISTRICT,
        name=site_name,
        name_en="Centre",
        path="/centre/",
    )
    return Seed(
        agencies=(centre,),
        people=(
            Person(id="admin", login="admin", name="管理员", role=Role.ADMINISTRATOR, agency_id=centre.id),
            Person(id="operator", login="operator", name="指挥席", role=Role.OPERATOR, agency_id=centre.id),
        ),
    )


def demo_city(*, policy: EscalationPolicy | None = None) -> Seed:
    """青禾市: one city, three districts of three streets and eight departments each. All of it is
    invented.
    """
    city = Agency(
        id=CITY, parent_id=None, kind=AgencyKind.CITY, name="青禾市", name_en="Qinghe City", path=f"/{CITY}/"
    )
    agencies = [city]
    people = [
        Person(id="admin", login="admin", name="管理员", role=Role.ADMINISTRATOR, agency_id=CITY),
        Person(id="commander", login="commander", name="市值班长", role=Role.COMMANDER, agency_id=CITY),
    ]
    plans: list[ResponsePlan] = []
    duty: list[tuple[str, DutyLine]] = []
    for slug, name, name_en, streets in DISTRICTS:
        district = _child(city, slug, AgencyKind.DISTRICT, name, name_en)
        agencies.append(district)
        leader = Person(
            id=f"lead-{slug}", login=f"lead.{slug}", name=f"{name}值班长", role=Role.COMMANDER, agency_id=slug
        )
        people += [
            leader,
            Person(
                id=f"op-{slug}", login=f"op.{slug}", name=f"{name}指挥席", role=Role.OPERATOR, agency_id=slug
            ),
            Person(
                id=f"med-{slug}",
                login=f"med.{slug}",
                name="金牌调解员",
                role=Role.MEDIATOR,
                agency_id=f"{slug}.justice",
            ),
        ]
        for street, street_name in streets:
            agencies.append(
                _child(district, f"{slug}.{street}", AgencyKind.STREET, street_name, street.title())
            )
            people.append(
                Person(
                    id=f"off-{slug}-{street}",
                    login=f"off.{street}",
                    name=f"{street_name[:2]}网格员",
                    role=Role.OFFICER,
                    agency_id=f"{slug}.{street}",
                )
            )
        for department, department_name, department_en, *names in DEPARTMENTS:
            node = _child(
                district, f"{slug}.{department}", AgencyKind.DEPARTMENT, department_name, department_en
            )
            agencies.append(node)
            members = [
                Person(
                    id=f"{slug}-{department}-{number}",
                    login=f"{department}.{slug}.{number}",
                    name=person_name,
                    role=Role.RESPONDER,
                    agency_id=node.id,
                )
                for number, person_name in enumerate(names, start=1)
            ]
            people += members
            on_duty, deputy, head = (PersonId(member.id) for member in members)
            line = DutyLine(
                on_duty=(on_duty,), deputy=(deputy,), head=(head,), superior=(PersonId(leader.id),)
            )
            duty.append((node.id, line))
        plans += _plans_of(slug, policy or quick_policy())
    return Seed(agencies=tuple(agencies), people=tuple(people), plans=tuple(plans), duty=tuple(duty))


def _child(parent: Agency, agency_id: str, kind: AgencyKind, name: str, name_en: str) -> Agency:
    path = f"{parent.path}{agency_id}/"
    return Agency(id=agency_id, parent_id=parent.id, kind=kind, name=name, name_en=name_en, path=path)


def _plans_of(district: str, policy: EscalationPolicy) -> list[ResponsePlan]:
    plans = [
        ResponsePlan(
            id=PlanId(f"{district}.{kind}"),
            name=name,
            name_en=name_en,
            agency_id=AgencyId(district),
            type=kind,
            level=None,
            departments=tuple(
                PlannedDepartment(
                    department_id=AgencyId(f"{district}.{slug}"), required=required, lead=lead, mode=mode
                )
                for slug, required, lead, mode in departments
            ),
            policy=policy,
        )
        for kind, (name, name_en, departments) in _PLANS.items()
    ]
    whole_net = ResponsePlan(
        id=PlanId(f"{district}.wage_dispute.difficult"),
        name="讨薪聚集（疑难）· 8 部门",
        name_en="Wage dispute, difficult",
        agency_id=AgencyId(district),
        type="wage_dispute",
        level=Level.DIFFICULT,
        departments=tuple(
            PlannedDepartment(department_id=AgencyId(f"{district}.{slug}"), lead=slug == "labour")
            for slug, *_ in DEPARTMENTS
        ),
        policy=default_policy(),
    )
    return [*plans, whole_net]


async def sow(reference: Reference, seed: Seed) -> None:
    """The seed is in the store. Only for a store without agencies."""
    await reference.add_types(TYPES)
    await reference.add_agencies(seed.agencies)
    await reference.add_people([(person, None) for person in seed.people])
    await reference.save_duty_lines(dict(seed.duty))
    await reference.save_plans(seed.plans)
