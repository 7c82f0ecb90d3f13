"""The badge beside a pseudonym: the most specific that at least k verified members share. Rules in ``lattice.py``."""

from django.conf import settings
from django.core.cache import cache
from django.db.models import Case, CharField, Count, Value, When

from members import taxonomy
from members.lattice import BANDS, Traits, assign, years_band
from members.models import Account

CACHE_KEY = "members.badges"
CACHE_S = 60
CLINICAL = [role.code for role in taxonomy.ROLES.values() if role.clinical]


def badge_for(account: Account) -> str:
    """Return the badge of a member now; "" for staff, for the unverified, and while fewer than k are verified."""
    return _classes().get(traits_of(account), "") if is_counted(account) else ""


def is_counted(account: Account) -> bool:
    """Return whether an account is among those who can share a badge."""
    return account.role in CLINICAL and account.verified_at is not None and account.is_active


def traits_of(account: Account) -> Traits:
    """Return what a badge may tell of an account."""
    return Traits(account.role, account.specialty, account.subspecialty, account.region, years_band(account.years))


def forget_classes() -> None:
    """Count the members anew at the next badge."""
    cache.delete(CACHE_KEY)


def _classes() -> dict[Traits, str]:
    classes: dict[Traits, str] | None = cache.get(CACHE_KEY)
    if classes is None:
        classes = assign(_counts(), settings.CURBSIDE_BADGE_K)
        cache.set(CACHE_KEY, classes, CACHE_S)
    return classes


def _counts() -> dict[Traits, int]:
    """Return how many verified clinicians there are of each combination of traits. One query."""
    bands = [When(years__lt=limit, then=Value(name)) for limit, name in BANDS]
    rows = (
        Account.objects.filter(role__in=CLINICAL, verified_at__isnull=False, is_active=True)
        .annotate(band=Case(*bands, default=Value("25 years or more"), output_field=CharField()))
        .values_list("role", "specialty", "subspecialty", "region", "band")
        .annotate(n=Count("id")).order_by()
    )
    return {Traits(*row[:5]): row[5] for row in rows}
