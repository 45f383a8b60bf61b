"""The composition root: everything is made here, once, from a Config, a clock and sources of chance."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import socketio
from aiohttp import web
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch_server.addresses import url_for_others
from dispatch_server.clock import Clock
from dispatch_server.config import Config
from dispatch_server.directories import Directories
from dispatch_server.housekeeping import Housekeeping
from dispatch_server.http import openapi
from dispatch_server.http.app import make_app
from dispatch_server.http.authenticate import Authenticator
from dispatch_server.http.health import HealthEndpoint
from dispatch_server.http.middleware import Boundary
from dispatch_server.http.pages import Pages
from dispatch_server.http.routes_answers import AnswerRoutes
from dispatch_server.http.routes_feeds import FeedRoutes
from dispatch_server.http.routes_incidents import IncidentRoutes
from dispatch_server.http.routes_people import PeopleRoutes
from dispatch_server.http.routes_players import PlayerRoutes
from dispatch_server.http.routes_sign_in import SignInEndpoint
from dispatch_server.http.whep import WhepEndpoint
from dispatch_server.http.whip import WhipEndpoint
from dispatch_server.ids import NewId
from dispatch_server.journal import instant
from dispatch_server.media.director import MediaDirector
from dispatch_server.media.figures import MediaFigures
from dispatch_server.media.following import MediaFollower
from dispatch_server.media.metrics import MediaMetrics, MediaNow
from dispatch_server.media.players import Players
from dispatch_server.media.turn import Turn
from dispatch_server.messages import Wording
from dispatch_server.metrics import register
from dispatch_server.notifying import Outbox
from dispatch_server.ports import Broadcaster, MediaPlane, Notifier
from dispatch_server.relay import Relay
from dispatch_server.sockets.events import SocketEvents
from dispatch_server.sockets.limits import SocketLimits
from dispatch_server.sockets.presence import Presence
from dispatch_server.sockets.server import SocketBroadcaster, make_server
from dispatch_server.store.accounts import Accounts
from dispatch_server.store.player_links import PlayerLinkStore
from dispatch_server.store.probe import StoreProbe
from dispatch_server.store.reader import Reader
from dispatch_server.store.reference import Reference
from dispatch_server.store.writer import Writer
from dispatch_server.tasks import Tasks
from dispatch_server.timekeeper import Timekeeper
from dispatch_server.usecases.administering import Administering
from dispatch_server.usecases.answers import Answers
from dispatch_server.usecases.desk import Desk
from dispatch_server.usecases.feeds import Feeds
from dispatch_server.usecases.incidents import Incidents
from dispatch_server.usecases.locating import Locating
from dispatch_server.usecases.looking import Looking
from dispatch_server.usecases.player_links import PlayerLinks
from dispatch_server.usecases.positions import PositionBook
from dispatch_server.usecases.reporting import Reporting
from dispatch_server.usecases.room_life import RoomLife
from dispatch_server.usecases.sign_in import SignInDesk
from dispatch_server.usecases.summoning import Summoning

VERSION = "0.1.0"
DIST = Path(__file__).resolve().parent.parent / "web_console" / "dist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that is running: what the command line and the tests reach for."""

    app: web.Application
    reader: Reader
    writer: Writer
    reference: Reference
    accounts: Accounts
    directories: Directories
    sign_in: SignInDesk
    desk: Desk
    reporting: Reporting
    incidents: Incidents
    summoning: Summoning
    answers: Answers
    room_life: RoomLife
    feeds: Feeds
    looking: Looking
    locating: Locating
    presence: Presence
    director: MediaDirector
    outbox: Outbox
    timekeeper: Timekeeper
    housekeeping: Housekeeping
    pages: Pages
    sockets: socketio.AsyncServer
    description: Mapping[str, Any]


