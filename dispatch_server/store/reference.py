"""Agencies, people, incident types, plans, duty lines, settings and counters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting import DutyLine, ResponsePlan
from dispatch_server.identity import Agency, AgencyKind, Directory, IncidentType, Person, Role
from dispatch_server.store import tables as t
from dispatch_server.store.batch import upsert
from dispatch_server.store.writer import Writer

_PLAN = TypeAdapter(ResponsePlan)
_DUTY = TypeAdapter(DutyLine)


class Reference:
    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def directory(self) -> Directory:
        """All agencies, people and incident types as they are now."""
        async with self._engine.connect() as connection:
            agencies = (await connection.execute(select(t.agency).order_by(t.agency.c.position))).all()
            people = (await connection.execute(select(t.person).order_by(t.person.c.name))).all()
            types = (
                await connection.execute(select(t.incident_type).order_by(t.incident_type.c.position))
            ).all()
        return Directory(
            [_agency(row) for row in agencies],
            [_person(row) for row in people],
            [
                IncidentType(
                    code=row.code, name=row.name, name_en=row.name_en, default_level=row.default_level
                )
                for row in types
            ],
        )

    async def password_hash(self, person_id: str) -> str | None:
        query = select(t.person.c.password_hash).where(t.person.c.id == person_id)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar()

    async def add_agencies(self, agencies: Sequence[Agency]) -> None:
        async with self._writer.transaction() as connection:
            count = (await connection.execute(select(func.count()).select_from(t.agency))).scalar() or 0
            rows = [
                {
                    "id": a.id,
                    "parent_id": a.parent_id,
                    "kind": a.kind.value,
                    "name": a.name,
                    "name_en": a.name_en,
                    "path": a.path,
                    "position": count + offset,
                }
                for offset, a in enumerate(agencies)
            ]
            await connection.execute(t.agency.insert(), rows)

    async def add_people(self, people: Sequence[tuple[Person, str | None]]) -> None:
        """(person, password hash or None); a taken login raises IntegrityError and nobody is added."""
        rows = [
            {
                "id": p.id,
                "login": p.login,
                "name": p.name,
                "role": p.role.value,
                "agency_id": p.agency_id,
                "password_hash": password_hash,
                "contacts": json.dumps(p.contacts),
                "active": int(p.active),
            }
            for p, password_hash in people
        ]
        async with self._writer.transaction() as connection:
            await connection.execute(t.person.insert(), rows)

    async def set_password(self, person_id: str, password_hash: str) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(
                t.person.update().where(t.person.c.id == person_id).values(password_hash=password_hash)
            )

    async def add_types(self, types: Sequence[IncidentType]) -> None:
        rows = [
            {
                "code": k.code,
                "name": k.name,
                "name_en": k.name_en,
                "default_level": k.default_level,
                "position": position,
            }
            for position, k in enumerate(types)
        ]
        async with self._writer.transaction() as connection:
            await upsert(connection, t.incident_type, rows)

    async def plans(self, agency_ids: Sequence[str]) -> tuple[ResponsePlan, ...]:
        """The plans of these agencies, in the order they were entered."""
        query = (
            select(t.response_plan)
            .where(t.response_plan.c.agency_id.in_(list(agency_ids)))
            .order_by(t.response_plan.c.position)
        )
        async with self._engine.connect() as connection:
            return tuple(_PLAN.validate_json(row.doc) for row in await connection.execute(query))

    async def save_plans(self, plans: Sequence[ResponsePlan]) -> None:
        rows = [
            {"id": p.id, "agency_id": p.agency_id, "position": i, "doc": _PLAN.dump_json(p).decode()}
            for i, p in enumerate(plans)
        ]
        async with self._writer.transaction() as connection:
            await upsert(connection, t.response_plan, rows)

    async def duty_lines(self, department_ids: Sequence[str]) -> dict[str, DutyLine]:
        query = select(t.duty).where(t.duty.c.department_id.in_(list(department_ids)))
        async with self._engine.connect() as connection:
            return {
                row.department_id: _DUTY.validate_json(row.doc) for row in await connection.execute(query)
            }

    async def save_duty_lines(self, lines: Mapping[str, DutyLine]) -> None:
        rows = [
            {"department_id": department, "doc": _DUTY.dump_json(line).decode()}
            for department, line in lines.items()
        ]
        async with self._writer.transaction() as connection:
            await upsert(connection, t.duty, rows)

    async def next_number(self, counter: str) -> int:
        """The next value of a named counter, from 1; never given twice."""
        async with self._writer.transaction() as connection:
            await upsert(connection, t.counter, [{"name": counter, "value": 0}], keep_existing=True)
            query = t.counter.update().where(t.counter.c.name == counter)
            await connection.execute(query.values(value=t.counter.c.value + 1))
            value = await connection.execute(select(t.counter.c.value).where(t.counter.c.name == counter))
            return int(value.scalar_one())

    async def setting(self, name: str) -> str | None:
        async with self._engine.connect() as connection:
            query = select(t.setting.c.value).where(t.setting.c.name == name)
            return (await connection.execute(query)).scalar()

    async def save_setting(self, name: str, value: str) -> None:
        async with self._writer.transaction() as connection:
            await upsert(connection, t.setting, [{"name": name, "value": value}])


def _agency(row: Any) -> Agency:
    return Agency(
        id=row.id,
        parent_id=row.parent_id,
        kind=AgencyKind(row.kind),
        name=row.name,
        name_en=row.name_en,
        path=row.path,
    )


def _person(row: Any) -> Person:
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        agency_id=row.agency_id,
        contacts=tuple(json.loads(row.contacts)),
        active=bool(row.active),
    )
