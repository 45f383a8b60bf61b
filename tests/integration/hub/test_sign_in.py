"""Who gets in, and what a browser holds afterwards."""

import asyncio
from http.cookies import SimpleCookie

import pytest

from dispatch_server.errors import NotSignedIn, Throttled
from dispatch_server.http.authenticate import COOKIE
from dispatch_server.usecases.sign_in import PER_ADDRESS, PER_LOGIN_AND_ADDRESS
from tests.integration.hub.house import ADMIN, OPERATOR, POLICE, House, Visitor, until

PASSWORD = "correct horse battery"


async def with_password(house: House, login: str = "lin.1", role: str = "operator") -> Visitor:
    """Somebody added with a password; nobody is signed in."""
    admin = await house.signed_in(ADMIN)
    await admin.post(
        "/api/people",
        {"login": login, "name": "林", "role": role, "agency_id": "chengnan", "password": PASSWORD},
    )
    return await house.visitor()


async def test_a_password_opens_a_session(house: House) -> None:
    visitor = await with_password(house)

    me = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})

    assert me.status == 200
    assert me.data["person"]["login"] == "lin.1"
    assert me.data["csrf"]
    again = await visitor.get("/api/me")
    assert again["csrf"] == me.data["csrf"]


async def test_the_store_keeps_the_password_by_argon2_only(house: House) -> None:
    await with_password(house)

    person = next(p for p in house.hub.directories.now().people.values() if p.login == "lin.1")
    stored = await house.hub.reference.password_hash(person.id)

    assert stored is not None
    assert stored.startswith("$argon2id$")


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(house: House) -> None:
    visitor = await with_password(house)

    answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})

    cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 12 * 3600
    assert not cookie["secure"], "this house speaks http"
    assert cookie.value not in answer.raw.decode(), "the token is in the cookie and nowhere else"


@pytest.mark.parametrize(
    ("login", "password"), [("lin.1", "wrong password"), ("nobody", PASSWORD), (OPERATOR, "x"), ("", "x")]
)
async def test_a_wrong_name_and_a_wrong_password_are_refused_alike(
    house: House, login: str, password: str
) -> None:
    visitor = await with_password(house)

    answer = await visitor.call("POST", "/api/sign-in", {"login": login, "password": password})

    if login:
        assert (answer.status, answer.code) == (401, "wrong_credentials")
        assert answer.data["message"] == "用户名或密码不正确"
    else:
        assert (answer.status, answer.code) == (400, "bad_input")
    assert "Set-Cookie" not in answer.headers


async def test_a_login_is_found_whatever_its_case(house: House) -> None:
    visitor = await with_password(house)

    answer = await visitor.call("POST", "/api/sign-in", {"login": "Lin.1", "password": PASSWORD})

    assert answer.status == 200


async def test_guessing_is_throttled_by_name_and_the_right_password_waits_too(house: House) -> None:
    visitor = await with_password(house)
    for _ in range(PER_LOGIN_AND_ADDRESS):
        answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": "a guess"})
        assert answer.status == 401

    answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})

    assert (answer.status, answer.code) == (429, "throttled")
    wait_s = int(answer.headers["Retry-After"])
    assert 0 < wait_s <= 300
    assert str(wait_s) in answer.data["message"]

    house.clock.pass_by(wait_s)
    answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})
    assert answer.status == 200, "after the time that Retry-After told it works"


async def test_retry_after_tells_what_is_left_of_the_window(house: House) -> None:
    visitor = await with_password(house)
    for _ in range(PER_LOGIN_AND_ADDRESS):
        await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": "a guess"})
    house.clock.pass_by(200)

    answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})

    assert answer.headers["Retry-After"] == "100"


async def test_many_guesses_at_once_are_no_way_around_the_brake(house: House) -> None:
    visitor = await with_password(house)

    guesses = await asyncio.gather(
        *(
            visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": f"guess {n}"})
            for n in range(PER_LOGIN_AND_ADDRESS * 3)
        )
    )

    assert (
        sorted(g.status for g in guesses) == [401] * PER_LOGIN_AND_ADDRESS + [429] * PER_LOGIN_AND_ADDRESS * 2
    )


