"""Thirty people who come at once: ten departments with three each, within a second, their media unmade.

Reads {"url", "tokens": {person: token}, "incident_id", "room_id", "source_id"}; prints {"ready": n}. Then,
for every line that it reads, one storm: each person opens a media connection, joins the room and watches the
scene. Prints {"first_frame_ms": [...], "steps_ms": [{...}]}: from each one's own start to its first whole
frame, decrypted, and to each step on the way.

They are no browsers (thirty decoders would measure this machine, not the hub): sign-in, sockets, ICE, DTLS
and SRTP are real, and a frame counts when its last packet is there.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import aiohttp
import socketio
from synthetic_peer import SyntheticPeer

from rtc.aiortc_seam import WorkerCertificate, read_sdp
from rtc.rtp.rtp_packet import is_rtcp

WITHIN_S = 1.0
PATIENCE_S = 15.0


class Person:
    """Signed in and in step, as a page that has just been opened."""

    def __init__(self, facts: dict[str, Any], certificate: WorkerCertificate) -> None:
        self._facts = facts
        self._certificate = certificate
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._socket = socketio.AsyncClient(serializer="msgpack", http_session=self._session)
        self._headers: dict[str, str] = {}
        self._peer: SyntheticPeer | None = None
        self._connection = ""
        self._began = 0.0
        self.steps_ms: dict[str, float] = {}

    async def come(self, token: str) -> None:
        """The page is there."""
        url = self._facts["url"]
        async with self._session.post(url + "/api/sign-in/link", json={"token": token}) as reply:
            reply.raise_for_status()
            self._headers = {"X-CSRF-Token": (await reply.json())["csrf"]}
        await self._socket.connect(url, transports=["websocket"], wait_timeout=30)
        await self._socket.call("sync", {"streams": {}}, timeout=30)

    async def join(self) -> float:
        """In the room with the scene on the stage; milliseconds until its first whole frame."""
        self._began = time.monotonic()
        seen = asyncio.Event()
        connected, _ = await asyncio.gather(self._connect(seen), self._room("join"))
        watched = [{"slot": 0, "source_id": self._facts["source_id"], "width": 640, "height": 360}]
        await self._ask(
            "media_watch",
            {
                "connection_id": connected,
                "incident_id": self._facts["incident_id"],
                "video": watched,
                "audio": True,
            },
        )
        self._reached("watched")
        async with asyncio.timeout(PATIENCE_S):
            await seen.wait()
        self._reached("shown")
        return self.steps_ms["shown"]

    def _reached(self, step: str) -> None:
        self.steps_ms[step] = round(1000 * (time.monotonic() - self._began))

    async def leave(self) -> None:
        """Out of the room and without a media connection, for the next time."""
        await self._ask("media_close", {"connection_id": self._connection})
        if self._peer is not None:
            self._peer.vanish()
        await self._room("leave")

    async def go(self) -> None:
        await self._socket.disconnect()
        await self._session.close()

    async def _connect(self, seen: asyncio.Event) -> str:
        opened = await self._ask("media_open", {"profile": "phone"})
        self._reached("offered")
        self._connection = opened["connection_id"]
        peer = self._peer = SyntheticPeer(self._certificate)

        described = [each for each in read_sdp(opened["sdp"]).media if each.kind == "video"]
        pictures = {codec.payloadType for each in described for codec in each.rtp.codecs}

        def look(data: bytes) -> None:
            ends_frame = not is_rtcp(data) and data[1] & 0x80 and data[1] & 0x7F in pictures
            if ends_frame and peer.reader is not None and peer.reader.open_rtp(data) is not None:
                seen.set()

        peer.on_media = look
        answer = {"connection_id": self._connection, "sdp": peer.answer(opened["sdp"])}
        await self._ask("media_answer", answer)
        self._reached("answered")
        await peer.connect(opened["sdp"])
        self._reached("connected")
        return self._connection

    async def _room(self, what: str) -> None:
        path = f"{self._facts['url']}/api/rooms/{self._facts['room_id']}/{what}"
        async with self._session.post(path, headers=self._headers, json={}) as reply:
            if reply.status >= 300:
                raise RuntimeError(f"{what}: {reply.status} {await reply.text()}")
        if what == "join":
            self._reached("joined")

    async def _ask(self, event: str, message: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = await self._socket.call(event, message, timeout=PATIENCE_S)
        if reply.get("ok") is False:
            raise RuntimeError(f"{event}: {reply}")
        return reply


async def storm(people: list[Person], chance: random.Random) -> list[float]:
    """All of them within a second; how long each waited."""

    async def one(person: Person) -> float:
        await asyncio.sleep(chance.random() * WITHIN_S)
        return await person.join()

    return await asyncio.gather(*(one(person) for person in people))


async def main() -> None:
    loop = asyncio.get_running_loop()
    facts = json.loads(sys.stdin.readline())
    certificate = WorkerCertificate()
    people = []
    for token in facts["tokens"].values():
        person = Person(facts, certificate)
        await person.come(token)
        people.append(person)
    print(json.dumps({"ready": len(people)}), flush=True)
    chance = random.Random(1)  # noqa: S311 - the same storm every time
    while await loop.run_in_executor(None, sys.stdin.readline):
        waited = await storm(people, chance)
        steps = [person.steps_ms for person in people]
        print(json.dumps({"first_frame_ms": waited, "steps_ms": steps}), flush=True)
        for person in people:
            await person.leave()
        print(json.dumps({"left": len(people)}), flush=True)
    for person in people:
        await person.go()


if __name__ == "__main__":
    asyncio.run(main())
