"""How long the property tests run: short in `make test`, long in `make fuzz`. Failing examples are printed to repeat."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "short", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", parent=settings.get_profile("short"), max_examples=20_000)
settings.load_profile("short")
