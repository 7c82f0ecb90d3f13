"""Accounts, clinics, the vault, availability, devices and tokens."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from members import taxonomy
from realtime.models import ID_LENGTH, new_id

MARK_LENGTH = 43  # a 32-byte keyed digest in base64url
DAILY_BUDGET = 12


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts. There is no user name: the email signs in."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        """Store and return an account; without a password it cannot sign in by one."""
        if not email:
            raise ValueError("an account needs an email")
        account = self.model(email=email.strip().lower(), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        """Store and return an account that may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Return the account of an email, however it is cased."""
        return self.get(email=(username or "").strip().lower())


class Account(AbstractBaseUser, PermissionsMixin):
    """One person. Peers never see anything of this row but what a badge says.

    `verified_at` stands for the three checks until each has a record of its own. `quiet_from` and `quiet_to` are
    wall-clock times in `time_zone`; both or neither. `inbox` is the sealed pair of the inbox's stream and seat.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=32, choices=[(r.code, r.name) for r in taxonomy.ROLES.values()])
    specialty = models.CharField(max_length=48, blank=True, db_index=True)
    subspecialty = models.CharField(max_length=48, blank=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=32, blank=True)
    languages = models.JSONField(default=list, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    years = models.PositiveSmallIntegerField(default=0)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    daily_budget = models.PositiveSmallIntegerField(
        default=DAILY_BUDGET, validators=[MinValueValidator(0), MaxValueValidator(200)]
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    inbox = models.BinaryField(null=True, editable=False)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="members_account_quiet_both",
                condition=models.Q(quiet_from=None, quiet_to=None)
                | models.Q(quiet_from__isnull=False, quiet_to__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name, for Django's admin."""
        return self.name

    def get_short_name(self) -> str:
        """Return the name, for Django's admin."""
        return self.name


class Vault(models.Model):
    """Whose seat is whose: keyed digests to find a row by, and the pair sealed. ``vault.py`` is the only door.

    The key is random, so that the order of rows tells nothing that a digest does not.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    account_mark = models.CharField(max_length=MARK_LENGTH, db_index=True)
    seat_mark = models.CharField(max_length=MARK_LENGTH, unique=True)
    place_mark = models.CharField(max_length=MARK_LENGTH, unique=True)
    pair = models.BinaryField()

    class Meta:
        verbose_name_plural = "vault"


class Availability(models.Model):
    """Whether a member takes questions now, until when, and why not any more. `missed` counts offers in a row."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="availability")
    on = models.BooleanField(default=False)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=16, blank=True)
    missed = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "availability"
        indexes = [models.Index(fields=["on", "until"], name="members_available_now")]


class AvailableFor(models.Model):
    """One specialty that a member takes questions for."""

    availability = models.ForeignKey(Availability, models.CASCADE, related_name="fields")
    specialty = models.CharField(max_length=48)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["specialty", "availability"], name="members_available_once")]


class Interruption(models.Model):
    """One offer that was made to a member: the daily budget counts these."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="interruptions", db_index=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "at"], name="members_interruption_day")]


class Device(models.Model):
    """A browser that can be woken by web push. `subscription` (endpoint and keys) is sealed; `session` is a digest."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    account = models.ForeignKey(Account, models.CASCADE, related_name="devices")
    endpoint_mark = models.CharField(max_length=MARK_LENGTH, unique=True)
    subscription = models.BinaryField()
    label = models.CharField(max_length=80, blank=True)
    session = models.CharField(max_length=MARK_LENGTH, blank=True, db_index=True)
    added_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveSmallIntegerField(default=0)


class Token(models.Model):
    """What a phone or a program signs in with. Only its keyed digest is kept."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    account = models.ForeignKey(Account, models.CASCADE, related_name="tokens")
    mark = models.CharField(max_length=MARK_LENGTH, unique=True)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)


class Clinic(models.Model):
    """A clinic in whose name patients are called. The platform team verifies it: `evidence` says by what.

    `country` is two letters of ISO 3166: the region in which a number without a country is read.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    country = models.CharField(max_length=2)
    time_zone = models.CharField(max_length=64)
    state = models.CharField(
        max_length=9, default="waiting", choices=[(s, s) for s in ("waiting", "verified", "suspended")]
    )
    evidence = models.TextField(blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class ClinicMembership(models.Model):
    """Somebody's place in a clinic, from the day they joined until they left; who comes back gets another row."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=13, choices=[(r, r) for r in ("physician", "desk", "administrator")])
    can_free_dial = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "account"], name="members_once_in_a_clinic", condition=models.Q(left_at=None)
            )
        ]


class ClinicInvitation(models.Model):
    """An email that may join a clinic. Whether it has an account is told to nobody, so none is looked up here."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="invitations")
    email_mark = models.CharField(max_length=MARK_LENGTH, db_index=True)
    email = models.BinaryField()
    role = models.CharField(max_length=13)
    can_free_dial = models.BooleanField(default=False)
    invited_by = models.ForeignKey(Account, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "email_mark"], name="members_invited_once")]


class Notice(models.Model):
    """Something that waits to stand in a member's inbox, sealed."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    account = models.ForeignKey(Account, models.CASCADE, related_name="notices")
    body = models.BinaryField()


class RegistryImport(models.Model):
    """One file of a registry that was taken in, or is being: where it stands, so that it can go on from there.

    `digest` names the file; `offset` and `line` are behind what is stored. What is stored carries the import's key.
    """

    registry = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    offset = models.BigIntegerField(default=0)
    line = models.BigIntegerField(default=1)
    stored = models.BigIntegerField(default=0)
    wrong = models.BigIntegerField(default=0)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registry"], name="members_one_import_of_a_registry", condition=models.Q(ended_at=None)
            )
        ]


class RegistryEntry(models.Model):
    """What a registry says of one number; `members/registry/reading.py` says what each field holds."""

    pk = models.CompositePrimaryKey("registry", "number")
    registry = models.CharField(max_length=16)
    number = models.CharField(max_length=32)
    family = models.CharField(max_length=120)
    given = models.CharField(max_length=120)
    middle = models.CharField(max_length=120)
    former = models.CharField(max_length=120)
    credential = models.CharField(max_length=120)
    region = models.CharField(max_length=120)
    fields = models.CharField(max_length=400)
    licences = models.CharField(max_length=400)
    issued_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    standing = models.BooleanField()
    release = models.ForeignKey(RegistryImport, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name_plural = "registry entries"
