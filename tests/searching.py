"""How long Hypothesis searches: a seeded sample by default, far more with `--full`."""

import pytest
from hypothesis import HealthCheck, Phase, settings

_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "sample",
    max_examples=150,
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "full",
    max_examples=2000,
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("full" if config.getoption("--full") else "sample")


def share(part: float, *, steps: int | None = None) -> settings:
    """The profile in force with only this part of its examples: for tests whose examples are dear.

    With `steps` it is a long history: the sample then shows the history that failed instead of spending
    minutes on a shorter one.
    """
    now = settings()
    sample = settings.get_current_profile_name() == "sample"
    short = () if sample and steps else (Phase.shrink,)
    return settings(
        now,
        max_examples=max(1, round(now.max_examples * part)),
        stateful_step_count=steps or now.stateful_step_count,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, *short),
        suppress_health_check=[*_SLOW_IS_FINE, HealthCheck.function_scoped_fixture],
    )
