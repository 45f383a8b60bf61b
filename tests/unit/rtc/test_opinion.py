"""The opinion falls with whatever people complain of, and is where published tables have it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink.opinion import picture_score, sound_score

LOSSES = st.floats(0, 100)
DELAYS = st.floats(0, 2000)


@pytest.mark.parametrize(
    ("delay_ms", "loss_pct", "least", "most"),
    [
        (0, 0, 4.3, 4.5),
        (150, 0, 4.2, 4.4),  # G.107: everybody is still content
        (300, 0, 3.5, 4.1),
        (600, 0, 1.5, 2.8),
        (100, 1, 4.0, 4.3),
        (100, 5, 3.2, 3.8),
        (100, 20, 1.5, 2.4),
        (100, 100, 1.0, 1.1),
    ],
)
def test_a_voice_is_judged_by_its_delay_and_its_loss(
    delay_ms: float, loss_pct: float, least: float, most: float
) -> None:
    assert least <= sound_score(delay_ms=delay_ms, loss_pct=loss_pct) <= most


@given(delay_ms=DELAYS, more_ms=DELAYS, loss_pct=LOSSES, more_pct=LOSSES)
def test_a_voice_that_is_later_or_lossier_is_never_better(
    delay_ms: float, more_ms: float, loss_pct: float, more_pct: float
) -> None:
    score = sound_score(delay_ms=delay_ms, loss_pct=loss_pct)
    assert 1 <= sound_score(delay_ms=delay_ms + more_ms, loss_pct=loss_pct + more_pct) <= score <= 5


@pytest.mark.parametrize(
    ("bitrate_bps", "height", "loss_pct", "frozen", "least", "most"),
    [
        (2_500_000, 720, 0, 0, 4.8, 5),
        (300_000, 720, 0, 0, 2.3, 3.2),
        (300_000, 360, 0, 0, 4, 4.6),
        (2_500_000, 720, 2, 0, 3, 3.8),
        (2_500_000, 720, 0, 0.1, 3.5, 4.2),
        (2_500_000, 720, 0, 0.5, 1.5, 2.2),
        (0, 720, 0, 0, 1, 1),
    ],
)
def test_a_picture_is_judged_by_its_bits_its_loss_and_its_standing_still(
    bitrate_bps: float, height: int, loss_pct: float, frozen: float, least: float, most: float
) -> None:
    score = picture_score(bitrate_bps=bitrate_bps, height=height, loss_pct=loss_pct, frozen=frozen)
    assert least <= score <= most


def test_a_picture_that_is_blown_up_is_worse_than_in_its_own_size() -> None:
    scores = [
        picture_score(bitrate_bps=300_000, height=180, loss_pct=0, place=place)
        for place in (0, 180, 240, 360, 720, 1080)
    ]
    assert scores[0] == scores[1] == scores[2] > 4.5
    assert 2 < scores[5] < 3 < scores[4] < scores[3] < 4.5


@given(
    bitrate_bps=st.floats(0, 1e8),
    height=st.integers(0, 5000),
    loss_pct=LOSSES,
    more_pct=LOSSES,
    frozen=st.floats(0, 1),
)
def test_a_picture_that_loses_more_is_never_better(
    bitrate_bps: float, height: int, loss_pct: float, more_pct: float, frozen: float
) -> None:
    score = picture_score(bitrate_bps=bitrate_bps, height=height, loss_pct=loss_pct, frozen=frozen)
    worse = picture_score(bitrate_bps=bitrate_bps, height=height, loss_pct=loss_pct + more_pct, frozen=frozen)
    assert 1 <= worse <= score <= 5
