"""What every refusal owes its caller."""

from dispatch_server.messages import SENTENCES
from tests.integration.hub.house import Answer


def check_refusal(answer: Answer, name: str) -> None:
    """A refusal that a client can rely on and a person can read."""
    assert 400 <= answer.status < 500, (name, answer.status, answer.raw[:300])
    assert answer.data is not None, (name, answer.raw[:300])
    assert answer.code in SENTENCES, name
    words = answer.data.get("message") or answer.data.get("title")
    assert words, name
    assert "…" not in words, (name, words)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
