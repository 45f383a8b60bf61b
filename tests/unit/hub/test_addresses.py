"""Where others find the hub."""

from pathlib import Path

import pytest

from dispatch_server.addresses import url_for_others
from dispatch_server.config import Config


@pytest.mark.parametrize(
    ("https", "found_at", "told"),
    [
        (True, "http://127.0.0.1:8600", "https://192.0.2.7:8601"),
        (True, "http://localhost:8600", "https://192.0.2.7:8601"),
        (True, "http://[::1]:8600", "https://192.0.2.7:8601"),
        (True, "https://192.0.2.7:8601", "https://192.0.2.7:8601"),
        (True, "https://hub.example", "https://hub.example"),
        (False, "http://127.0.0.1:8600", "http://127.0.0.1:8600"),
    ],
)
def test_a_link_made_on_the_machine_itself_leads_others_to_its_https_port(
    tmp_path: Path, https: bool, found_at: str, told: str
) -> None:
    config = Config(data=tmp_path, port=8600, host="192.0.2.7", https=https)

    assert url_for_others(config, found_at) == told
