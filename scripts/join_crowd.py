"""Two hundred consoles in one process: each a signed-in socket that syncs and takes everything it is sent.

Reads {"url", "tokens": {person: token}} from its input; prints {"ready": n}, then one line for every ring:
{"incident_id", "person", "at_ms"}. Times are the machine's wall clock in milliseconds.
"""

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import socketio


async def console(url: str, person: str, token: str, sessions: list[aiohttp.ClientSession]) -> None:
    """The person's console is connected and in step."""
    session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    sessions.append(session)
    async with session.post(url + "/api/sign-in/link", json={"token": token}) as reply:
        reply.raise_for_status()
    client = socketio.AsyncClient(serializer="msgpack", http_session=session)

    async def rung(ring: dict[str, Any]) -> None:
        line = {"incident_id": ring["incident_id"], "person": person, "at_ms": time.time() * 1000}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    client.on("summons_ring", rung)
    await client.connect(url, transports=["websocket"], wait_timeout=30)
    await client.call("sync", {"streams": {}}, timeout=30)


async def main() -> None:
    facts = json.loads(sys.stdin.readline())
    sessions: list[aiohttp.ClientSession] = []
    people = list(facts["tokens"].items())
    for start in range(0, len(people), 10):  # an office does not arrive in one millisecond
        await asyncio.gather(
            *(console(facts["url"], person, token, sessions) for person, token in people[start : start + 10])
        )
    print(json.dumps({"ready": len(people)}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for session in sessions:
        await session.close()


if __name__ == "__main__":
    asyncio.run(main())
