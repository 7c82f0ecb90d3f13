"""Settings common to every way of running. All values come from the environment through ``settings.env``."""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from realtime.protocol import Limits
from settings import env
from settings.engines import endpoints
from settings.keys import PURPOSES, SIGNING_IN, derive, kept_master
from settings.logs import LOGGING as LOGGING  # noqa: PLC0414  (Django reads it here)
from settings.network import host_address, host_addresses, ice_urls, listening, stream_url
from settings.parts import *
from settings.trunks import ports, sip_trunks

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"), "where the embedded default keeps its database and key",
                        shown="var"))

# --- secrets ---------------------------------------------------------------------------------------------
_master = env.secret("MASTER_KEY", None, "the master secret; without it one is made and kept under VAR_DIR")
CURBSIDE_MASTER_KEPT = _master is None
MASTER_KEY = _master or kept_master(VAR_DIR / "master.key")
_signing_in = env.secret("SIGNIN_KEY", None, "a key of their own for sessions, tickets, tokens and drafts on devices; "
                         "changing it signs everybody out and nothing else; by default the master key's")
CURBSIDE_KEYS = {purpose: derive((_signing_in or MASTER_KEY) if purpose in SIGNING_IN else MASTER_KEY, purpose)
                 for purpose in PURPOSES}
CURBSIDE_NUMBER_KEYS = env.keys("NUMBER_KEYS", {1: CURBSIDE_KEYS["numbers"]},
                                "later versions of the key that seals numbers and patients; version 1 is derived")
SECRET_KEY = base64.b64encode(CURBSIDE_KEYS["django"]).decode()
CURBSIDE_SUMMARY_KEY = env.secret("SUMMARY_KEY", CURBSIDE_KEYS["summary"],
                                  "Ed25519 seed that signs consult summaries; by default derived")
_vapid = env.secret("VAPID_KEY", CURBSIDE_KEYS["vapid"], "P-256 private key of web push; by default derived") or b""
CURBSIDE_VAPID_KEY = base64.urlsafe_b64encode(_vapid).decode().rstrip("=")
CURBSIDE_VAPID_SUBJECT = env.text("VAPID_SUBJECT", "mailto:operator@example.org", "whom a push service writes to")

# --- where we are ----------------------------------------------------------------------------------------
CURBSIDE_PUBLIC_URL = env.address("PUBLIC_URL", "http://localhost:8000", "the address that members open",
                                  schemes=("http", "https"))
_hosts = dict.fromkeys([urlsplit(CURBSIDE_PUBLIC_URL).hostname or "", "localhost", "127.0.0.1", "[::1]"])
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", list(_hosts), "host names that are answered")
CURBSIDE_ORIGINS = env.words("ORIGINS", [CURBSIDE_PUBLIC_URL], "web origins whose pages may open the socket")
CSRF_TRUSTED_ORIGINS = CURBSIDE_ORIGINS
CURBSIDE_DEMO = env.flag("DEMO", False, "demo members with one-click sign-in; never on a real installation")
DEBUG = env.flag("DEBUG", False, "Django's debug pages; never on a real installation")
SECURE = CURBSIDE_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
_behind_proxy = env.flag("BEHIND_PROXY", False, "a proxy in front sets X-Forwarded-Proto and X-Forwarded-For")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _behind_proxy else None
CURBSIDE_BEHIND_PROXY = _behind_proxy
ALLAUTH_TRUSTED_PROXY_COUNT = int(_behind_proxy)  # whose sign-ins are slowed down: the caller's, not the proxy's
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "curbside_session"
CSRF_COOKIE_NAME = "curbside_csrf"
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- data ------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", VAR_DIR / "curbside.sqlite3", "the database")}
CURBSIDE_REDIS_URL = env.address("REDIS_URL", "", "Redis, the doorbell between processes; empty: no Redis",
                                 schemes=("redis", "rediss"))
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "realtime.layer.RedisLayer",
        "CONFIG": {"hosts": [{"address": CURBSIDE_REDIS_URL, "socket_timeout": None, "max_connections": 10_000}]},
    }
    if CURBSIDE_REDIS_URL
    else {"BACKEND": "realtime.layer.InMemoryLayer"}
}

