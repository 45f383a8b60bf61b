"""TURN credentials as coturn's `use-auth-secret` computes them itself."""

import base64
import hashlib
import hmac

from dispatch_server.media.turn import LIFETIME, Turn
from tests.fakes import START

URLS = ("turn:relay.example:3478?transport=udp", "turns:relay.example:5349")


def test_without_a_server_or_a_secret_nothing_is_handed_out() -> None:
    assert Turn(urls=(), secret="secret").servers(holder_id="p", now=START) == []
    assert Turn(urls=URLS, secret=None).servers(holder_id="p", now=START) == []
    assert Turn(urls=URLS, secret="").servers(holder_id="p", now=START) == []


def test_the_password_is_the_sha1_hmac_of_the_name_that_carries_the_end() -> None:
    (server,) = Turn(urls=URLS, secret="north").servers(holder_id="op-chengnan", now=START)

    ends, person = str(server["username"]).split(":")
    assert server["urls"] == list(URLS)
    assert int(ends) == int((START + LIFETIME).timestamp())
    assert person == "op-chengnan"
    expected = hmac.new(b"north", f"{ends}:op-chengnan".encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(expected).decode()


def test_openssl_computes_the_same() -> None:
    """printf 1772373600:p | openssl dgst -sha1 -hmac north -binary | base64"""
    (server,) = Turn(urls=URLS, secret="north").servers(holder_id="p", now=START)

    assert server["username"] == "1772373600:p"
    assert server["credential"] == "yS8Q0viON002WDTxtRL7qHcppGw="


def test_an_encoder_gets_the_same_as_link_headers() -> None:
    turn = Turn(urls=URLS, secret="north")
    (server,) = turn.servers(holder_id="f", now=START)
    links = turn.links(holder_id="f", now=START)
    assert [link.split(";")[0] for link in links] == [f"<{url}>" for url in URLS]
    assert all(
        'rel="ice-server"' in link and f'credential="{server["credential"]}"' in link for link in links
    )
    assert Turn(urls=(), secret="north").links(holder_id="f", now=START) == []
