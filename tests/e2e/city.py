"""The demonstration city without its simulated people: `DATA PORT EVERY_S`. Nobody but the test answers.

The hub itself is the product's own, put together by `serving.started`; only the seed differs: every
department is tried again each EVERY_S seconds, and given up only long after any test is over.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

from alerting import EscalationPolicy, Step, Target
from dispatch_server import seeding
from dispatch_server.config import Config
from dispatch_server.serving import (
    media_workers,
    prepare_folder,
    prepare_logging,
    require_free_ports,
    started,
)

RUNGS = 30
_FIRST = (Target.ON_DUTY, Target.ON_DUTY, Target.DEPUTY, Target.HEAD)


def ladder(every_s: float) -> EscalationPolicy:
    """On duty twice, deputy, head, and then the superior again and again."""
    targets = (*_FIRST, *[Target.SUPERIOR] * (RUNGS - len(_FIRST)))
    steps = tuple(
        Step(after=timedelta(seconds=every_s * n), target=target) for n, target in enumerate(targets)
    )
    return EscalationPolicy(steps=steps, give_up_after=timedelta(seconds=every_s * (RUNGS + 1)))


async def serve(config: Config, every_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    seed = seeding.demo_city(policy=ladder(every_s))
    async with media_workers(config) as plane, started(config, seed=seed, plane=plane):
        await stop.wait()


def main(data: str, port: str, every_s: str, workers: str) -> None:
    config = Config(data=Path(data), port=int(port), host="127.0.0.1", media_workers=int(workers))
    prepare_logging(config)
    prepare_folder(config)
    require_free_ports(config)
    asyncio.run(serve(config, float(every_s)))


if __name__ == "__main__":
    main(*sys.argv[1:])