# --- who signs in ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "members.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "members.adapters.AccountAdapter"
MFA_ADAPTER = "members.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser", "app")
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": CURBSIDE_PUBLIC_URL + "/verify-email/{key}",
    "account_reset_password_from_key": CURBSIDE_PUBLIC_URL + "/reset/{key}",
    "account_signup": CURBSIDE_PUBLIC_URL + "/",
}
USERSESSIONS_TRACK_ACTIVITY = False
PASSWORD_HASHERS = ["members.hashing.BoundedScrypt", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CURBSIDE_BADGE_K = env.whole("BADGE_K", 11, "how many verified members must share a badge", least=1)

# --- mail: sign-in only; without a server none is sent, since a printed one would put addresses and links into logs
_mail = urlsplit(env.address("EMAIL_URL", "", "the mail server, smtp://user:password@host:port; empty: no mail is sent",
                             schemes=("smtp", "smtps")))
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _mail.hostname else 'dummy'}.EmailBackend"
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = not EMAIL_USE_SSL
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "curbside@localhost", "the sender of mail")

# --- what is served --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing one
STATICFILES_DIRS = [("client", BASE_DIR / "client")]
WHITENOISE_USE_FINDERS = True
_sockets = [origin.replace("http", "ws", 1) for origin in CURBSIDE_ORIGINS]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *_sockets],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["lit-html", "curbside"],
    }
}

# --- words and times -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- the server ------------------------------------------------------------------------------------------
CURBSIDE_DRAIN_S = env.seconds("DRAIN_S", 5.0, "over how many seconds clients come back after a drain")

# --- who watches it --------------------------------------------------------------------------------------
CURBSIDE_METRICS_TOKEN = env.token("METRICS_TOKEN", "whoever says it may read /metrics; empty: only this machine, and "
                                   "nobody behind a proxy", least=24)
CURBSIDE_PROCESS = env.text("PROCESS", "", "what this process is called on the platform team's page; empty: the host")
CURBSIDE_BUILD = env.text("BUILD", "", "what this build is called in metrics and on the platform team's page")

# --- how long text is kept -------------------------------------------------------------------------------
CURBSIDE_KEEP_DAYS = {
    kind: env.whole(f"KEEP_{kind.upper()}_DAYS", days, f"after how many days {what}; 0: never", most=36_500)
    for kind, days, what in (
        ("consult", 365, "the text of a consult that has ended is erased"),
        ("case", 1825, "the text of a case that is closed is erased"),
        ("call", 365, "whom a call was for and why is erased from its events; its record stays"),
        ("inbox", 30, "what offers showed of a question is erased from inboxes"),
    )
}

# --- calls -----------------------------------------------------------------------------------------------
CURBSIDE_CARRIER = env.choice("CARRIER", ("loopback", "twilio", "sip"), "loopback", "who carries calls; loopback calls "
                              "nobody, sip is trunks of your own")
CURBSIDE_CALL_SPANS = {name: env.seconds(f"CALL_{name.upper()}_S", default, use, least=0.01) for name, default, use in (
    ("clinician_answer", 25.0, "how long the clinician's own phone may ring"),
    ("press_one", 15.0, "how long the clinician has to press 1"),
    ("patient_answer", 45.0, "how long the patient's phone may ring"),
    ("teardown", 10.0, "after which silence a leg that was hung up counts as ended"),
    ("max_duration", 3600.0, "longest call"),
    ("dial_uncertain", 30.0, "how long a dial whose answer was lost is looked for at the carrier"),
    ("media_warn", 10.0, "after how long without sound the clinician is warned"),
    ("media_lost", 20.0, "after how long without sound a browser's leg is given up"),
)}
CURBSIDE_KEEP_NUMBER_DAYS = env.whole("KEEP_NUMBER_DAYS", 90, "after how many days the sealed numbers of a call and "
                                      "what was refused are erased; a record keeps the last two digits; 0: never",
                                      most=36_500)
CURBSIDE_KEEP_PATIENT_DAYS = env.whole("KEEP_PATIENT_DAYS", 1_095, "after how many days a patient whom nobody called "
                                       "or looked at is erased from the address book; 0: never", most=36_500)
CURBSIDE_CALL_REGIONS = env.words("CALL_REGIONS", [], "regions (ISO 3166) that every clinic may call besides its own "
                                  "country")
