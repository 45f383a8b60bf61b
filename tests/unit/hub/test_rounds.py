"""Who asks while a round runs gets one that began afterwards, and shares it."""

from __future__ import annotations

import asyncio

import pytest

from dispatch_server.media.rounds import Rounds


class Work:
    """Counts rounds; each takes a moment and may fail."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.asked = 0
        self.fails = False

    async def __call__(self, _name: str) -> None:
        self.begun.append(self.asked)
        await asyncio.sleep(0.01)
        if self.fails:
            raise ValueError("failed")


async def test_thirty_who_ask_at_once_are_served_by_two_rounds() -> None:
    rounds, work = Rounds(), Work()

    async def ask(number: int) -> None:
        await asyncio.sleep(number * 0.0002)
        work.asked += 1
        mine = work.asked
        before = len(work.begun)
        await rounds.share("i", work)
        assert any(asked >= mine for asked in work.begun[before:]), "one that began after the asking"

    await asyncio.gather(*(ask(number) for number in range(30)))
    assert len(work.begun) <= 3
    assert not rounds._places


async def test_a_failure_reaches_everybody_who_shared_the_round() -> None:
    rounds, work = Rounds(), Work()
    first = asyncio.create_task(rounds.share("i", work))
    await asyncio.sleep(0.002)
    work.fails = True
    outcomes = await asyncio.gather(*(rounds.share("i", work) for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ValueError] * 5
    with pytest.raises(ValueError, match="failed"):
        await first
    work.fails = False
    await rounds.share("i", work)


@pytest.mark.parametrize("after_s", [0.002, 0.013], ids=["before it begins", "while it runs"])
async def test_when_the_one_who_leads_gives_up_another_leads(after_s: float) -> None:
    rounds, work = Rounds(), Work()
    running = asyncio.create_task(rounds.share("i", work))
    await asyncio.sleep(0.001)
    leader = asyncio.create_task(rounds.share("i", work))
    await asyncio.sleep(0)
    followers = [asyncio.create_task(rounds.share("i", work)) for _ in range(3)]
    await asyncio.sleep(after_s)
    leader.cancel()
    await asyncio.gather(running, *followers)
    with pytest.raises(asyncio.CancelledError):
        await leader
    assert not rounds._places


async def test_rounds_of_other_names_do_not_wait() -> None:
    rounds, work = Rounds(), Work()
    await asyncio.wait_for(asyncio.gather(*(rounds.share(f"i{n}", work) for n in range(20))), 0.1)
    assert len(work.begun) == 20
