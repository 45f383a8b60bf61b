"""Messages to people outside the console: rows of the outbox, written with the state that calls for them.

A row is deleted only after the far side took it; a crash in between sends it again rather than never. A
message names
the case number and the deadline and nothing about the case itself. Which addresses a person has is known
only here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo

import apprise
import structlog
from pydantic import BaseModel
from sqlalchemy import delete, update

from alerting import PAGING, NoticeKind
from dispatch_server.clock import Clock
from dispatch_server.errors import HubError
from dispatch_server.identity import Directory
from dispatch_server.ports import Notifier
from dispatch_server.store import tables as t
from dispatch_server.store.batch import to_ms
from dispatch_server.store.changes import OutboxRow
from dispatch_server.store.reader import Reader
from dispatch_server.store.writer import Writer
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.answers import Answers
from dispatch_server.usecases.case import Case, Outcome, load_case

_log = structlog.get_logger("notifying")

ATTEMPTS = 8
SEND_TIMEOUT_S = 10.0
AT_ONCE = 16
CLAIMED_FOR = timedelta(seconds=15)  # how long a message may be on its way; after a crash it goes again then
AFTER_FAULT_S = 5.0
_OUTSIDE = PAGING | {NoticeKind.OVERDUE, NoticeKind.RECALL, NoticeKind.UNREACHABLE}

_WORDS = {
    NoticeKind.SUMMONS: "召集你单位，请在 {due} 前到位",
    NoticeKind.RESUMMONS: "再次召集你单位，请在 {due} 前到位",
    NoticeKind.ESCALATION: "无人应答，升级到你，请在 {due} 前到位",
    NoticeKind.OVERDUE: "你单位已超期（时限 {due}）",
    NoticeKind.UNREACHABLE: "下属单位联系不上（时限 {due}）",
    NoticeKind.RECALL: "召集已撤销，无需到位",
}


class Message(BaseModel):
    """One outbox row's document: whom to tell what, through which of their addresses."""

    person_id: str
    channel: int
    incident_id: str
    assignment_id: str
    paging: bool
    title: str
    body: str


class AppriseNotifier:
    """E-mail, WeCom, DingTalk, Feishu, plain webhooks: whatever address apprise understands."""

    async def send(self, address: str, *, title: str, body: str) -> bool:
        """Whether the far side took it within the time limit. The address never reaches a log."""
        target = apprise.Apprise()
        if not target.add(address):
            return False
        async with asyncio.timeout(SEND_TIMEOUT_S):
            return bool(await target.async_notify(title=title, body=body))