CURBSIDE_CALL_LIMITS = {name: env.whole(f"CALL_{name.upper()}", default, use, least=1) for name, default, use in (
    ("concurrent_calls", 20, "calls of one clinic at once"),
    ("trunk_calls", 200, "calls of the carrier at once"),
    ("attempts_minute", 4, "calls that a member begins in a minute"),
    ("attempts_hour", 30, "calls that a member begins in an hour"),
    ("attempts_day", 120, "calls that a member begins in 24 hours"),
    ("destinations_hour", 20, "different numbers that a member calls in an hour"),
    ("minutes_day", 3_000, "minutes of a clinic's calls in 24 hours; one that goes on counts with all it may last"),
    ("cents_day", 20_000, "what a clinic's calls may cost in 24 hours, in hundredths of the currency"),
)}
CURBSIDE_CALL_PRICES = env.prices("CALL_CENTS_MINUTE", 5, "what a minute of a call costs, both legs together, in "
                                  "hundredths of the currency: everywhere, and in regions that cost otherwise")
CURBSIDE_CALL_THREADS = env.whole("CALL_THREADS", 16, "requests to a carrier at once, of one call loop; when all are "
                                  "taken, 4 more still end legs", least=1, most=256)
CURBSIDE_CALL_LEASE_S = env.seconds("CALL_LEASE_S", 16.0, "after which a call loop that claimed something and fell "
                                    "silent counts as dead; more than a carrier may take to answer (8)", least=0.1)
_FICTIONAL = "+16175550199"
_service_number = env.telephone("SERVICE_NUMBER", "", "the one number from which members' own phones are rung; Twilio "
                                "and trunks need one of their own", shown=_FICTIONAL)
CURBSIDE_SERVICE_NUMBER = _service_number or _FICTIONAL
CURBSIDE_LOOPBACK_PACE = env.rate("LOOPBACK_PACE", 1.0, "how many times quicker than a person the loopback carrier is")
CURBSIDE_MEDIA_CALLS = env.whole("MEDIA_CALLS", 60, "calls over a browser at once, of one media worker", least=1)
CURBSIDE_MEDIA_ADDRESSES = host_addresses("MEDIA_ADDRESSES", "addresses on which a media worker listens for "
                                          "browsers; empty: all of its machine")
CURBSIDE_MEDIA_PUBLIC_ADDRESS = host_address("MEDIA_PUBLIC_ADDRESS", "the IPv4 address at which browsers reach a "
                                             "media worker behind one-to-one NAT; empty: those on which it listens")
CURBSIDE_MEDIA_DRAIN_S = env.seconds("MEDIA_DRAIN_S", 10.0, "how long a media worker that is told to end waits for its "
                                     "calls before it ends them")
CURBSIDE_MEDIA_STREAM_URL = stream_url("MEDIA_STREAM_URL", "the address at which Twilio brings the sound of calls "
                                       "to this media worker, its own; empty: no calls over a browser by Twilio")
CURBSIDE_MEDIA_STREAM_LISTEN = listening("MEDIA_STREAM_LISTEN", ("127.0.0.1", 8090), "where this media worker "
                                         "listens for that, behind a proxy that speaks TLS")
CURBSIDE_MEDIA_PLANE = env.choice("MEDIA_PLANE", ("worker", "rtpengine"), "worker", "what carries the sound of calls: "
                                  "the media workers, or rtpengines that they command")
CURBSIDE_RTPENGINES = endpoints("RTPENGINES", "where the rtpengines take orders (listen-ng), each at the address of "
                                "its inner side")
if CURBSIDE_MEDIA_PLANE == "rtpengine" and not CURBSIDE_RTPENGINES:
    raise ImproperlyConfigured("CURBSIDE_MEDIA_PLANE=rtpengine needs CURBSIDE_RTPENGINES")
CURBSIDE_SLIP_HOURS = env.whole("SLIP_HOURS", 72, "after how many hours a slip at a clinic's desk expires", least=1,
                                 most=720)
CURBSIDE_OUTCOME_HOURS = env.whole("OUTCOME_HOURS", 72, "for how many hours after a call its clinician can say how it "
                                   "went", least=1, most=720)
CURBSIDE_WEBHOOK_URL = env.address("WEBHOOK_URL", CURBSIDE_PUBLIC_URL, "the address at which a carrier reaches the "
                                   "service, as its signatures name it; by default the public one",
                                   schemes=("http", "https"))