async def test_a_right_password_forgives_the_wrong_ones_before(house: House) -> None:
    visitor = await with_password(house)
    for _ in range(3):
        for _ in range(PER_LOGIN_AND_ADDRESS - 1):
            await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": "a guess"})
        answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})
        assert answer.status == 200


async def test_an_address_that_tries_many_names_is_throttled(house: House) -> None:
    visitor = await house.visitor()
    answers = [
        await visitor.call("POST", "/api/sign-in/link", {"token": f"{'guess' * 5}{n}"})
        for n in range(PER_ADDRESS + 1)
    ]

    assert {a.status for a in answers[:-1]} == {401}
    assert answers[-1].status == 429
    password = await visitor.call("POST", "/api/sign-in", {"login": "anybody", "password": "x"})
    assert password.status == 429


async def test_a_link_works_once(house: House) -> None:
    token, _ = await house.hub.sign_in.make_link(OPERATOR)
    first, second = await house.visitor(), await house.visitor()

    assert (await first.call("POST", "/api/sign-in/link", {"token": token})).status == 200
    again = await second.call("POST", "/api/sign-in/link", {"token": token})

    assert (again.status, again.code) == (401, "link_used")


async def test_a_link_is_good_for_half_an_hour(house: House) -> None:
    token, lifetime = await house.hub.sign_in.make_link(OPERATOR)
    house.clock.pass_by(lifetime.total_seconds())

    answer = await (await house.visitor()).call("POST", "/api/sign-in/link", {"token": token})

    assert (answer.status, answer.code) == (401, "link_used")


async def test_an_administrators_link_signs_that_person_in(house: House) -> None:
    admin = await house.signed_in(ADMIN)
    made = await admin.post(f"/api/people/{POLICE}/sign-in-link")
    token = made["url"].split("#link=")[1]

    answer = await (await house.visitor()).call("POST", "/api/sign-in/link", {"token": token})

    assert answer.data["person"]["id"] == POLICE
    assert made["url"].startswith(house.url + "/sign-in#link=")


