"""Every code that anything in the house raises has a sentence that people understand, in both languages."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from inspect import signature
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

import alerting
import dispatch_server
from alerting import AlertingError, AlreadyAnswered, AssignmentId, AssignmentState, IncidentState
from alerting import PersonId as AlertingPerson
from alerting.assignment import AssignmentCommand
from alerting.incident import IncidentCommand
from dispatch_server import bodies, errors, wrong_input
from dispatch_server.errors import BadInput, HubError
from dispatch_server.http.error_status import refusal_of, status_of
from dispatch_server.identity import Agency, AgencyKind, Directory, Person, Role
from dispatch_server.messages import LANGUAGES, PROBLEMS, SENTENCES, WORDS, Wording
from rooms import FeedCommand, FeedState, Presence, PresenceCommand, RoomError
from rtc.errors import RtcError

HUB = Path(dispatch_server.__file__).parent
ROOTS = (HubError, AlertingError, RoomError, RtcError)
ZONE = ZoneInfo("Asia/Shanghai")
HUMAN = ("\u4e00", "\u9fff")  # the common Chinese characters


@pytest.fixture
def wording() -> Wording:
    person = Person(id="p1", login="wang", name="王警官", role=Role.RESPONDER, agency_id="a")
    agency = Agency(id="a", parent_id=None, kind=AgencyKind.CITY, name="a", name_en="a", path="/a/")
    directory = Directory([agency], [person], ())
    return Wording(directory=lambda: directory, zone=ZONE)


def classes() -> list[type[Exception]]:
    found: list[type[Exception]] = []
    waiting: list[type[Exception]] = list(ROOTS)
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += one.__subclasses__()
    return found


def literal_codes() -> Iterator[str]:
    """First arguments of every call of an error class in the hub's sources: BadInput("bad_json")."""
    names = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names - {"StartError"}:
                for argument in node.args[:1]:
                    if isinstance(argument, ast.Constant):
                        yield str(argument.value)


CODES = sorted({str(getattr(kind, "code", "")) for kind in classes()} | set(literal_codes()))


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_sentence_in_chinese_and_in_english(wording: Wording, code: str) -> None:
    zh, en = (wording.sentence(code, language) for language in LANGUAGES)

    assert code in SENTENCES
    assert any(HUMAN[0] <= character <= HUMAN[1] for character in zh)
    assert en.replace("…", "").isascii()
    assert zh != en


def test_the_walk_finds_the_codes_of_all_four_packages() -> None:
    assert {"bad_json", "key_reused", "already_summoned", "room_over", "malformed_sdp", "busy"} <= set(CODES)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_both_sentences_of_a_code_use_the_same_facts(code: str) -> None:
    zh, en = SENTENCES[code]
    assert placeholders(zh) == placeholders(en)


def placeholders(template: str) -> set[str]:
    return {part.split("}")[0] for part in template.split("{")[1:]}


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_no_sentence_is_there_that_nothing_raises(code: str) -> None:
    assert code in {*CODES, "internal_error", "bad_input"}


@pytest.mark.parametrize("kind", [kind for kind in classes() if kind.__module__ != "dispatch_server.errors"])
def test_the_facts_of_a_sentence_are_parameters_of_its_error(kind: type[Exception]) -> None:
    given = set(signature(kind.__init__).parameters) | {"reason"}
    assert placeholders(SENTENCES[str(getattr(kind, "code", ""))][0]) <= given


@pytest.mark.parametrize("kind", classes())
def test_every_refusal_has_a_status_that_is_not_the_hubs_own_fault(kind: type[Exception]) -> None:
    """Only what nobody foresaw is a 500; the roots themselves are never raised."""
    status = status_of(kind.__new__(kind))
    assert 400 <= status < 500 or status == 503 or kind in ROOTS


def test_what_nobody_foresaw_is_no_refusal() -> None:
    assert refusal_of(RuntimeError("?")) is None
    assert refusal_of(KeyError("?")) is None


STATES: tuple[type[StrEnum], ...] = (AssignmentState, IncidentState, Presence, FeedState)
COMMANDS: tuple[type[StrEnum], ...] = (AssignmentCommand, IncidentCommand, PresenceCommand, FeedCommand)


@pytest.mark.parametrize("word", sorted({word.value for words in (*STATES, *COMMANDS) for word in words}))
def test_a_refused_step_of_a_state_machine_is_said_in_words(word: str) -> None:
    zh, en = WORDS[word]
    assert any(HUMAN[0] <= character <= HUMAN[1] for character in zh)
    assert "_" not in en


def test_a_refused_step_reads_like_a_sentence(wording: Wording) -> None:
    params = {"state": "en_route", "command": "decline"}

    assert (
        wording.sentence("invalid_transition", "zh", params) == "当前状态为「赶赴中」，不能「回复无法处理」"
    )
    assert wording.sentence("invalid_transition", "en", params) == "It is en route now. Not possible: decline"


