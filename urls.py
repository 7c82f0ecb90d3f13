"""The HTTP addresses, put together from the apps."""

from django.contrib import admin
from django.urls import include, path
from ninja import NinjaAPI

import client.urls
import consults.views
import members.views
import realtime.platform
import realtime.views
import voice.views.calls
import voice.views.clinic_calls
import voice.views.incoming
import voice.views.media
import voice.views.numbers
import voice.views.patients
import voice.views.pauses
import voice.views.phone
import voice.webhooks
from members.admin_sign_in import sign_in_elsewhere
from members.auth import signed_in
from members.problems import answer_problems

api = NinjaAPI(title="Curbside", version="1", urls_namespace="api", docs_url=None, auth=signed_in)
answer_problems(api)
api.add_router("", members.views.router)
api.add_router("", consults.views.router)
api.add_router("", realtime.views.router)
api.add_router("", realtime.platform.router)
api.add_router("", voice.views.calls.router)
api.add_router("", voice.views.clinic_calls.router)
api.add_router("", voice.views.incoming.router)
api.add_router("", voice.views.media.router)
api.add_router("", voice.views.numbers.router)
api.add_router("", voice.views.patients.router)
api.add_router("", voice.views.pauses.router)
api.add_router("", voice.views.phone.router)

admin.site.login = sign_in_elsewhere  # type: ignore[method-assign]  # the way that Django names for another sign-in

urlpatterns = [
    path("healthz", realtime.views.healthz),
    path("readyz", realtime.views.readyz),
    path("api/v1/", api.urls),
    *voice.webhooks.urlpatterns,
    path("_allauth/<slug:client>/v1/auth/signup", members.views.refuse_signup),
    path("_allauth/", include("allauth.headless.urls")),
    path("accounts/", include("allauth.urls")),
    path("staff/admin/", admin.site.urls),
    *client.urls.urlpatterns,
]
