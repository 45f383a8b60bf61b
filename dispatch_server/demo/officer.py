"""A simulated officer: reports two further incidents, once, if nothing of their kind is open."""

from __future__ import annotations

import asyncio

from dispatch_server.demo.visitor import facts_from_stdin, signed_in

REPORTS = (
    {
        "type": "wage_dispute",
        "title": "讨薪聚集",
        "words": "约 40 人在工地东门讨要工资，情绪激动，暂无冲突。",
        "place": {"text": "锦绣工地东门", "lat": 41.8012, "lon": 123.4321, "accuracy_m": 8},
    },
    {
        "type": "noise",
        "title": "邻里噪声",
        "words": "楼上住户深夜装修，邻居多次劝说无果，请求调解。",
        "place": {"text": "桂花苑 3 栋", "lat": 41.7961, "lon": 123.4418, "accuracy_m": 15},
    },
)


async def main() -> None:
    async with signed_in(facts_from_stdin()) as visitor:
        listed = await visitor.call("GET", "/api/incidents?state=open")
        closed = await visitor.call("GET", "/api/incidents?state=closed&limit=50")
        known = {incident["type"] for incident in (*listed["incidents"], *closed["incidents"])}
        for report in REPORTS:
            if report["type"] not in known:
                await visitor.call("POST", "/api/incidents", report)
                await asyncio.sleep(2)


if __name__ == "__main__":
    asyncio.run(main())