class Outbox:
    def __init__(
        self,
        *,
        reader: Reader,
        writer: Writer,
        notifier: Notifier,
        answers: Callable[[], Answers],
        directory: Callable[[], Directory],
        clock: Clock,
        tasks: Tasks,
        zone: tzinfo,
        site_name: str,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._notifier = notifier
        self._answers = answers
        self._directory = directory
        self._clock = clock
        self._tasks = tasks
        self._zone = zone
        self._site_name = site_name
        self._filled = asyncio.Event()
        self._under_way: set[str] = set()

    def rows(self, case: Case, outcome: Outcome, now: datetime) -> tuple[OutboxRow, ...]:
        """One row for each address of each person whom the outcome's notices name."""
        rows = []
        for notice in outcome.notices:
            if notice.kind not in _OUTSIDE or notice.assignment_id is None:
                continue
            assignment = case.response.assignment(notice.assignment_id)
            due = assignment.clock.due_at.astimezone(self._zone)
            body = f"警情 {case.response.incident.number} " + _WORDS[notice.kind].format(
                due=f"{due:%H:%M:%S}"
            )
            for person_id in notice.person_ids:
                person = self._directory().people.get(person_id)
                for channel in range(len(person.contacts) if person else 0):
                    message = Message(
                        person_id=person_id,
                        channel=channel,
                        incident_id=case.incident_id,
                        assignment_id=assignment.id,
                        paging=notice.kind in PAGING,
                        title=self._site_name,
                        body=body,
                    )
                    key = f"{notice.key}:{person_id}:{channel}"
                    rows.append(OutboxRow(key=key, doc=message.model_dump_json(), next_at=now))
        return tuple(rows)

    def filled(self) -> None:
        """There may be something to send."""
        self._filled.set()

    async def run(self) -> None:
        """Sends until cancelled; waits for `filled` or for the next retry."""
        while True:
            self._filled.clear()
            try:
                await self._start_ready()
            except Exception:  # noqa: BLE001 - the rows are still there for the next round
                _log.exception("notify.round_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._filled.wait()

    async def _start_ready(self) -> None:
        """Every row whose time has come is on its way, as many at once as may be."""
        ready = await self._reader.outbox_ready(to_ms(self._clock()), limit=100)
        fresh = [row for row in ready if row[0] not in self._under_way]
        free = fresh[: max(0, AT_ONCE - len(self._under_way))]
        claimed = await self._claim([key for key, _, _ in free]) if free else set()
        for key, doc, attempts in free:
            if key in claimed:
                self._under_way.add(key)
                self._tasks.start(self._deliver(key, doc, attempts), name="notify")

    async def _claim(self, keys: list[str]) -> set[str]:
        """Those of the rows that are ours to send: another hub on the same store may want them too."""
        now = self._clock()
        async with self._writer.transaction() as connection:
            claim = (
                update(t.outbox)
                .where(t.outbox.c.key.in_(keys), t.outbox.c.next_ms <= to_ms(now))
                .values(next_ms=to_ms(now + CLAIMED_FOR))
                .returning(t.outbox.c.key)
            )
            return {row.key for row in await connection.execute(claim)}

    async def _deliver(self, key: str, doc: str, attempts: int) -> None:
        try:
            await self._send_once(key, Message.model_validate_json(doc), attempts)
        except Exception:  # noqa: BLE001 - the outermost boundary; the row is still there
            _log.exception("notify.failed")
            await asyncio.sleep(AFTER_FAULT_S)
        finally:
            self._under_way.discard(key)
            self._filled.set()

    async def _send_once(self, key: str, message: Message, attempts: int) -> None:
        if await self._is_moot(message) or await self._send(message):
            await self._forget(key)
        elif attempts + 1 >= ATTEMPTS:
            _log.error("notify.given_up", person_id=message.person_id, incident_id=message.incident_id)
            await self._forget(key)
        else:
            wait = timedelta(seconds=min(2 ** (attempts + 1), 60))
            async with self._writer.transaction() as connection:
                await connection.execute(
                    update(t.outbox)
                    .where(t.outbox.c.key == key)
                    .values(attempts=attempts + 1, next_ms=to_ms(self._clock() + wait))
                )

    async def _is_moot(self, message: Message) -> bool:
        """Whether a page no longer needs to go out: somebody answered meanwhile. Paging stops with the
        answer.
        """
        if not message.paging:
            return False
        scope = await self._reader.scopes([message.incident_id])
        case = load_case(scope.get(message.incident_id))
        assignments = case.response.assignments if case else ()
        return not any(a.id == message.assignment_id and message.person_id in a.ringing for a in assignments)

    async def _send(self, message: Message) -> bool:
        person = self._directory().people.get(message.person_id)
        if person is None or message.channel >= len(person.contacts):
            return True
        try:
            taken = await self._notifier.send(
                person.contacts[message.channel], title=message.title, body=message.body
            )
        except (TimeoutError, OSError):
            taken = False
        _log.info("notify.sent" if taken else "notify.refused", person_id=message.person_id)
        if taken and message.paging:
            await self._record_delivery(message)
        return taken

    async def _record_delivery(self, message: Message) -> None:
        """The assignment is notified. A receipt that cannot be kept is no reason to page the person again."""
        try:
            await self._answers().delivered(
                message.incident_id, message.assignment_id, message.person_id, "notification"
            )
        except HubError as error:
            _log.warning("notify.receipt_lost", incident_id=message.incident_id, code=error.code)

    async def _forget(self, key: str) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(delete(t.outbox).where(t.outbox.c.key == key))
