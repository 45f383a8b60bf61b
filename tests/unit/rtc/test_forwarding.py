"""What leaves by a slot: one continuous stream, from whom it should, whatever happens to the sources."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.codecs import PAYLOAD_TYPES, Codec
from rtc.downlink.slot import Retransmission
from rtc.plane import (
    AudioRoute,
    LevelsChanged,
    ScopeRoutes,
    SlotsChanged,
    SourceDown,
    SourceUp,
    VideoRoute,
)
from rtc.rtp.rtcp import KeyframeRequest, Nack, pack_nack, parse_rtcp
from rtc.rtp.serial import seq_delta, ts_delta
from tests.unit.rtc.forwarding_house import House
from tests.unit.rtc.packets import (
    VP8_KEY,
    audio,
    events_of,
    make_subscriber,
    routes,
)


def test_a_slot_begins_with_a_keyframe_and_then_carries_every_packet() -> None:
    house = House("a")
    house.play("a", 5)
    house.show("a")
    house.play("a", 5)
    assert house.outlet.left == []
    house.play("a", 10, key_first=True)
    assert house.outlet.left[0].payload.startswith(VP8_KEY)
    assert [packet.seq for packet in house.outlet.left] == list(range(1000, 1010))
    assert {packet.ssrc for packet in house.outlet.left} == {900}
    gaps = [
        ts_delta(b.timestamp, a.timestamp)
        for a, b in zip(house.outlet.left, house.outlet.left[1:], strict=False)
    ]
    assert gaps == [3000] * 9


def test_the_browser_is_told_where_the_new_source_begins() -> None:
    house = House("a", "b")
    house.show("a")
    house.play("a", 5, key_first=True)
    house.show("b")
    emptied = events_of(house.events, SlotsChanged)[-1]
    assert isinstance(emptied, SlotsChanged)
    assert emptied.slots[0].source_id == "b"
    assert emptied.slots[0].first_rtp_ts is None
    house.play("b", 5, key_first=True)
    told = events_of(house.events, SlotsChanged)[-1]
    assert isinstance(told, SlotsChanged)
    first = next(packet for packet in house.outlet.left if packet.payload.endswith(b"b"))
    assert told.slots[0].first_rtp_ts == first.timestamp
    assert told.slots[0].epoch == told.epoch == 2


def test_a_viewer_is_sent_only_what_it_decodes() -> None:
    house = House("a")
    viewer, outlet = make_subscriber("old", codecs={Codec.H264: 97, Codec.OPUS: 111}, now=house.now)
    house.forwarder.add_subscriber(viewer, house.now)
    house.forwarder.reconcile(routes(1, ("old", 0, "a"), ("viewer", 0, "a")), house.now)
    house.play("a", 5, key_first=True)
    assert outlet.left == []
    assert len(house.outlet.left) == 5


def test_numbers_stay_continuous_over_many_switches() -> None:
    house = House("a", "b")
    for _ in range(6):
        for name in ("a", "b"):
            house.show(name)
            house.play(name, 7, key_first=True)
    left = house.outlet.left
    assert house.shown() == ["a", "b"] * 6
    assert all(seq_delta(b.seq, a.seq) == 1 for a, b in itertools.pairwise(left))
    assert all(0 < ts_delta(b.timestamp, a.timestamp) < 20_000 for a, b in itertools.pairwise(left))


def test_nothing_more_leaves_once_the_route_is_gone() -> None:
    house = House("a")
    house.show("a")
    house.play("a", 10, key_first=True)
    before = len(house.outlet.left)
    house.show()
    house.play("a", 10, key_first=True)
    seqs = tuple(packet.seq for packet in house.outlet.left)
    house.forwarder.receive_feedback(house.viewer, [Nack(ssrc=900, seqs=seqs)], house.now)
    house.forwarder.receive_feedback(house.viewer, [KeyframeRequest(ssrc=900)], house.now)
    house.pass_time(1)
    assert len(house.outlet.left) == before
    emptied = events_of(house.events, SlotsChanged)[-1]
    assert isinstance(emptied, SlotsChanged)
    assert emptied.slots[0].source_id is None


def test_packets_of_the_former_source_are_not_sent_again() -> None:
    house = House("a", "b")
    house.show("a")
    house.play("a", 10, key_first=True)
    former = tuple(packet.seq for packet in house.outlet.left)
    house.show("b")
    house.play("b", 10, key_first=True)
    count = len(house.outlet.left)
    house.forwarder.receive_feedback(house.viewer, [Nack(ssrc=900, seqs=former)], house.now)
    assert len(house.outlet.left) == count


def test_an_older_epoch_changes_nothing() -> None:
    house = House("a", "b")
    house.forwarder.reconcile(routes(5, ("viewer", 0, "a")), house.now)
    house.forwarder.reconcile(routes(4, ("viewer", 0, "b")), house.now)
    house.play("b", 3, key_first=True)
    assert house.shown() == []
    house.play("a", 3, key_first=True)
    assert house.shown() == ["a"]
    assert house.forwarder.stale_reconciles == 1


def test_a_route_to_what_does_not_exist_yet_comes_alive_with_it() -> None:
    house = House()
    house.show("later")
    assert house.viewer.video[0].state().source_id == "later"
    house.cameras["later"] = house.camera("later")
    house.play("later", 3, key_first=True)
    assert house.shown() == ["later"]
    newcomer, outlet = make_subscriber("newcomer", now=house.now)
    house.forwarder.reconcile(routes(1, ("newcomer", 1, "later"), scope="other"), house.now)
    house.forwarder.add_subscriber(newcomer, house.now)
    house.play("later", 3)
    assert {packet.ssrc for packet in outlet.left} == {901}


def test_a_source_that_comes_back_goes_on_in_its_slot() -> None:
    house = House("a")
    house.show("a")
    house.play("a", 5, key_first=True)
    house.forwarder.remove_source(house.cameras["a"].source, "consent_lost")
    assert house.viewer.video[0].state().first_rtp_ts is None
    house.cameras["a"] = house.camera("a")
    house.cameras["a"].seq = 7
    house.play("a", 5, key_first=True)
    left = house.outlet.left
    assert len(left) == 10
    assert all(seq_delta(b.seq, a.seq) == 1 for a, b in itertools.pairwise(left))
    assert len(events_of(house.events, SourceUp)) == 2
    assert len(events_of(house.events, SourceDown)) == 1


def test_a_replaced_source_gives_its_slots_to_the_new_connection_without_going_down() -> None:
    house = House("a")
    house.show("a")
    house.play("a", 5, key_first=True)
    former = house.cameras["a"]
    house.cameras["a"] = house.camera("a")
    house.forwarder.remove_source(former.source, "replaced")
    house.forwarder.receive_rtp(former.source, former.frame(key=True), house.now)
    assert len(house.outlet.left) == 5
    house.play("a", 3, key_first=True)
    assert len(house.outlet.left) == 8
    assert events_of(house.events, SourceDown) == []


def test_a_source_whose_packets_stop_is_down_until_the_next_one() -> None:
    house = House("cam")
    house.show("cam")
    house.send("cam", key=True)
    house.pass_time(9.0)
    assert events_of(house.events, SourceDown) == []

    house.pass_time(4.0)
    assert events_of(house.events, SourceDown) == [SourceDown(source_id="cam", reason="silent")]
    house.pass_time(30.0)
    assert len(events_of(house.events, SourceDown)) == 1

    house.send("cam", key=True)
    assert len(events_of(house.events, SourceUp)) == 2
    assert house.outlet.left[-1].payload.startswith(VP8_KEY), "and it is carried at once"


def test_whoever_takes_a_place_and_sends_nothing_is_down_like_anybody_else() -> None:
    house = House("cam")
    house.send("cam", key=True)
    house.cameras["cam"] = house.camera("cam")

    house.pass_time(13.0)
    assert events_of(house.events, SourceDown) == [SourceDown(source_id="cam", reason="silent")]

    house = House("cam")
    house.send("cam", key=True)
    house.cameras["cam"] = second = house.camera("cam")
    house.forwarder.remove_source(second.source, "closed")
    assert events_of(house.events, SourceDown) == [SourceDown(source_id="cam", reason="closed")]


def test_packets_of_no_agreed_codec_bring_nothing_up() -> None:
    house = House("cam")
    stray = bytearray(house.cameras["cam"].frame(key=True))
    stray[1] = 50
    house.forwarder.receive_rtp(house.cameras["cam"].source, bytes(stray), house.now)
    assert events_of(house.events, SourceUp) == []


def test_a_lost_packet_is_sent_again_as_it_was() -> None:
    house = House("a")
    house.show("a")
    house.play("a", 20, key_first=True)
    lost = house.outlet.left[7]
    house.forwarder.receive_feedback(house.viewer, [Nack(ssrc=900, seqs=(lost.seq,))], house.now)
    again = house.outlet.left[-1]
    assert (again.seq, again.timestamp, again.payload) == (lost.seq, lost.timestamp, lost.payload)


def test_a_viewer_who_asks_for_too_much_is_not_answered_for_ever() -> None:
    house = House("a")
    house.show("a")
    house.play("a", 300, key_first=True)
    seqs = tuple(packet.seq for packet in house.outlet.left)
    before = len(house.outlet.left)
    for _ in range(20):
        house.forwarder.receive_feedback(house.viewer, [Nack(ssrc=900, seqs=seqs)], house.now)
    assert len(house.outlet.left) - before <= 400
    assert house.viewer.resends.refused > 0


def test_lost_packets_of_a_publisher_are_asked_for_and_filled_in_where_they_belong() -> None:
    house = House("a")
    house.show("a")
    house.play("a", 5, key_first=True)
    camera = house.cameras["a"]
    missing = camera.frame()
    camera.outlet.rtcp.clear()
    house.play("a", 3)
    nacks = [fact for data in camera.outlet.rtcp for fact in parse_rtcp(data) if isinstance(fact, Nack)]
    assert nacks[0].seqs == (int.from_bytes(missing[2:4], "big"),)
    house.forwarder.receive_rtp(camera.source, missing, house.now)
    filled = house.outlet.left[-1]
    assert filled.seq == 1005
    assert len(house.outlet.left) == 9
    house.forwarder.receive_rtp(camera.source, missing, house.now)
    assert len(house.outlet.left) == 9, "a duplicate leaves once"


def test_a_slot_claimed_by_two_scopes_belongs_to_the_later_and_returns_to_the_earlier() -> None:
    house = House("a", "b")
    house.forwarder.reconcile(routes(1, ("viewer", 0, "a"), scope="one"), house.now)
    house.forwarder.reconcile(routes(1, ("viewer", 0, "b"), scope="two"), house.now)
    assert house.viewer.video[0].state().source_id == "b"
    house.forwarder.reconcile(routes(2, scope="two"), house.now)
    assert house.viewer.video[0].state().source_id == "a"


def test_voices_have_slots_the_stage_first_and_leave_when_muted() -> None:
    house = House("a", "b")
    picture = VideoRoute(connection_id="viewer", slot=0, source_id="b")
    both = AudioRoute(connection_id="viewer", source_ids=("a", "b"))
    house.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=1, video=(picture,), audio=(both,)), house.now)
    assert [slot.state().source_id for slot in house.viewer.audio] == ["b", "a"]
    for step in range(3):
        for name in ("a", "b"):
            packet = audio(step, 960 * step)
            house.forwarder.receive_rtp(house.cameras[name].source, packet, house.now)
    assert {packet.ssrc for packet in house.outlet.left} == {800, 801}
    only = AudioRoute(connection_id="viewer", source_ids=("b",))
    house.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=2, video=(picture,), audio=(only,)), house.now)
    house.outlet.left.clear()
    for name in ("a", "b"):
        house.forwarder.receive_rtp(house.cameras[name].source, audio(3, 2880), house.now)
    assert {packet.ssrc for packet in house.outlet.left} == {800}


def test_in_a_crowd_the_loudest_are_heard_and_the_speakers_named() -> None:
    house = House("a", "b", "c")
    crowd = AudioRoute(connection_id="viewer", source_ids=("a", "b", "c"))
    house.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=1, audio=(crowd,)), house.now)

    def talk(seconds: float, **dbov: int) -> None:
        for _ in range(int(seconds / 0.02)):
            house.pass_time(0.02)
            for name, level in dbov.items():
                camera = house.cameras[name]
                camera.seq += 1
                packet = audio(camera.seq, camera.seq * 960, dbov=level)
                house.forwarder.receive_rtp(camera.source, packet, house.now)

    def heard() -> set[str | None]:
        return {slot.state().source_id for slot in house.viewer.audio}

    talk(3, a=30, b=40, c=90)
    assert heard() == {"a", "b"}
    talk(3, a=30, b=90, c=35)
    assert heard() == {"a", "c"}
    told = events_of(house.events, LevelsChanged)[-1]
    assert isinstance(told, LevelsChanged)
    assert told.source_ids == ("a", "c")
    house.outlet.left.clear()
    talk(0.1, b=30)
    assert house.outlet.left == []


actions = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.sampled_from(("", "a", "b")), st.just(0)),
        st.tuples(st.just("send"), st.sampled_from(("a", "b")), st.sampled_from((0, 0, 0, 1))),
        st.tuples(st.just("hold"), st.sampled_from(("a", "b")), st.just(0)),
        st.tuples(st.just("late"), st.sampled_from(("a", "b")), st.integers(0, 30)),
        st.tuples(st.just("jump"), st.sampled_from(("a", "b")), st.sampled_from((1, 50, 2500, 9000, 40_000))),
        st.tuples(st.just("nack"), st.just(""), st.integers(0, 60)),
        st.tuples(st.just("blind"), st.just(""), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from((1, 30, 700, 3000))),
        st.tuples(st.just("replace"), st.sampled_from(("a", "b")), st.just(0)),
    ),
    max_size=120,
)


@given(actions)
def test_whatever_happens_a_number_never_means_two_packets_and_nobody_unrouted_is_sent(
    steps: list[tuple[str, str, int]],
) -> None:
    """SRTP's life depends on the first half (one index, one text), the room's secrecy on the second."""
    house = House("a", "b")
    held: dict[str, list[bytes]] = {"a": [], "b": []}
    routed = ""
    known: dict[int, tuple[int, bytes]] = {}
    newest: int | None = None
    for action, name, number in steps:
        checked = len(house.outlet.left)
        match action:
            case "show":
                routed = name
                house.show(name)
            case "send":
                house.send(name, key=number == 1)
            case "hold":
                held[name].append(house.cameras[name].frame())
            case "late" if held[name]:
                packet = held[name][number % len(held[name])]
                house.forwarder.receive_rtp(house.cameras[name].source, packet, house.now)
            case "jump":
                house.cameras[name].seq = (house.cameras[name].seq + number) & 0xFFFF
            case "nack":
                seqs = tuple((1000 + number + each) & 0xFFFF for each in range(20))
                house.forwarder.receive_feedback(house.viewer, [Nack(ssrc=900, seqs=seqs)], house.now)
            case "blind":
                house.forwarder.receive_feedback(house.viewer, [KeyframeRequest(ssrc=900)], house.now)
            case "wait":
                house.pass_time(number / 1000)
            case "replace":
                former = house.cameras[name]
                house.cameras[name] = house.camera(name)
                house.forwarder.remove_source(former.source, "replaced")
                held[name].clear()
        for packet in house.outlet.left[checked:]:
            assert packet.payload.decode("latin-1").endswith(routed)
            assert routed
            content = (packet.timestamp, packet.payload)
            if newest is None or seq_delta(packet.seq, newest) > 0:
                newest = packet.seq
            assert seq_delta(newest, packet.seq) < 2**14, "so far back that its index would be misread"
            assert known.setdefault(packet.seq, content) == content


@pytest.mark.parametrize("jump", [5000, 40_000, -5000])
def test_a_publisher_that_numbers_anew_is_believed_at_the_second_packet(jump: int) -> None:
    house = House("a")
    house.show("a")
    house.play("a", 5, key_first=True)
    house.cameras["a"].seq = (house.cameras["a"].seq + jump) & 0xFFFF
    house.play("a", 2)
    assert len(house.outlet.left) == 5
    house.play("a", 3, key_first=True)
    left = house.outlet.left
    assert len(left) == 8
    assert all(seq_delta(b.seq, a.seq) == 1 for a, b in itertools.pairwise(left))


def test_a_player_gets_live_packets_the_history_and_what_is_sent_again_under_its_own_payload_types() -> None:
    house = House("a")
    again = Retransmission(ssrc=77, payload_types={PAYLOAD_TYPES[Codec.VP8]: 46}, first_seq=0)
    player, outlet = make_subscriber(
        "player", codecs={Codec.VP8: 45, Codec.OPUS: 100}, retransmission=again, now=house.now
    )
    house.forwarder.add_subscriber(player, house.now)
    house.play("a", 10, key_first=True)
    house.forwarder.reconcile(routes(1, ("player", 0, "a")), house.now)
    house.play("a", 5)
    assert len(outlet.left) >= 15
    assert {packet.payload_type for packet in outlet.left} == {45}
    for packet in list(outlet.left):
        house.forwarder.receive_feedback(player, parse_rtcp(pack_nack(1, 900, [packet.seq])), house.now)
    assert {(packet.ssrc, packet.payload_type) for packet in outlet.left} == {(900, 45), (77, 46)}
