"""Setting one's own password: only by whoever knows the present one, or has just signed in."""

from __future__ import annotations

from tests.integration.hub.house import OPERATOR, House, Visitor
from tests.integration.hub.test_sign_in import PASSWORD, with_password

NEW = "another long password"


async def signed_in_by_password(house: House) -> Visitor:
    visitor = await with_password(house)
    answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})
    assert answer.status == 200
    visitor.csrf = answer.data["csrf"]
    return visitor


async def test_whoever_has_just_signed_in_sets_a_password_and_every_other_session_ends(house: House) -> None:
    elsewhere = await house.signed_in(OPERATOR)
    visitor = await house.signed_in(OPERATOR)

    answer = await visitor.call("POST", "/api/me/password", {"password": NEW})

    assert answer.status == 200
    assert answer.data["person"]["id"] == OPERATOR
    assert (await elsewhere.call("GET", "/api/me")).code == "not_signed_in"
    visitor.csrf = answer.data["csrf"]
    assert (await visitor.get("/api/me"))["person"]["id"] == OPERATOR


async def test_a_desk_left_alone_cannot_be_taken_over(house: House) -> None:
    visitor = await signed_in_by_password(house)
    house.clock.pass_by(601)

    asked = await visitor.call("POST", "/api/me/password", {"password": NEW})
    assert (asked.status, asked.code) == (403, "current_password_needed")
    guessed = await visitor.call("POST", "/api/me/password", {"password": NEW, "current": "a guess"})
    assert (guessed.status, guessed.code) == (403, "wrong_password")
    assert (await visitor.get("/api/me"))["person"]["login"] == "lin.1"

    right = await visitor.call("POST", "/api/me/password", {"password": NEW, "current": PASSWORD})
    assert right.status == 200
    again = await (await house.visitor()).call("POST", "/api/sign-in", {"login": "lin.1", "password": NEW})
    assert again.status == 200


async def test_whoever_has_no_password_signs_in_again_first(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)
    house.clock.pass_by(601)

    refused = await visitor.call("POST", "/api/me/password", {"password": NEW})
    assert (refused.status, refused.code) == (403, "sign_in_again")
    guessed = await visitor.call("POST", "/api/me/password", {"password": NEW, "current": "anything"})
    assert (guessed.status, guessed.code) == (403, "wrong_password")


async def test_guessing_the_present_password_is_slowed_like_signing_in(house: House) -> None:
    visitor = await signed_in_by_password(house)
    house.clock.pass_by(601)
    body = {"password": NEW, "current": "a guess"}

    for _ in range(5):
        assert (await visitor.call("POST", "/api/me/password", body)).code == "wrong_password"

    assert (await visitor.call("POST", "/api/me/password", body)).status == 429
    signing_in = await (await house.visitor()).call(
        "POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD}
    )
    assert signing_in.status == 429
