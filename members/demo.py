"""The people of the demo (product.md, "The first minute"), and enough others that specialties are alive."""

from dataclasses import dataclass, field
from datetime import time

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from members import badges, services
from members.availability import set_availability
from members.models import Account

PASSWORD = "curbside demo"  # noqa: S105  (a demo, where one click signs in anyway)
WINDOW = "A second window"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody in the demo. `shown` ones have a button; `available` ones take questions from the start.

    `staff` is of the platform team: its page, not Django's admin, where nobody of the demo has rights.
    """

    who: str
    name: str
    role: str
    specialty: str
    place: str
    country: str
    region: str
    time_zone: str
    languages: tuple[str, ...] = ("en",)
    years: int = 12
    subspecialty: str = ""
    available: tuple[str, ...] = ()
    shown: bool = False
    staff: bool = False
    quiet: tuple[time, time] | None = field(default=None)

    @property
    def email(self) -> str:
        """The address with which this person signs in."""
        return f"{self.who}@demo.curbside.example"


PEOPLE = (
    DemoPerson("okafor", "Dr Amara Okafor", "physician", "emergency_medicine", "Boston", "US", "North America",
               "America/New_York", ("en",), 9, shown=True),
    DemoPerson("lind", "Dr Jonas Lind", "physician", "cardiology", "Stockholm", "SE", "Europe", "Europe/Stockholm",
               ("sv", "en"), 17, available=("cardiology",), shown=True),
    DemoPerson("diaz", "Rosa Díaz", "administrator", "", "Riverside Clinic", "US", "North America",
               "America/New_York", ("en", "es"), 6, shown=True),
    DemoPerson("tanaka", "Mei Tanaka", "moderator", "", "Osaka", "JP", "Asia", "Asia/Tokyo", ("ja", "en"), 4,
               shown=True),
    DemoPerson("ferreira", "Inês Ferreira", "administrator", "", "Platform team", "PT", "Europe", "Europe/Lisbon",
               ("pt", "en"), 8, shown=True, staff=True),
    DemoPerson("adeyemi", "Dr Tunde Adeyemi", "physician", "nephrology", "Lagos", "NG", "Africa", "Africa/Lagos",
               ("en",), 21, available=("nephrology",)),
    DemoPerson("moreau", "Dr Claire Moreau", "physician", "dermatology", "Lyon", "FR", "Europe", "Europe/Paris",
               ("fr", "en"), 14, available=("dermatology", "allergy")),
    DemoPerson("rao", "Dr Vikram Rao", "physician", "infectious_disease", "Chennai", "IN", "Asia", "Asia/Kolkata",
               ("en", "ta", "hi"), 11, available=("infectious_disease", "tropical_medicine")),
    DemoPerson("santos", "Dr Beatriz Santos", "physician", "general_medicine", "Porto", "PT", "Europe",
               "Europe/Lisbon", ("pt", "en"), 8, available=("general_medicine",)),
    DemoPerson("haddad", "Dr Samir Haddad", "physician", "endocrinology", "Amman", "JO", "Middle East", "Asia/Amman",
               ("ar", "en"), 19, "diabetology"),
    DemoPerson("kim", "Dr Ji-woo Kim", "resident", "neurology", "Busan", "KR", "Asia", "Asia/Seoul", ("ko", "en"), 3,
               "stroke"),
    DemoPerson("walsh", "Aoife Walsh", "pharmacist", "clinical_pharmacology", "Cork", "IE", "Europe",
               "Europe/Dublin", ("en",), 16, available=("clinical_pharmacology",)),
    DemoPerson("nilsen", "Dr Ingrid Nilsen", "physician", "cardiology", "Bergen", "NO", "Europe", "Europe/Oslo",
               ("no", "en"), 26, "electrophysiology", quiet=(time(0, 0), time(0, 0))),
)


def create_people() -> dict[str, Account]:
    """Make those of the demo who are not there yet, refresh everyone's clocks, and return accounts by short name."""
    now = timezone.now()
    with transaction.atomic():
        found = {account.email: account for account in Account.objects.filter(email__in=[p.email for p in PEOPLE])}
        hashed = make_password(PASSWORD) if len(found) < len(PEOPLE) else ""  # one for all: a hash takes half a second
        people = {person.who: found.get(person.email) or _create(person, hashed) for person in PEOPLE}
    badges.forget_classes()
    for person in PEOPLE:
        account = people[person.who]
        account.interruptions.all().delete()
        if person.available:
            set_availability(account, True, list(person.available), now)
    return people


def _create(person: DemoPerson, hashed: str) -> Account:
    quiet_from, quiet_to = person.quiet or (None, None)
    account = services.create_member(
        person.email, None, verified=True, name=person.name, role=person.role, specialty=person.specialty,
        subspecialty=person.subspecialty, country=person.country, region=person.region,
        time_zone=person.time_zone, languages=list(person.languages), years=person.years, is_staff=person.staff,
        quiet_from=quiet_from, quiet_to=quiet_to)
    account.password = hashed
    account.save(update_fields=["password"])
    return account