def test_a_person_is_named_by_name_and_a_time_by_the_centres_clock(wording: Wording) -> None:
    error = AlreadyAnswered(
        assignment_id=AssignmentId("a1"),
        by=AlertingPerson("p1"),
        at=datetime(2026, 3, 1, 8, 4, 5, tzinfo=UTC),
    )

    assert wording.sentence(error.code, "zh", error.params) == "王警官 已于 16:04:05 接受"
    assert wording.sentence(error.code, "en", error.params) == "王警官 already accepted at 16:04:05"


def test_somebody_unknown_is_not_shown_as_an_id(wording: Wording) -> None:
    said = wording.sentence("already_answered", "en", {"by": "8f3a", "at": "2026-03-01T08:00:00+00:00"})

    assert said.startswith("Somebody already accepted")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_code_and_missing_facts_still_make_a_sentence(wording: Wording, language: str) -> None:
    assert wording.sentence("no_such_code", language)
    assert "…" in wording.sentence("throttled", language)
    assert wording.sentence("bad_input", language, {"field": "lat"})


def test_a_language_that_nobody_wrote_is_answered_in_chinese(wording: Wording) -> None:
    assert wording.sentence("not_found", "fr") == SENTENCES["not_found"][0]


BAD_BODIES: tuple[tuple[type[bodies.Body], object, str, str], ...] = (
    (bodies.Report, {}, "type", "missing"),
    (bodies.Report, {"type": "noise", "tpye": 1}, "tpye", "unknown_field"),
    (bodies.Report, {"type": "../x"}, "type", "pattern"),
    (bodies.Report, {"type": "noise", "title": "x" * 121}, "title", "too_long"),
    (bodies.Report, {"type": "noise", "title": "a\x00b"}, "title", "pattern"),
    (bodies.Report, {"type": 7}, "type", "not_text"),
    (bodies.Report, {"type": "noise", "level": "huge"}, "level", "choice"),
    (bodies.Report, {"type": "noise", "place": []}, "place", "not_object"),
    (bodies.Report, {"type": "noise", "place": {"lat": 91}}, "place.lat", "too_large"),
    (bodies.Report, {"type": "noise", "place": {"lat": -91}}, "place.lat", "too_small"),
    (bodies.Report, {"type": "noise", "place": {"lat": "north"}}, "place.lat", "not_number"),
    (bodies.Report, {"type": "noise", "place": {"lat": float("nan")}}, "place.lat", "not_number"),
    (bodies.Report, {"type": "noise", "place": {"lat": float("inf")}}, "place.lat", "not_number"),
    (bodies.GiveOrder, {"text": "  "}, "text", "too_short"),
    (bodies.GiveOrder, {"text": "x", "department_ids": "all"}, "department_ids", "not_list"),
    (bodies.GiveOrder, {"text": "x", "department_ids": ["d"] * 51}, "department_ids", "too_many"),
    (bodies.Mute, {"participant_id": "p", "muted": "perhaps"}, "muted", "not_boolean"),
    (bodies.PositionBody, {"lat": 1, "lon": 1, "at": "yesterday"}, "at", "not_instant"),
    (bodies.SignIn, [], "body", "not_object"),
)


@pytest.mark.parametrize(("model", "body", "field", "problem"), BAD_BODIES)
def test_a_wrong_field_is_named_with_what_is_wrong_in_both_languages(
    wording: Wording, model: type[bodies.Body], body: object, field: str, problem: str
) -> None:
    with pytest.raises(BadInput) as refused:
        wrong_input.parsed(model, body)

    params = refused.value.params
    assert (params["field"], params["problem"]) == (field, problem)
    zh = wording.sentence("bad_input", "zh", params)
    en = wording.sentence("bad_input", "en", params)
    assert "…" not in zh + en
    assert any(HUMAN[0] <= character <= HUMAN[1] for character in zh)
    assert en.isascii()


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"[" * 5000, b'{"type":"\\ud800"}', b'{"a":1}{', b'{"type":"\x00"}', b"nul"]
)
def test_what_is_no_json_is_called_so(raw: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        wrong_input.parsed_json(bodies.Report, raw)
    assert refused.value.code == "bad_json"


def test_the_key_of_somebody_elses_making_is_cut_before_it_is_repeated() -> None:
    with pytest.raises(BadInput) as refused:
        wrong_input.parsed(bodies.Report, {"type": "noise", "x" * 10_000: 1})
    assert len(str(refused.value.params["field"])) == 64


def test_an_error_that_pydantic_may_invent_later_still_has_a_sentence(wording: Wording) -> None:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(tuple[int]).validate_python(())
    refusal = wrong_input.refusal_of(error.value)

    assert refusal.params["problem"] in PROBLEMS
    assert wording.sentence(refusal.code, "zh", refusal.params)


def test_all_of_alertings_errors_are_among_those_walked() -> None:
    exported = {kind for kind in vars(alerting).values() if isinstance(kind, type)}
    assert {kind for kind in exported if issubclass(kind, AlertingError)} <= set(classes())
