"""The worker's side of the socket to the hub: one hub at a time, and how long to go on without any.

A hub says hello, is told all that there is, asks and hears what happens. Another one that says hello takes
its place. When it is gone without having ended the worker, media goes on as last reconciled for some time.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import structlog

from rtc.errors import MalformedMessage, RtcError
from rtc.link import wire
from rtc.plane import Hint, MediaEvent

HELLO_S = 5.0
WAITING_HUBS = 4  # more that say hello at once are hung up on
HINTS_UP_TO_BYTES = 1 << 20  # unread by the hub: beyond this, levels and statistics are dropped
UNREAD_LIMIT_BYTES = 16 << 20  # beyond this the hub does not read at all: it counts as gone

_END = wire.Ask(what="end")


class HubDoor:
    """Listens on the socket that it is given. What happens while no hub is there is told to nobody."""

    def __init__(self, listening: socket.socket, *, outlives_hub_s: float) -> None:
        self._listening = listening
        self._outlives_hub_s = outlives_hub_s
        self._log = structlog.get_logger("rtc.worker")
        self._arrived: asyncio.Queue[_Hub] = asyncio.Queue(WAITING_HUBS)
        self._hub: _Hub | None = None
        self.hints_dropped = 0

    def emit(self, event: MediaEvent) -> None:
        """The hub, if there is one, will hear of it."""
        hub = self._hub
        if hub is None:
            return
        if hub.unread > HINTS_UP_TO_BYTES and isinstance(event, Hint):
            self.hints_dropped += 1
            return
        hub.write(wire.event_frame(event))

    async def refuse(self, reason: str) -> None:
        """A hub that waits is told why nobody will serve it."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(HELLO_S):
                self._listening.setblocking(False)
                connection, _ = await asyncio.get_running_loop().sock_accept(self._listening)
                with connection:
                    await asyncio.get_running_loop().sock_sendall(connection, wire.pack({"failed": reason}))

    async def serve(
        self, answer: Callable[[wire.Request], wire.Reply], welcome: Callable[[], wire.Welcome]
    ) -> None:
        """Hubs are served until one says that it is over, or none has been there for too long."""
        server = await asyncio.start_unix_server(self._on_connect, sock=self._listening, limit=1 << 20)
        hub: _Hub | None = None
        try:
            while True:
                if hub is None:
                    try:
                        async with asyncio.timeout(self._outlives_hub_s):
                            hub = await self._arrived.get()
                    except TimeoutError:
                        self._log.warning("hub.missed", after_s=self._outlives_hub_s)
                        return
                hub.write(wire.reply_frame(hub.number, welcome()))
                self._hub = hub
                following = asyncio.create_task(self._arrived.get())
                serving = asyncio.create_task(hub.serve(answer))
                try:
                    await asyncio.wait((serving, following), return_when=asyncio.FIRST_COMPLETED)
                    if serving.done() and serving.result():
                        return
                    hub = following.result() if following.done() else None
                finally:
                    self._hub.hang_up()
                    self._hub = None
                    for task in (serving, following):
                        task.cancel()
                    await asyncio.wait((serving, following))
                if hub is None:
                    self._log.warning("hub.lost", going_on_s=self._outlives_hub_s)
        finally:
            server.close()

    async def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whoever says hello is served next, whoever says anything else is hung up on."""
        try:
            async with asyncio.timeout(HELLO_S):
                frame = await wire.read_frame(reader)
            number, request = wire.request_of(frame or {})
            if isinstance(request, wire.Hello):
                self._arrived.put_nowait(_Hub(number, reader, writer))
                return
        except (RtcError, OSError, TimeoutError, asyncio.QueueFull):
            pass
        writer.close()


class _Hub:
    """One hub's connection, from its hello on."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number  # of its hello
        self._reader = reader
        self._writer = writer

    @property
    def unread(self) -> int:
        """Octets that it has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    def write(self, frame: wire.Frame) -> None:
        """The frame is on its way, if the hub is still there."""
        if self._writer.transport.is_closing():
            return
        if self.unread > UNREAD_LIMIT_BYTES:
            self.hang_up()
            return
        self._writer.write(wire.pack(frame))

    def hang_up(self) -> None:
        """It is not spoken to any more; what it has not read of it is sent in the background."""
        if self.unread > HINTS_UP_TO_BYTES:
            self._writer.transport.abort()
        else:
            self._writer.close()

    async def serve(self, answer: Callable[[wire.Request], wire.Reply]) -> bool:
        """One request after the other is answered; they are short and never wait. Whether the hub said that
        all is over; else it is gone.
        """
        while (frame := await self._next()) is not None:
            try:
                number, request = wire.request_of(frame)
            except MalformedMessage as error:
                given = frame.get("id")
                self.write(wire.error_frame(given if isinstance(given, int) else 0, error))
                continue
            try:
                self.write(wire.reply_frame(number, answer(request)))
            except RtcError as error:
                self.write(wire.error_frame(number, error))
            if request == _END:
                return True
        return False

    async def _next(self) -> wire.Frame | None:
        """The next frame; None when there will be none: who talks nonsense is as good as gone."""
        try:
            return await wire.read_frame(self._reader)
        except (MalformedMessage, OSError):
            return None
