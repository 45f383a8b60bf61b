"""A burst leaves over a few milliseconds, in order and whole; a usual frame as it comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.forwarding.forwarder import Forwarder
from rtc.uplink.pacer import BURST, LEAST_PER_S, MOST_HELD, Pacer
from tests.unit.rtc.packets import (
    VP8_CONTINUED,
    VP8_DELTA,
    VP8_KEY,
    audio,
    make_source,
    make_subscriber,
    routes,
    video,
)


def test_usual_frames_are_never_held() -> None:
    pacer: Pacer[int] = Pacer(0.0)
    assert all(pacer.passes(index, frame / 30) for frame in range(90) for index in range(20))


def test_a_keyframe_in_one_go_leaves_over_some_milliseconds() -> None:
    pacer: Pacer[int] = Pacer(0.0)
    at_once = [index for index in range(100) if pacer.passes(index, 10.0)]
    assert at_once == list(range(int(BURST)))
    left, now = len(at_once), 10.0
    while pacer.holding:
        now += 0.002
        came = pacer.due(now)
        assert [item for item, _ in came] == list(range(left, left + len(came)))
        assert all(arrived == 10.0 for _, arrived in came)
        assert len(came) <= 0.002 * LEAST_PER_S + 1
        left += len(came)
    assert left == 100
    assert 0.02 < now - 10.0 < 0.05


def test_a_picture_of_a_high_rate_is_not_held_up() -> None:
    pacer: Pacer[int] = Pacer(0.0)
    now, longest = 0.0, 0
    for _ in range(300):  # 200 packets a frame: 6,000 a second
        now += 1 / 30
        for index in range(200):
            pacer.passes(index, now)
        steps = 0
        while pacer.holding and steps < 16:
            steps += 1
            pacer.due(now + 0.002 * steps)
        longest = max(longest, steps) if now > 5 else 0
        assert not pacer.holding or now < 5
    assert longest <= 8


def test_what_is_held_is_bounded_and_nothing_is_dropped() -> None:
    pacer: Pacer[int] = Pacer(0.0)
    passed = sum(pacer.passes(index, 1.0) for index in range(5000))
    came = pacer.due(1.0)
    assert passed + len(came) == 5000 - MOST_HELD


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 0.05), st.booleans()), max_size=80))
def test_order_is_kept_whatever_comes(bursts: list[tuple[int, float, bool]]) -> None:
    pacer: Pacer[int] = Pacer(0.0)
    out, number, now = [], 0, 0.0
    for count, pause, looked in bursts:
        now += pause
        if looked:
            out += [item for item, _ in pacer.due(now)]
        for _ in range(count):
            if pacer.passes(number, now):
                out.append(number)
            number += 1
    now += 100.0
    while pacer.holding:
        now += 1.0
        out += [item for item, _ in pacer.due(now)]
    assert out == list(range(number))


class Scene:
    """A camera that sends its keyframes all at once, and a viewer."""

    def __init__(self) -> None:
        self.now = 10.0
        self.forwarder = Forwarder(emit=lambda _event: None, unix_offset_s=0.0)
        self.source, _ = make_source("a", self.forwarder, self.now)
        self.forwarder.add_source(self.source, self.now)
        self.viewer, self.outlet = make_subscriber("viewer", video_slots=1, now=self.now)
        self.forwarder.add_subscriber(self.viewer, self.now)
        self.forwarder.reconcile(routes(1, ("viewer", 0, "a")), self.now)

    def frame(self, first: int, packets: int, payload: bytes) -> None:
        for index in range(packets):
            head = payload if index == 0 else VP8_CONTINUED
            packet = video(first + index, 3000 * first, head, marker=index == packets - 1)
            self.forwarder.receive_rtp(self.source, packet, self.now)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.002)):
            self.now += 0.002
            self.forwarder.release(self.now)


def test_a_large_keyframe_reaches_the_viewer_whole_and_evenly_and_sound_is_not_held_behind_it() -> None:
    scene = Scene()
    scene.frame(0, 120, VP8_KEY)
    assert len(scene.outlet.left) == int(BURST)
    assert scene.forwarder.holding
    scene.forwarder.receive_rtp(scene.source, audio(1, 1), scene.now)
    scene.wait(0.01)
    assert int(BURST) < len(scene.outlet.left) < 80
    scene.wait(0.06)
    assert not scene.forwarder.holding
    scene.frame(120, 5, VP8_DELTA)
    assert [packet.seq for packet in scene.outlet.left] == [1000 + index for index in range(125)]


def test_ticks_alone_let_go_of_what_is_held() -> None:
    scene = Scene()
    scene.frame(0, 120, VP8_KEY)
    for _ in range(20):
        scene.now += 0.01
        scene.forwarder.tick(scene.now)
    assert len(scene.outlet.left) == 120
    assert not scene.forwarder.holding


def test_what_was_held_leaves_only_to_those_who_may_receive_it_then() -> None:
    scene = Scene()
    scene.frame(0, 120, VP8_KEY)
    before = len(scene.outlet.left)
    scene.forwarder.reconcile(routes(2), scene.now)
    scene.wait(0.1)
    assert len(scene.outlet.left) == before


def test_a_source_that_is_gone_takes_what_was_held_with_it() -> None:
    scene = Scene()
    scene.frame(0, 120, VP8_KEY)
    before = len(scene.outlet.left)
    scene.forwarder.remove_source(scene.source, "closed")
    scene.wait(0.1)
    assert len(scene.outlet.left) == before
    assert not scene.forwarder.holding
