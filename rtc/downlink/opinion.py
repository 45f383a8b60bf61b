"""What people would probably say of a sound or a picture, on the scale from 1 (bad) to 5 (excellent).

Sound: the E-model of ITU-T G.107, reduced to what is known here, delay and loss. The delay's part is the
simplification of Cole and Rosenbluth (2001), the loss's part G.107's own with random loss. ITU-T G.113 has no
values for Opus; IE and BPL are chosen so that it stands where listening tests with its concealment put it.

Picture: the shape of ITU-T G.1070, 1 + coding x transmission, with a factor for standing still. The
coefficients are ours and simple: a codec needs so many bits for a height, loss that was not repaired hurts
quickly, a picture quickly, one that is blown up looks coarse, one that stands hurts most.

Neither looks at the content. They serve to compare links and hours with one another: a still scene that
needs few bits is scored too low, and nobody's real opinion of one call may be read from it.
"""

from math import exp, sqrt

from rtc.downlink.layers import ENOUGH

BEST_R = 93.2  # G.107 with its default values
IE = 0.0  # Opus at the rates of browsers: no impairment without loss
BPL = 15.0  # its robustness against random loss
LATE_MS = 177.3  # beyond it, delay is heard in conversation
PLENTY_BPS, PLENTY_HEIGHT, GROWTH = 150_000.0, 180.0, 1.7  # enough for that height; how it grows with it
LOSS_DECAY_PCT = 4.0
FROZEN_DECAY = 3.0


def sound_score(*, delay_ms: float, loss_pct: float) -> float:
    """The opinion on a voice that takes so long from mouth to ear, of which so much is not heard."""
    late = max(0.0, delay_ms - LATE_MS)
    delay_part = 0.024 * max(0.0, delay_ms) + 0.11 * late
    loss = min(100.0, max(0.0, loss_pct))
    loss_part = IE + (95.0 - IE) * loss / (loss + BPL)
    rating = min(100.0, max(0.0, BEST_R - delay_part - loss_part))
    score = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
    return round(max(1.0, score), 2)


def picture_score(
    *, bitrate_bps: float, height: int, loss_pct: float, frozen: float = 0.0, place: int = 0
) -> float:
    """The opinion on a picture of that height. `loss_pct` is after repair, `frozen` the share (0..1) of the
    time in which it stood still, `place` how high it is shown (0 is not known).
    """
    enough = PLENTY_BPS * (max(1, height) / PLENTY_HEIGHT) ** GROWTH
    coding = 4 * (1 - exp(-3 * max(0.0, bitrate_bps) / enough))
    transmission = exp(-max(0.0, loss_pct) / LOSS_DECAY_PCT)
    standing = exp(-FROZEN_DECAY * min(1.0, max(0.0, frozen)))
    sharpness = sqrt(min(1.0, height / (ENOUGH * place))) if place else 1.0
    return round(1 + coding * transmission * standing * sharpness, 2)
