"""What a call costs: by the region that is called, for each begun minute. Of this app it knows `numbers` only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from voice.numbers import is_region

MINUTE_S: Final = 60
RULE: Final = "price"


def check_regions() -> None:
    """Raise ImproperlyConfigured for a price of no region: "UK" would cost as everywhere, in silence."""
    if not all(is_region(region) for region in settings.CURBSIDE_CALL_PRICES.by_region):
        raise ImproperlyConfigured("CURBSIDE_CALL_CENTS_MINUTE has a price of a region that is not in ISO 3166")


def price_of(region: str) -> int:
    """Return what a minute of a call to a region costs, both legs together, in hundredths of the currency."""
    prices = settings.CURBSIDE_CALL_PRICES
    return int(prices.by_region.get(region, prices.default))


def cents_of(seconds: int, cents_minute: int) -> int:
    """Begun minutes of two legs, as carriers bill them."""
    return -(-seconds // MINUTE_S) * cents_minute


def decision(region: str) -> dict[str, Any]:
    """Return how the price of a call stands in its record."""
    cents = price_of(region)
    return {"rule": RULE, "says": f"{region} {cents}", "cents_minute": cents}


def cost_of(decisions: Iterable[dict[str, Any]], talked_s: int) -> int | None:
    """Return what a call cost by the price that stood when it began, None for one that began without."""
    price = next((one["cents_minute"] for one in decisions if one["rule"] == RULE), None)
    return None if price is None else cents_of(talked_s, price)