def assemble(
    config: Config,
    *,
    clock: Clock,
    new_id: NewId,
    new_token: Callable[[], str],
    plane: MediaPlane,
    notifier: Notifier,
    ca_path: Path | None,
    engines: tuple[AsyncEngine, AsyncEngine],
    tasks: Tasks,
    broadcaster: Broadcaster | None = None,
) -> tuple[Hub, dict[str, Callable[[], Coroutine[Any, Any, None]]]]:
    """Every part made and joined; nothing runs and nothing was read yet. The jobs are the hub's own tasks.

    Without a broadcaster of the caller's the hub's own sockets are told.
    """
    reading, writing = engines
    zone, lifetime = ZoneInfo(config.timezone), timedelta(hours=config.session_hours)
    reader, writer = Reader(reading), Writer(writing, new_salt=new_token)
    accounts, reference = Accounts(reading, writer), Reference(reading, writer)
    directories = Directories(reference)
    directory = directories.now
    positions = PositionBook(reader=reader, writer=writer, clock=clock)
    wording = Wording(directory=directory, zone=zone)
    sockets = make_server(origins=config.origins, redis_url=config.redis_url)
    limits = SocketLimits(sockets)
    broadcaster, presence = broadcaster or SocketBroadcaster(sockets), Presence(clock)

    relay = Relay(
        broadcaster=broadcaster,
        directory=directory,
        positions=positions,
        media_changed=lambda incident_id: director.changed(incident_id),  # noqa: PLW0108 - bound late
        outbox_filled=lambda: outbox.filled(),  # noqa: PLW0108 - bound late
        feed_ended=lambda feed_id: tasks.start(director.feed_over(feed_id), name="feed:over"),
        deadlines_set=lambda: timekeeper.look_again(),  # noqa: PLW0108 - bound late
        came_in=presence.heard,
    )
    outbox = Outbox(
        reader=reader,
        writer=writer,
        notifier=notifier,
        answers=lambda: answers,
        directory=directory,
        clock=clock,
        tasks=tasks,
        zone=zone,
        site_name=config.site_name,
    )
    desk = Desk(
        reader=reader,
        writer=writer,
        directory=directory,
        clock=clock,
        outbox=outbox.rows,
        relay=relay.case_committed,
    )
    players = Players(plane=plane, changed=lambda incident_id: director.changed(incident_id))  # noqa: PLW0108 - bound late
    director = MediaDirector(
        plane=plane,
        desk=desk,
        reader=reader,
        directory=directory,
        broadcaster=broadcaster,
        tasks=tasks,
        players=players,
    )
    sign_in = SignInDesk(
        accounts=accounts,
        reference=reference,
        directory=directory,
        clock=clock,
        new_token=new_token,
        session_lifetime=lifetime,
    )
    reporting = Reporting(
        desk=desk, reference=reference, directory=directory, clock=clock, new_id=new_id, zone=zone
    )
    incidents = Incidents(desk=desk, reader=reader, directory=directory, new_id=new_id)
    summoning = Summoning(
        desk=desk, incidents=incidents, reference=reference, directory=directory, new_id=new_id
    )
    answers = Answers(desk=desk, reader=reader, incidents=incidents, directory=directory)
    feeds = Feeds(
        desk=desk,
        incidents=incidents,
        reporting=reporting,
        reader=reader,
        writer=writer,
        accounts=accounts,
        positions=positions,
        directory=directory,
        clock=clock,
        new_id=new_id,
        new_token=new_token,
    )
    player_links = PlayerLinks(
        store=PlayerLinkStore(reading, writer),
        reader=reader,
        desk=desk,
        directory=directory,
        clock=clock,
        new_id=new_id,
        new_token=new_token,
    )
    room_life = RoomLife(
        desk=desk,
        reader=reader,
        directory=directory,
        new_id=new_id,
        settle=director.settle,
        is_online=presence.is_online,
        is_gone=presence.is_gone,
    )
    looking = Looking(desk=desk, reader=reader, directory=directory, positions=positions, clock=clock)
    locating = Locating(feeds=feeds, desk=desk, directory=directory, broadcaster=broadcaster)
    administering = Administering(
        reference=reference,
        sign_in=sign_in,
        directory=directory,
        reload=directories.reload,
        clock=clock,
        new_id=new_id,
    )
    authenticator = Authenticator(sign_in=sign_in, accounts=accounts)
    registry = CollectorRegistry()
    figures = MediaFigures(director=director, broadcaster=broadcaster, metrics=MediaMetrics(registry))
    follower = MediaFollower(plane=plane, director=director, figures=figures, feeds=feeds, tasks=tasks)

    async def beat(cycle: int, now: datetime) -> None:
        await broadcaster.to_all("beat", {"cycle": cycle, "now": instant(now)})
        limits.enforce()

    timekeeper = Timekeeper(desk=desk, reader=reader, clock=clock, beat=beat)
    turn = Turn(urls=config.turn_urls, secret=config.turn_secret)
    events = SocketEvents(
        server=sockets,
        authenticator=authenticator,
        presence=presence,
        looking=looking,
        incidents=incidents,
        answers=answers,
        locating=locating,
        room_life=room_life,
        director=director,
        figures=figures,
        tasks=tasks,
        wording=wording,
        directory=directory,
        clock=clock,
        turn=turn,
    )
    events.register()
    housekeeping = Housekeeping(
        positions=positions,
        presence=presence,
        room_life=room_life,
        directories=directories,
        writer=writer,
        clock=clock,
        end_stale_sockets=events.end_stale,
        end_stale_players=partial(players.end_stale, player_links.good),
    )
    registry.register(MediaNow(downlinks=figures.downlinks.values, workers=figures.workers.values))
    register(registry, presence=presence, timekeeper=timekeeper, follower=follower, clock=clock)

    async def media_answers() -> bool:
        return follower.ready

    async def console_built() -> bool:
        return pages.built

    pages, found_by_others = Pages(DIST, ca_path), partial(url_for_others, config)
    routes = (
        *IncidentRoutes(
            reporting=reporting,
            incidents=incidents,
            summoning=summoning,
            looking=looking,
            directory=directory,
            is_online=presence.is_online,
        ).routes(),
        *AnswerRoutes(
            answers=answers, incidents=incidents, looking=looking, room_life=room_life, directory=directory
        ).routes(),
        *FeedRoutes(
            feeds=feeds,
            locating=locating,
            positions=positions,
            director=director,
            directory=directory,
            url_for_others=found_by_others,
        ).routes(),
        *PlayerRoutes(
            links=player_links, players=players, directory=directory, url_for_others=found_by_others
        ).routes(),
        *PeopleRoutes(administering=administering, url_for_others=found_by_others).routes(),
    )
    description = openapi.document(routes, version=VERSION)
    app = make_app(
        routes=routes,
        description=description,
        endpoints=(
            SignInEndpoint(
                sign_in=sign_in,
                authenticator=authenticator,
                broadcaster=broadcaster,
                clock=clock,
                site_name=config.site_name,
                session_lifetime=lifetime,
                origins=frozenset(config.origins),
                session_ended=director.session_ended,
            ),
            WhipEndpoint(
                authenticator=authenticator,
                feeds=feeds,
                room_life=room_life,
                director=director,
                turn=turn,
                clock=clock,
            ),
            WhepEndpoint(links=player_links, players=players, turn=turn, clock=clock),
            HealthEndpoint(
                parts={
                    "store": StoreProbe(reference).answers,
                    "media": media_answers,
                    "console": console_built,
                },
                timekeeper=timekeeper,
                clock=clock,
                registry=registry,
            ),
            pages,
        ),
        authenticator=authenticator,
        sockets=sockets,
        boundary=Boundary(new_id=new_id, wording=wording),
    )
    hub = Hub(
        app=app,
        reader=reader,
        writer=writer,
        reference=reference,
        accounts=accounts,
        directories=directories,
        sign_in=sign_in,
        desk=desk,
        reporting=reporting,
        incidents=incidents,
        summoning=summoning,
        answers=answers,
        room_life=room_life,
        feeds=feeds,
        looking=looking,
        locating=locating,
        presence=presence,
        director=director,
        outbox=outbox,
        timekeeper=timekeeper,
        housekeeping=housekeeping,
        pages=pages,
        sockets=sockets,
        description=description,
    )
    jobs: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "writer": writer.run,
        "outbox": outbox.run,
        "timekeeper": timekeeper.run,
        "housekeeping": housekeeping.run,
        "media": follower.run,
    }
    return hub, jobs
