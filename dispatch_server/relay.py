"""After the commit: tells browsers, rings people, and brings the media plane in step.

Everything here is a hint that can be lost; the store has the truth, `sync` and the outbox make up for it.
It runs
while the incident is still locked, so that two commits of one incident are told in their order.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from alerting import PAGING, IncidentState, Notice, NoticeKind
from dispatch_server import views, wire
from dispatch_server.access import audience_groups
from dispatch_server.identity import Directory
from dispatch_server.journal import instant
from dispatch_server.ports import Broadcaster
from dispatch_server.store.changes import Advance
from dispatch_server.usecases.case import Case, Changed, difference, incident_stream, room_stream
from dispatch_server.usecases.desk import CaseCommitted
from dispatch_server.usecases.positions import PositionBook
from rooms import FeedState

_log = structlog.get_logger("relay")
_OVERDUE = frozenset({NoticeKind.OVERDUE, NoticeKind.UNREACHABLE})


class Relay:
    """`media_changed` is told of every incident whose routes may differ now; `outbox_filled` of new
    messages; `deadlines_set` of new deadlines; `came_in` of each person who has just come into a room.
    """

    def __init__(
        self,
        *,
        broadcaster: Broadcaster,
        directory: Callable[[], Directory],
        positions: PositionBook,
        media_changed: Callable[[str], None],
        outbox_filled: Callable[[], None],
        deadlines_set: Callable[[], None],
        feed_ended: Callable[[str], None],
        came_in: Callable[[str], None],
    ) -> None:
        self._broadcaster = broadcaster
        self._directory = directory
        self._positions = positions
        self._media_changed = media_changed
        self._outbox_filled = outbox_filled
        self._deadlines_set = deadlines_set
        self._feed_ended = feed_ended
        self._came_in = came_in

    async def case_committed(self, commit: CaseCommitted) -> None:
        """Everyone who may see the case has been sent what changed. Never raises: the commit stands."""
        try:
            await self._tell(commit)
        except Exception:  # noqa: BLE001 - a hint may be lost, a committed command may not fail for it
            _log.exception("relay.failed", incident_id=commit.after.incident_id)

    async def _tell(self, commit: CaseCommitted) -> None:
        changed = difference(commit.before, commit.after)
        for person_id in _present(commit.after) - _present(commit.before):
            self._came_in(person_id)
        groups = audience_groups(self._directory(), commit.after.audience)
        for notice in commit.outcome.notices:
            if notice.kind in PAGING:
                await self._notice(commit, notice)
        for advance in commit.committed.advances:
            await self._broadcaster.to_groups(
                "stream_advanced", await self._delta(commit.after, advance, changed), groups
            )
        if commit.before is not None:
            lost = set(audience_groups(self._directory(), commit.before.audience)) - set(groups)
            gone = [incident_stream(commit.after.incident_id)]
            gone += [room_stream(commit.before.room.id)] if commit.before.room else []
            for stream in gone if lost else ():
                await self._broadcaster.to_groups("stream_gone", {"stream": stream}, lost)
        for notice in commit.outcome.notices:
            if notice.kind not in PAGING:
                await self._notice(commit, notice)
        self._follow(commit, changed)
        _log.info(
            "case.committed",
            incident_id=commit.after.incident_id,
            actor_id=commit.actor_id,
            events=[link.kind for advance in commit.committed.advances for link in advance.links],
        )

    def _follow(self, commit: CaseCommitted, changed: Changed) -> None:
        """Whoever acts on commits has been told: the media plane, the timekeeper, the outbox."""
        if (
            commit.before is None
            or changed.feeds
            or changed.feeds_gone
            or changed.room
            or commit.before.audience != commit.after.audience
        ):
            self._media_changed(commit.after.incident_id)
        ended = {feed.id for feed, _ in commit.outcome.feeds if feed.state is FeedState.ENDED}
        if commit.after.response.incident.state is IncidentState.CLOSED:
            ended |= {feed.id for feed in commit.after.feeds}  # also one that is about to send again
        for feed_id in sorted(ended):
            self._feed_ended(feed_id)
        if commit.outcome.decision is not None and commit.outcome.decision.schedule:
            self._deadlines_set()
        if commit.outcome.notices:
            self._outbox_filled()

    async def _delta(self, case: Case, advance: Advance, changed: Changed) -> wire.StreamAdvanced:
        directory = self._directory()
        if advance.stream == incident_stream(case.incident_id):
            positions = await self._positions.of([*changed.feeds, *(f.id for f in changed.feeds_gone)])
            parts = views.changed_parts(directory, case, changed, positions=positions)
        else:
            parts = wire.IncidentParts(room=views.room_view(case.room, case.room_seq) if case.room else None)
        return wire.StreamAdvanced(
            stream=advance.stream,
            base=advance.base,
            seq=advance.seq,
            events=[views.event_view(directory, link) for link in advance.links],
            parts=parts,
        )

    async def _notice(self, commit: CaseCommitted, notice: Notice) -> None:
        groups = [f"person:{person_id}" for person_id in notice.person_ids]
        case = commit.after
        if notice.kind is NoticeKind.ORDER and notice.order_id is not None:
            order = views.order_view(self._directory(), case.response.order(notice.order_id))
            data = {"incident_id": case.incident_id, "order": order.model_dump(mode="json")}
            await self._broadcaster.to_groups("order_given", data, groups)
        elif notice.kind in (NoticeKind.RING_STOPPED, NoticeKind.RECALL):
            by = {"id": notice.by, "name": self._directory().person_name(notice.by)} if notice.by else None
            reason = notice.reason.value if notice.reason else notice.kind.value
            stopped = {
                "assignment_id": notice.assignment_id,
                "reason": reason,
                "by": by,
                "at": instant(commit.at),
            }
            await self._broadcaster.to_groups("ring_stopped", stopped, groups)
        elif notice.assignment_id is not None:
            assignment = case.response.assignment(notice.assignment_id)
            kind = "overdue" if notice.kind in _OVERDUE else notice.kind.value
            await self._broadcaster.to_groups(
                "summons_ring", views.ring_view(case, assignment, kind=kind), groups
            )


def _present(case: Case | None) -> set[str]:
    return {seat.person_id for seat in case.room.present} if case and case.room else set()
