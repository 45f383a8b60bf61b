"""Random histories of one room and its feeds: after every step, who is heard and seen is who may be."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import TypeAdapter

from rooms import (
    EVENT_TYPES,
    Feed,
    FeedState,
    Media,
    PersonId,
    Presence,
    Room,
    RoomError,
    RoomOver,
    RoomState,
    SourceId,
    attach,
    audience,
    come_back,
    drop,
    end,
    interrupt,
    invite,
    join,
    leave,
    may_receive,
    mute,
    remove,
    resume,
    start,
    stop,
)
from rooms.room import TRANSITIONS
from tests.unit.rooms.gatherings import (
    ELSEWHERE,
    EVERYBODY,
    OFFICER,
    OPERATOR,
    ROLES,
    SCOPE,
    START,
    feed,
    gathered,
    guest,
    opened,
    seat,
    source,
    viewer,
)

ROOM, FEED = TypeAdapter(Room), TypeAdapter(Feed)
WHO = st.sampled_from(EVERYBODY)
FEED_COMMANDS = ["start", "interrupt", "resume", "stop", "attach", "detach"]
FEED_IDS = st.sampled_from(["phone", "drone"])
WATCH_BY_RIGHT = {OPERATOR}
HALL = {OPERATOR, EVERYBODY[1]}


class RoomHistory(RuleBasedStateMachine):
    """`muted_by_hall` is what the room must remember; it is kept here by simpler means."""

    @initialize(present=st.sets(WHO), invited=st.sets(WHO))
    def begin(self, present: set[PersonId], invited: set[PersonId]) -> None:
        self.room = gathered(*sorted(present)) if present else opened(*sorted(invited))
        self.feeds = {"phone": feed("phone"), "drone": feed("drone", state=FeedState.IDLE, owner_id=None)}
        self.muted_by_hall: set[PersonId] = set()
        self.now = START

    def step(self, command, *arguments, **facts) -> bool:
        """Take the change, or leave everything; whether it was allowed."""
        self.now += timedelta(seconds=1)
        before = self.room
        try:
            room, events = command(self.room, *arguments, now=self.now, **facts)
        except RoomError as refusal:
            return self._refused(refusal, command)
        assert bool(events) == (room != before), "a change and its events come together"
        assert all(type(event) in EVENT_TYPES.values() for event in events)
        for old in before.participants:
            new = room.participant(old.id)
            if new.presence is not old.presence and command is not end:
                steps = {after for (state, _), after in TRANSITIONS.items() if state is old.presence}
                assert new.presence in steps
            if command is not mute:
                assert new.muted == old.muted, "only a mute command changes a mute"
        self.room = room
        return True

    def _refused(self, refusal: RoomError, command) -> bool:
        if self.room.state is RoomState.ENDED and command is not drop:
            assert isinstance(refusal, RoomOver)
        return False

    @rule(who=WHO)
    def comes_in(self, who: PersonId) -> None:
        self.step(join, guest=guest(who), participant_id=seat(who))

    @rule(who=WHO)
    def is_invited(self, who: PersonId) -> None:
        self.step(invite, invited={seat(who): guest(who)})

    @rule(who=WHO)
    def loses_the_connection(self, who: PersonId) -> None:
        assert self.step(drop, person_id=who), "a lost connection is never refused"

    @rule(who=WHO)
    def has_the_connection_back(self, who: PersonId) -> None:
        self.step(come_back, person_id=who)

    @rule(who=WHO)
    def goes(self, who: PersonId) -> None:
        self.step(leave, person_id=who)

    @rule(by=WHO, whom=WHO, muted=st.booleans())
    def mutes(self, by: PersonId, whom: PersonId, muted: bool) -> None:
        allowed = self.step(mute, by=by, target=seat(whom), muted=muted)
        if by != whom and by not in HALL:
            assert not allowed
        if not allowed:
            return
        if by in HALL and muted and by != whom:
            self.muted_by_hall.add(whom)
        elif by in HALL and not muted:
            self.muted_by_hall.discard(whom)

    @rule(by=WHO, whom=WHO)
    def removes(self, by: PersonId, whom: PersonId) -> None:
        if self.step(remove, by=by, target=seat(whom)):
            assert by in HALL

    @rule(by=st.sampled_from([*EVERYBODY, None]), sure=st.sampled_from([True, False, False, False, False]))
    def ends(self, by: PersonId | None, sure: bool) -> None:
        if sure:
            self.step(end, by=by)

    @rule(name=FEED_IDS, command=st.sampled_from(FEED_COMMANDS))
    def the_feed_changes(self, name: str, command: str) -> None:
        old = self.feeds[name]
        try:
            match command:
                case "start":
                    new, events = start(old, has_audio=True, has_video=True, now=self.now)
                case "interrupt":
                    new, events = interrupt(old, reason="timeout", now=self.now)
                case "resume":
                    new, events = resume(old, now=self.now)
                case "stop":
                    new, events = stop(old, now=self.now)
                case "attach":
                    new, events = attach(old, scope_id=SCOPE, now=self.now)
                case _:
                    new, events = attach(old, scope_id=ELSEWHERE, now=self.now)
        except RoomError:
            assert command == "resume"
            assert old.state in {FeedState.IDLE, FeedState.ENDED}
            return
        assert bool(events) == (new != old)
        self.feeds[name] = new

    @invariant()
    def nobody_hears_or_sees_what_they_must_not(self) -> None:
        if not hasattr(self, "room"):
            return
        viewers = [viewer(who, by_right=who in WATCH_BY_RIGHT) for who in EVERYBODY]
        allowed = audience(self.room, self.feeds.values(), viewers, scope_id=SCOPE, epoch=1)
        live = {f.id for f in self.feeds.values() if f.state is FeedState.LIVE and f.scope_id == SCOPE}
        presence = {p.person_id: p.presence for p in self.room.participants}
        muted = {p.person_id for p in self.room.participants if p.muted}
        assert self.muted_by_hall <= muted, "a mute by the hall was lost"
        for source_id, who in allowed.video | allowed.audio:
            assert presence.get(who) not in {Presence.REMOVED, Presence.AWAY}
            inside = presence.get(who) is Presence.PRESENT and self.room.state is RoomState.OPEN
            if source_id in live:
                assert inside or who in WATCH_BY_RIGHT
                assert self.feeds[source_id].owner_id != who, "nobody receives themselves"
            else:
                assert inside
                sender = next(p for p in EVERYBODY if source(p) == source_id)
                assert sender != who, "nobody receives themselves"
                assert presence[sender] is Presence.PRESENT
        voices = {source_id for source_id, _ in allowed.audio}
        assert not voices & {source(who) for who in muted}
        if OFFICER in muted:
            assert SourceId("phone") not in voices
        for one in viewers:
            for media in Media:
                assert not may_receive(
                    self.room, self.feeds.values(), one, SourceId("nobody"), scope_id=SCOPE, media=media
                )
                assert not may_receive(
                    self.room, self.feeds.values(), one, source(OFFICER), scope_id=ELSEWHERE, media=media
                )

    @invariant()
    def a_person_has_one_seat_and_a_known_role(self) -> None:
        if hasattr(self, "room"):
            people = [p.person_id for p in self.room.participants]
            assert len(people) == len(set(people))
            assert all(p.role is ROLES[p.person_id] for p in self.room.participants)

    @invariant()
    def what_is_saved_comes_back_the_same(self) -> None:
        if hasattr(self, "room"):
            assert ROOM.validate_json(ROOM.dump_json(self.room)) == self.room
            assert all(FEED.validate_json(FEED.dump_json(f)) == f for f in self.feeds.values())


TestRoomHistory = RoomHistory.TestCase
