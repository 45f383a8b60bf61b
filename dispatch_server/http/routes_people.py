"""Routes of sign-in, the directory, and what administrators do with agencies and people."""

from __future__ import annotations

from collections.abc import Callable

from dispatch_server import bodies, views, wire, wire_directory
from dispatch_server.http.route import Request, Route
from dispatch_server.usecases.administering import Administering


class PeopleRoutes:
    def __init__(self, *, administering: Administering, url_for_others: Callable[[str], str]) -> None:
        self._administering = administering
        self._url_for_others = url_for_others

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/directory",
                handler=self._directory,
                summary="Agencies, incident types and the people whom the caller may address",
                tag="directory",
                reply=wire_directory.DirectoryView,
            ),
            Route(
                method="POST",
                path="/api/agencies",
                handler=self._add_agency,
                summary="Add an agency below one of the caller's",
                tag="administration",
                body=bodies.AddAgency,
                reply=wire_directory.AgencyView,
                status=201,
            ),
            Route(
                method="POST",
                path="/api/people",
                handler=self._add_person,
                summary="Add a person; without a password they sign in by link first",
                tag="administration",
                body=bodies.AddPerson,
                reply=wire.PersonView,
                status=201,
            ),
            Route(
                method="POST",
                path="/api/people/{person_id}/sign-in-link",
                handler=self._link,
                summary="A one-time sign-in link for a person",
                tag="administration",
                reply=wire.SignInLink,
            ),
        )

    async def _directory(self, request: Request) -> wire_directory.DirectoryView:
        directory, people = self._administering.directory_for(request.caller)
        return views.directory_view(directory, people)

    async def _add_agency(self, request: Request) -> wire_directory.AgencyView:
        return await self._administering.add_agency(request.caller, request.body)

    async def _add_person(self, request: Request) -> wire.PersonView:
        return views.person_view(await self._administering.add_person(request.caller, request.body))

    async def _link(self, request: Request) -> wire.SignInLink:
        token, expires_at = await self._administering.sign_in_link(request.caller, request.path["person_id"])
        url = self._url_for_others(request.base_url)
        return wire.SignInLink(url=f"{url}/sign-in#link={token}", expires_at=expires_at)