@pytest.mark.parametrize("path", ["/api/sign-in", "/api/sign-in/link"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_origin_cannot_sign_anybody_in(house: House, path: str, origin: str) -> None:
    token, _ = await house.hub.sign_in.make_link(OPERATOR)
    body = {"token": token} if path.endswith("link") else {"login": "x", "password": "y"}

    answer = await (await house.visitor()).call("POST", path, body, headers={"Origin": origin})

    assert (answer.status, answer.code) == (403, "bad_origin")
    assert await house.hub.sign_in.by_link(token, address="") is not None, "the link was not used up"


async def test_our_own_origin_may(house: House) -> None:
    token, _ = await house.hub.sign_in.make_link(OPERATOR)

    answer = await (await house.visitor()).call(
        "POST", "/api/sign-in/link", {"token": token}, headers={"Origin": house.url}
    )

    assert answer.status == 200


@pytest.mark.parametrize("token", ["", "wrong", "\udcff\udcfe", "x" * 500])
async def test_an_unsafe_request_without_the_pages_token_is_refused(house: House, token: str) -> None:
    operator = await house.signed_in(OPERATOR)
    operator.csrf = token

    answer = await operator.call("POST", "/api/incidents", {"type": "noise"})

    assert (answer.status, answer.code) == (403, "csrf_missing")
    operator.csrf = ""
    assert (await operator.call("GET", "/api/incidents", csrf=False)).data["incidents"] == []


async def test_nobodys_cookie_and_no_cookie_are_told_to_sign_in(house: House) -> None:
    visitor = await house.visitor()
    for cookie in (None, "x", "\udcff", "a" * 4000):
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        answer = await visitor.call("GET", "/api/me", headers=headers)
        assert (answer.status, answer.code) == (401, "not_signed_in")


@pytest.mark.parametrize("header", ["Bearer x", "Basic eDp5", "Bearer", "", "Bearer \udcff", "bearer  "])
async def test_a_wrong_bearer_token_is_refused_even_beside_a_good_cookie(house: House, header: str) -> None:
    operator = await house.signed_in(OPERATOR)

    answer = await operator.call("GET", "/api/me", headers={"Authorization": header})

    assert (answer.status, answer.code) == (401, "bad_token")


async def test_a_session_ends_with_its_time(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    house.clock.pass_by(12 * 3600)

    answer = await operator.call("GET", "/api/me")

    assert (answer.status, answer.code) == (401, "not_signed_in")


async def test_signing_out_ends_the_session_its_cookie_and_its_sockets(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    other = await house.signed_in(OPERATOR)
    listener, others = await operator.listen(), await other.listen()
    stolen = operator.cookie

    answer = await operator.call("POST", "/api/sign-out")

    assert answer.status == 204
    assert operator.cookie is None
    assert (await listener.hears("session_ended"))["code"] == "signed_out"
    await listener.is_closed()
    headers = {"Cookie": f"{COOKIE}={stolen}"}
    assert (await operator.call("GET", "/api/me", headers=headers)).status == 401
    assert others.client.connected, "the same person elsewhere stays"
    assert others.of("session_ended") == []


async def test_signing_out_needs_the_pages_token(house: House) -> None:
    operator = await house.signed_in(OPERATOR)

    answer = await operator.call("POST", "/api/sign-out", csrf=False)

    assert (answer.status, answer.code) == (403, "csrf_missing")
    assert (await operator.get("/api/me"))["person"]["id"] == OPERATOR


async def test_a_name_that_grows_when_it_is_folded_is_only_a_wrong_name(house: House) -> None:
    visitor = await house.visitor()

    answer = await visitor.call("POST", "/api/sign-in", {"login": "ŉ" * 64, "password": "x"})

    assert (answer.status, answer.code) == (401, "wrong_credentials")


async def test_the_language_follows_the_switch_before_the_browser(house: House) -> None:
    visitor = await house.visitor()
    visitor.language = "en-GB,en;q=0.9"
    english = await visitor.call("GET", "/api/me")
    switched = await visitor.call("GET", "/api/me", headers={"Cookie": "lang=zh"})

    assert english.data["message"] == "Sign in first"
    assert switched.data["message"] == "请先登录"


async def test_nobody_is_kept_out_by_guesses_at_their_name_from_elsewhere(house: House) -> None:
    visitor = await with_password(house)
    for _ in range(PER_LOGIN_AND_ADDRESS + 1):
        with pytest.raises((NotSignedIn, Throttled)):
            await house.hub.sign_in.by_password("lin.1", "a guess", address="198.51.100.7")

    answer = await visitor.call("POST", "/api/sign-in", {"login": "lin.1", "password": PASSWORD})

    assert answer.status == 200


async def test_whoever_signs_in_in_a_browser_takes_the_place_of_the_one_before(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)
    desk = await visitor.listen()
    token, _ = await house.hub.sign_in.make_link(POLICE)

    answer = await visitor.call("POST", "/api/sign-in/link", {"token": token})

    assert answer.data["person"]["id"] == POLICE
    assert (await desk.hears("session_ended"))["code"] == "replaced"
    await desk.is_closed()
    await until(lambda: not house.hub.presence.is_online(OPERATOR))


async def test_a_refused_sign_in_leaves_the_session_that_is_there(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)

    assert (await visitor.call("POST", "/api/sign-in/link", {"token": "x" * 43})).status == 401

    assert (await visitor.get("/api/me"))["person"]["id"] == OPERATOR


async def test_a_link_made_before_a_new_password_opens_nothing(house: House) -> None:
    token, _ = await house.hub.sign_in.make_link(OPERATOR)
    visitor = await house.signed_in(OPERATOR)
    assert (await visitor.call("POST", "/api/me/password", {"password": PASSWORD})).status == 200

    answer = await (await house.visitor()).call("POST", "/api/sign-in/link", {"token": token})

    assert (answer.status, answer.code) == (401, "link_used")
