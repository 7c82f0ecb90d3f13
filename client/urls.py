"""The client's own addresses: every screen is the same shell."""

from django.urls import path

from client.shell import show_files, show_shell, show_worker

SCREENS = ("", "sign-in", "consults", "cases", "calls", "clinic", "me", "platform", "verify", "who-knows-what")

urlpatterns = [
    path("sw.js", show_worker),
    path("shell.json", show_files),
    *(path(name, show_shell) for name in SCREENS),
    path("consults/<str:r>", show_shell),
    path("consults/<str:r>/summary", show_shell),
    path("calls/<str:r>", show_shell),
    path("clinic/<uuid:clinic>", show_shell),
    path("clinic/<uuid:clinic>/<slug:part>", show_shell),
]
