"""The addresses of the web client."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
