"""How many connections may be open on which nobody signed in, how long, and how far behind one may be.

Engine.IO opens a connection before it knows whose it is; Socket.IO's own `connect`, which names the person,
may never follow.
"""

from __future__ import annotations

import socketio
import structlog

from dispatch_server.sockets.transport import cut

BACKLOG_LIMIT = 200  # packets waiting for one browser; a slower one is disconnected and syncs when it is back
NAMELESS_LIMIT = 1000  # a hub that was restarted has all its consoles back within the same second
NAMELESS_CHECKS = 4  # of `enforce`, that is about eight seconds

_log = structlog.get_logger("sockets")


class SocketLimits:
    def __init__(self, server: socketio.AsyncServer) -> None:
        self._server = server
        self._checks: dict[str, int] = {}  # of each nameless connection, how often it was met so
        opened = server.eio.handlers["connect"]

        async def connect(eio_sid: str, environ: dict[str, object]) -> object:
            if len(self._server.eio.sockets) - self._named() > NAMELESS_LIMIT:
                _log.warning("socket.too_many")
                return False
            return await opened(eio_sid, environ)

        server.eio.on("connect", connect)

    def enforce(self) -> None:
        """Connections are cut that take nothing or that nobody signed in on; their browsers come back."""
        manager = self._server.manager
        nameless: dict[str, int] = {}
        for eio_sid, socket in list(self._server.eio.sockets.items()):
            if socket.closed:
                continue
            if socket.queue.qsize() > BACKLOG_LIMIT:
                _log.warning("socket.too_slow", backlog=socket.queue.qsize())
                cut(self._server, eio_sid)
            elif manager.sid_from_eio_sid(eio_sid, "/") is None:
                nameless[eio_sid] = self._checks.get(eio_sid, 0) + 1
                if nameless[eio_sid] > NAMELESS_CHECKS:
                    _log.info("socket.nameless")
                    cut(self._server, eio_sid)
        self._checks = nameless

    def _named(self) -> int:
        return sum(1 for _ in self._server.manager.get_participants("/", None))
