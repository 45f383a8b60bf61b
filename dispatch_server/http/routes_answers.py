"""Routes of departments' answers, and of rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dispatch_server import bodies, views, wire
from dispatch_server.errors import NotFound
from dispatch_server.http.route import Request, Route
from dispatch_server.http.routes_incidents import whole
from dispatch_server.identity import Directory
from dispatch_server.usecases.answers import Answers
from dispatch_server.usecases.case import Case
from dispatch_server.usecases.desk import Result
from dispatch_server.usecases.incidents import Incidents
from dispatch_server.usecases.looking import Looking
from dispatch_server.usecases.room_life import RoomLife


class AnswerRoutes:
    def __init__(
        self,
        *,
        answers: Answers,
        incidents: Incidents,
        looking: Looking,
        room_life: RoomLife,
        directory: Callable[[], Directory],
    ) -> None:
        self._answers = answers
        self._incidents = incidents
        self._looking = looking
        self._room_life = room_life
        self._directory = directory

    def routes(self) -> tuple[Route, ...]:
        answers = self._answers
        return (
            Route(
                method="GET",
                path="/api/assignments",
                handler=self._mine,
                summary="The open assignments of the caller's department",
                tag="assignments",
                reply=wire.AssignmentList,
            ),
            Route(
                method="GET",
                path="/api/assignments/{assignment_id}",
                handler=self._one,
                summary="One assignment with its incident",
                tag="assignments",
                reply=wire.AssignmentAndIncident,
            ),
            self._post(
                "acknowledge",
                "接受: the department has it; nobody else of it is paged any more",
                answers.acknowledge,
            ),
            self._post("depart", "赶赴现场: on the way", answers.depart),
            self._post("arrive", "到场: on the scene", answers.arrive),
            self._post("release", "The department is no longer needed", answers.release),
            self._post("resummon", "Call the department once more; its clock runs on", answers.resummon),
            Route(
                method="POST",
                path="/api/assignments/{assignment_id}/decline",
                handler=self._decline,
                summary="无法处理: decline with a reason; the next step is called at once",
                tag="assignments",
                body=bodies.Decline,
                reply=wire.AssignmentView,
            ),
            Route(
                method="POST",
                path="/api/assignments/{assignment_id}/reassign",
                handler=self._reassign,
                summary="换人: ask another member of the department",
                tag="assignments",
                body=bodies.Reassign,
                reply=wire.AssignmentView,
            ),
            self._room("GET", "", self._room_get, "One room"),
            Route(
                method="GET",
                path="/api/rooms/{room_id}/journal",
                handler=self._room_journal,
                summary="Who came and went: journal events of the room after a seq, also once it has ended",
                tag="rooms",
                reply=wire.JournalPage,
                query=(("after", "seq"), ("limit", "1 to 1000")),
            ),
            self._room("POST", "/join", self._join, "Come in; a summoned department's clock stops"),
            self._room("POST", "/leave", self._leave, "Leave"),
            self._room("POST", "/mute", self._mute, "Mute or unmute a participant, or oneself", bodies.Mute),
            self._room("POST", "/remove", self._remove, "Put a participant out", bodies.Remove),
        )

    def _post(self, verb: str, summary: str, command: Callable[..., Awaitable[Result]]) -> Route:
        async def handler(request: Request) -> wire.AssignmentView:
            assignment_id = request.path["assignment_id"]
            return self._assignment((await command(request.caller, assignment_id)).case, assignment_id)

        return Route(
            method="POST",
            path="/api/assignments/{assignment_id}/" + verb,
            handler=handler,
            summary=summary,
            tag="assignments",
            reply=wire.AssignmentView,
        )

    def _room(
        self,
        method: str,
        suffix: str,
        handler: Callable[[Request], Awaitable[wire.RoomView]],
        summary: str,
        body: type[bodies.Body] | None = None,
    ) -> Route:
        path = "/api/rooms/{room_id}" + suffix
        return Route(
            method=method,
            path=path,
            handler=handler,
            summary=summary,
            tag="rooms",
            body=body,
            reply=wire.RoomView,
        )

    def _assignment(self, case: Case, assignment_id: str) -> wire.AssignmentView:
        assignment = next((a for a in case.response.assignments if a.id == assignment_id), None)
        if assignment is None:
            raise NotFound()
        return views.assignment_view(self._directory(), case, assignment)

    async def _mine(self, request: Request) -> wire.AssignmentList:
        return wire.AssignmentList(
            assignments=[
                wire.AssignmentAndIncident(
                    assignment=self._assignment(case, assignment_id),
                    incident=await self._looking.incident_view(case),
                )
                for assignment_id, case in await self._answers.mine(request.caller)
            ]
        )

    async def _one(self, request: Request) -> wire.AssignmentAndIncident:
        assignment_id = request.path["assignment_id"]
        case = await self._incidents.case_of_assignment(request.caller, assignment_id)
        return wire.AssignmentAndIncident(
            assignment=self._assignment(case, assignment_id), incident=await self._looking.incident_view(case)
        )

    async def _decline(self, request: Request) -> wire.AssignmentView:
        assignment_id = request.path["assignment_id"]
        result = await self._answers.decline(request.caller, assignment_id, request.body.reason)
        return self._assignment(result.case, assignment_id)

    async def _reassign(self, request: Request) -> wire.AssignmentView:
        assignment_id = request.path["assignment_id"]
        result = await self._answers.reassign(request.caller, assignment_id, request.body.person_id)
        return self._assignment(result.case, assignment_id)

    async def _room_get(self, request: Request) -> wire.RoomView:
        return _room_view(await self._room_life.case(request.caller, request.path["room_id"]))

    async def _room_journal(self, request: Request) -> wire.JournalPage:
        return await self._looking.room_journal(
            request.caller,
            request.path["room_id"],
            after=whole(request, "after", 0, low=0, high=2**31 - 1),
            limit=whole(request, "limit", 500, low=1, high=1000),
        )

    async def _join(self, request: Request) -> wire.RoomView:
        return _room_view((await self._room_life.join(request.caller, request.path["room_id"])).case)

    async def _leave(self, request: Request) -> wire.RoomView:
        return _room_view((await self._room_life.leave(request.caller, request.path["room_id"])).case)

    async def _mute(self, request: Request) -> wire.RoomView:
        body: bodies.Mute = request.body
        result = await self._room_life.mute(
            request.caller, request.path["room_id"], body.participant_id, body.muted
        )
        return _room_view(result.case)

    async def _remove(self, request: Request) -> wire.RoomView:
        body: bodies.Remove = request.body
        result = await self._room_life.remove(request.caller, request.path["room_id"], body.participant_id)
        return _room_view(result.case)


def _room_view(case: Case) -> wire.RoomView:
    if case.room is None:
        raise NotFound()
    return views.room_view(case.room, case.room_seq)
