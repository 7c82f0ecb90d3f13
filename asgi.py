"""The composition root: what the apps give to the wire, HTTP beside it. Nothing imports this but a server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.dev")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import URLRouter  # noqa: E402  (after Django is set up)
from django.urls import path  # noqa: E402

import consults.commands  # noqa: E402
import consults.services  # noqa: E402
import consults.timers  # noqa: E402
import members.availability  # noqa: E402
import members.clinic_members  # noqa: E402
import members.notices  # noqa: E402
import members.vault  # noqa: E402
import voice.commands  # noqa: E402
import voice.doorway  # noqa: E402
import voice.timers  # noqa: E402
from realtime.commands import Wire  # noqa: E402
from realtime.consumers import SocketConsumer  # noqa: E402
from realtime.process import Application  # noqa: E402
from realtime.serving import PATH  # noqa: E402

wire = Wire(
    prepares=consults.commands.PREPARES,
    services={**consults.commands.SERVICES, **voice.commands.SERVICES},
    own={**consults.commands.OWN, **voice.commands.OWN},
    timers={
        **consults.timers.TIMERS, **members.availability.TIMERS, **members.clinic_members.TIMERS,
        **members.notices.TIMERS, **voice.timers.TIMERS,
    },
    find_seats=members.vault.find_seats,
    inbox_of=members.vault.inbox_of,
    appended=consults.services.wake_unread,
)
application = Application(
    wire, http, URLRouter([path(PATH[1:], SocketConsumer.as_asgi())]),
    beside={voice.doorway.PREFIX: voice.doorway.serve},
)  # fmt: skip
