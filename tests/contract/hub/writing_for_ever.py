"""A process that commits without end and says what was answered: `python -m … URL`. To be killed."""

import asyncio
import sys

from tests.contract.hub.conftest import opened
from tests.contract.hub.steps import append, command, due, outbox, row, save, step

AT_ONCE = 20


async def write(url: str) -> None:
    async with opened(url) as store:

        async def one_after_the_other(worker: int) -> None:
            for number in range(10**9):
                key = f"{worker}-{number}"
                await store.writer.commit(
                    step(
                        save(key, row=row(key, viewers=["dept:d"], assignments={f"as-{key}": ("d", True)})),
                        appends=[append(f"incident:{key}"), append("room:all", key=key)],
                        dues=[due(f"due-{key}", incident_id=key)],
                        messages=[outbox(f"out-{key}")],
                        once=command(f"cmd-{key}"),
                    )
                )
                print(key, flush=True)

        async with asyncio.TaskGroup() as group:
            for worker in range(AT_ONCE):
                group.create_task(one_after_the_other(worker))


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
