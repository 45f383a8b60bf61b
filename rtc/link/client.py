"""The hub's end of the socket to one running worker: requests with a time limit, and its events."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from rtc.errors import MalformedMessage, MediaTimeout, MediaUnavailable, RtcError
from rtc.link import wire
from rtc.plane import MediaEvent

REQUEST_S = 4.0
END_S = 1.0
MAX_PENDING = 2000  # requests without a reply; further ones are refused


class WorkerClient:
    """Asks one worker. Ends with the socket; every request still open then is refused."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        on_event: Callable[[MediaEvent], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._pending: dict[int, asyncio.Future[wire.Reply]] = {}
        self._last_number = 0
        self._gone = False

    async def hello(self, *, within_s: float) -> wire.Welcome:
        """The worker serves us from now on. Once, before `run`.

        Raises: MediaUnavailable with its reason, MediaTimeout, MalformedMessage when it speaks otherwise.
        """
        try:
            async with asyncio.timeout(within_s):
                self._writer.write(wire.pack(wire.request_frame(0, wire.Hello(protocol=wire.PROTOCOL))))
                await self._writer.drain()
                frame = await wire.read_frame(self._reader)
        except TimeoutError as error:
            raise MediaTimeout("Hello") from error
        except OSError as error:
            raise MediaUnavailable("the media worker is gone") from error
        if frame is None:
            raise MediaUnavailable("the media worker ended before it served")
        if "failed" in frame:
            raise MediaUnavailable(str(frame["failed"]))
        welcome = wire.reply_of(frame)
        if not isinstance(welcome, wire.Welcome):
            raise MalformedMessage("no welcome")
        return welcome

    async def run(self) -> None:
        """Replies and events are taken in until the worker goes."""
        try:
            while (frame := await wire.read_frame(self._reader)) is not None:
                if "event" in frame:
                    self._on_event(wire.event_of(frame))
                else:
                    self._take_reply(frame)
        except (MalformedMessage, OSError):
            pass  # a worker that talks nonsense is as good as gone
        finally:
            self.close()

    async def request(self, request: wire.Request) -> wire.Reply:
        """The worker's reply.

        Raises: the RtcError that the worker replied; MediaUnavailable, MediaTimeout.
        """
        if self._gone or len(self._pending) >= MAX_PENDING:
            raise MediaUnavailable("the media worker is not reachable")
        self._last_number += 1
        number = self._last_number
        future: asyncio.Future[wire.Reply] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        try:
            async with asyncio.timeout(REQUEST_S):
                self._writer.write(wire.pack(wire.request_frame(number, request)))
                await self._writer.drain()
                return await future
        except TimeoutError as error:
            raise MediaTimeout(type(request).__name__) from error
        except OSError as error:
            raise MediaUnavailable("the media worker is gone") from error
        finally:
            self._pending.pop(number, None)

    async def end(self) -> None:
        """The worker has been told that all is over; also one that never said welcome. Raises: RtcError."""
        try:
            async with asyncio.timeout(END_S):
                self._writer.write(wire.pack(wire.request_frame(0, wire.Ask(what="end"))))
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise MediaUnavailable("the media worker is gone") from error

    def close(self) -> None:
        """The socket is closed; open requests are refused."""
        self._gone = True
        for future in self._pending.values():
            if not future.done():
                future.set_exception(MediaUnavailable("the media worker is gone"))
        with suppress(OSError, RuntimeError):
            self._writer.transport.abort()  # nobody waits until what it does not read has gone out

    def _take_reply(self, frame: wire.Frame) -> None:
        number = frame.get("id")
        future = self._pending.get(number) if isinstance(number, int) else None
        if future is None or future.done():
            return  # its asker has given up
        try:
            future.set_result(wire.reply_of(frame))
        except RtcError as error:
            future.set_exception(error)