ALLOWED_HOSTS = list(dict.fromkeys([*ALLOWED_HOSTS, urlsplit(CURBSIDE_WEBHOOK_URL).hostname or ""]))
CURBSIDE_TWILIO_ACCOUNT = env.text("TWILIO_ACCOUNT", "", "the SID of the account at Twilio, AC…")
CURBSIDE_TWILIO_TOKENS = env.words("TWILIO_TOKENS", [], "auth tokens of that account: the first one asks, each of them "
                                   "may have signed a webhook, so that a token can be replaced")
CURBSIDE_TWILIO_URL = env.address("TWILIO_URL", "", "where Twilio's REST interface is; empty: at Twilio",
                                  schemes=("http", "https"))
if CURBSIDE_CARRIER == "twilio" and not (CURBSIDE_TWILIO_ACCOUNT and CURBSIDE_TWILIO_TOKENS):
    raise ImproperlyConfigured("CURBSIDE_CARRIER=twilio needs CURBSIDE_TWILIO_ACCOUNT and CURBSIDE_TWILIO_TOKENS")
# A number that nobody has: only a stand-in for Twilio takes it, and only where it was named.
if CURBSIDE_CARRIER == "twilio" and CURBSIDE_SERVICE_NUMBER == _FICTIONAL and not (
        CURBSIDE_TWILIO_URL and _service_number):
    raise ImproperlyConfigured("CURBSIDE_CARRIER=twilio needs CURBSIDE_SERVICE_NUMBER, a number of that account")

# --- telephones over SIP trunks --------------------------------------------------------------------------
if CURBSIDE_CARRIER == "sip" and not _service_number:
    raise ImproperlyConfigured("CURBSIDE_CARRIER=sip needs CURBSIDE_SERVICE_NUMBER, a number that trunks let you show")
CURBSIDE_SIP_TRUNKS = sip_trunks("SIP_TRUNKS", "the SIP trunks of a media worker in the order in which they are asked, "
                                 "the first preferred; no other process needs them")
CURBSIDE_SIP_ADDRESS = host_address("SIP_ADDRESS", "the address of its machine on which a media worker takes the sound "
                                    "of trunks")
CURBSIDE_SIP_PUBLIC_ADDRESS = host_address("SIP_PUBLIC_ADDRESS", "where trunks send that sound, behind one-to-one NAT; "
                                           "empty: to CURBSIDE_SIP_ADDRESS")
CURBSIDE_SIP_PORTS = ports("SIP_PORTS", range(16384, 32768), "UDP ports for the sound of trunks, of which even ones "
                           "are taken, one a telephone")
CURBSIDE_SIP_SESSION_S = env.whole("SIP_SESSION_S", 180, "after how many seconds without a sign of life a trunk ends a "
                                   "call whose media worker has died (session timer, RFC 4028)", least=90, most=86_400)

# --- what browsers reach the sound of calls by -----------------------------------------------------------
CURBSIDE_STUN_URLS = ice_urls("STUN_URLS", "STUN servers that a browser's call may ask for its own address",
                              schemes=("stun", "stuns"))
CURBSIDE_TURN_URLS = ice_urls("TURN_URLS", "TURN servers that carry a call's sound out of a strict network",
                              schemes=("turn", "turns"))
CURBSIDE_TURN_SECRET = env.token("TURN_SECRET", "what those TURN servers share with the service (static-auth-secret "
                                 "of coturn); credentials made by it end with the call", least=16)
if CURBSIDE_TURN_URLS and not CURBSIDE_TURN_SECRET:
    raise ImproperlyConfigured("CURBSIDE_TURN_URLS needs CURBSIDE_TURN_SECRET")

# --- the wire --------------------------------------------------------------------------------------------
def _limit(name: str, default: Any, use: str) -> Any:
    if name.endswith("_rate"):
        return env.rate("LIMIT_" + name.upper(), default, use)
    if isinstance(default, float):
        return env.seconds("LIMIT_" + name.upper(), default, use, least=0.01)
    return env.whole("LIMIT_" + name.upper(), default, use, least=1)


_limits: dict[str, Any] = {name: _limit(name, default, use) for name, default, use in Limits.described()}
CURBSIDE_LIMITS = Limits(**_limits)
