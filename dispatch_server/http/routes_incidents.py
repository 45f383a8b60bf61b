"""Routes of incidents: list, report, press, order, resolve, close."""

from __future__ import annotations

from collections.abc import Callable

from dispatch_server import bodies, wire
from dispatch_server.errors import BadInput
from dispatch_server.http.route import Request, Route
from dispatch_server.identity import Directory
from dispatch_server.usecases.desk import Result
from dispatch_server.usecases.incidents import Incidents
from dispatch_server.usecases.looking import Looking
from dispatch_server.usecases.reporting import Reporting
from dispatch_server.usecases.summoning import Preview, Summoning


class IncidentRoutes:
    def __init__(
        self,
        *,
        reporting: Reporting,
        incidents: Incidents,
        summoning: Summoning,
        looking: Looking,
        directory: Callable[[], Directory],
        is_online: Callable[[str], bool],
    ) -> None:
        self._reporting = reporting
        self._incidents = incidents
        self._summoning = summoning
        self._looking = looking
        self._directory = directory
        self._is_online = is_online

    def routes(self) -> tuple[Route, ...]:
        tag = "incidents"
        base = "/api/incidents"
        one = base + "/{incident_id}"
        view = wire.IncidentView
        return (
            Route(
                method="GET",
                path=base,
                handler=self._list,
                summary="Incidents in sight, those with the least time left first",
                tag=tag,
                reply=wire.IncidentList,
                query=(
                    ("state", "open (default) or closed"),
                    ("q", "words to look for"),
                    ("limit", "1 to 200"),
                    ("before", "received before this instant, for paging back through closed ones"),
                ),
            ),
            Route(
                method="POST",
                path=base,
                handler=self._report,
                summary="Report an incident; its clock starts",
                tag=tag,
                body=bodies.Report,
                reply=view,
                status=201,
            ),
            Route(method="GET", path=one, handler=self._get, summary="One incident", tag=tag, reply=view),
            Route(
                method="PATCH",
                path=one,
                handler=self._relabel,
                summary="Correct type, level, title or place",
                tag=tag,
                body=bodies.Relabel,
                reply=view,
            ),
            Route(
                method="GET",
                path=one + "/journal",
                handler=self._journal,
                summary="The timeline: journal events after a seq",
                tag=tag,
                reply=wire.JournalPage,
                query=(("after", "seq"), ("limit", "1 to 1000")),
            ),
            Route(
                method="GET",
                path=one + "/plan",
                handler=self._plan,
                summary="Whom the key will summon",
                tag=tag,
                reply=wire.PlanView,
                query=(("plan", "another plan's id"),),
            ),
            Route(
                method="GET",
                path=one + "/plans",
                handler=self._plans,
                summary="The plans to choose from",
                tag=tag,
                reply=wire.PlanList,
            ),
            Route(
                method="POST",
                path=one + "/summon",
                handler=self._press,
                summary="一键扩群: summon the plan's departments, open the room; again: only the idle ones",
                tag=tag,
                body=bodies.Press,
                reply=wire.Pressed,
            ),
            Route(
                method="POST",
                path=one + "/recall",
                handler=self._recall,
                summary="Take the summons back, within 5 s",
                tag=tag,
                reply=view,
            ),
            Route(
                method="POST",
                path=one + "/departments",
                handler=self._add_department,
                summary="Summon one more department",
                tag=tag,
                body=bodies.AddDepartment,
                reply=view,
            ),
            Route(
                method="POST",
                path=one + "/orders",
                handler=self._order,
                summary="Give an order to departments, or to the scene",
                tag=tag,
                body=bodies.GiveOrder,
                reply=view,
            ),
            Route(
                method="POST",
                path="/api/orders/{order_id}/acknowledge",
                handler=self._acknowledge_order,
                summary="The order was understood",
                tag=tag,
                reply=view,
            ),
            Route(
                method="POST",
                path=one + "/resolve",
                handler=self._resolve,
                summary="The matter is dealt with",
                tag=tag,
                body=bodies.Resolve,
                reply=view,
            ),
            Route(
                method="POST",
                path=one + "/close",
                handler=self._close,
                summary="Close, with the follow-up call's result",
                tag=tag,
                body=bodies.Close,
                reply=view,
            ),
            Route(
                method="POST",
                path=one + "/reopen",
                handler=self._reopen,
                summary="Open a resolved incident again",
                tag=tag,
                reply=view,
            ),
        )

    async def _view(self, result: Result) -> wire.IncidentView:
        return await self._looking.incident_view(result.case)

    async def _list(self, request: Request) -> wire.IncidentList:
        state = request.query.get("state", "open")
        if state not in ("open", "closed"):
            raise BadInput(field="state", problem="choice", expected="open, closed")
        return await self._looking.incidents(
            request.caller,
            closed=state == "closed",
            text=request.query.get("q", "")[:100],
            limit=whole(request, "limit", 200, low=1, high=200),
            before=request.query.get("before"),
        )

    async def _report(self, request: Request) -> wire.IncidentView:
        return await self._view(await self._reporting.report(request.caller, request.body))

    async def _get(self, request: Request) -> wire.IncidentView:
        case = await self._incidents.case(request.caller, request.path["incident_id"])
        return await self._looking.incident_view(case)

    async def _relabel(self, request: Request) -> wire.IncidentView:
        return await self._view(
            await self._incidents.relabel(request.caller, request.path["incident_id"], request.body)
        )

    async def _journal(self, request: Request) -> wire.JournalPage:
        case = await self._incidents.case(request.caller, request.path["incident_id"])
        return await self._looking.journal(
            case,
            after=whole(request, "after", 0, low=0, high=2**31 - 1),
            limit=whole(request, "limit", 500, low=1, high=1000),
        )

    async def _plan(self, request: Request) -> wire.PlanView:
        preview = await self._summoning.preview(
            request.caller, request.path["incident_id"], request.query.get("plan")
        )
        return self._plan_view(preview)

    def _plan_view(self, preview: Preview) -> wire.PlanView:
        plan, people = preview.plan, self._directory().people
        return wire.PlanView(
            plan_id=plan.id if plan else None,
            name=plan.name if plan else "",
            name_en=plan.name_en if plan else "",
            reason=preview.reason,
            target_s=round(plan.response_target.total_seconds()) if plan else 0,
            departments=[
                wire.PlanDepartmentView(
                    department_id=department.department_id,
                    required=department.required,
                    lead=department.lead,
                    mode=department.mode,
                    on_duty=[
                        wire.PlanPerson(id=p, name=people[p].name, online=self._is_online(p))
                        for p in preview.on_duty(department.department_id)
                        if p in people
                    ],
                )
                for department in (plan.departments if plan else ())
            ],
        )

    async def _plans(self, request: Request) -> wire.PlanList:
        plans = await self._summoning.plans(request.caller, request.path["incident_id"])
        return wire.PlanList(
            plans=[
                wire.PlanEntry(plan_id=p.id, name=p.name, name_en=p.name_en, type=p.type, level=p.level)
                for p in plans
            ]
        )

    async def _press(self, request: Request) -> wire.Pressed:
        result = await self._summoning.press(
            request.caller, request.path["incident_id"], request.body.plan_id
        )
        return wire.Pressed.model_validate(
            {
                "incident": await self._view(result),
                "room_id": result.case.response.room_id or "",
                **result.note,
            }
        )

    async def _recall(self, request: Request) -> wire.IncidentView:
        return await self._view(await self._summoning.recall(request.caller, request.path["incident_id"]))

    async def _add_department(self, request: Request) -> wire.IncidentView:
        return await self._view(
            await self._summoning.add_department(request.caller, request.path["incident_id"], request.body)
        )

    async def _order(self, request: Request) -> wire.IncidentView:
        return await self._view(
            await self._incidents.order(request.caller, request.path["incident_id"], request.body)
        )

    async def _acknowledge_order(self, request: Request) -> wire.IncidentView:
        return await self._view(
            await self._incidents.acknowledge_order(request.caller, request.path["order_id"])
        )

    async def _resolve(self, request: Request) -> wire.IncidentView:
        return await self._view(
            await self._incidents.resolve(request.caller, request.path["incident_id"], request.body.outcome)
        )

    async def _close(self, request: Request) -> wire.IncidentView:
        return await self._view(
            await self._incidents.close(request.caller, request.path["incident_id"], request.body)
        )

    async def _reopen(self, request: Request) -> wire.IncidentView:
        return await self._view(await self._incidents.reopen(request.caller, request.path["incident_id"]))


def whole(request: Request, name: str, default: int, *, low: int, high: int) -> int:
    """A whole number from the query. Raises: BadInput."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and low <= int(text) <= high):
        raise BadInput(field=name, problem="choice", expected=f"{low}–{high}")
    return int(text)
