from django.apps import AppConfig


class CallsConfig(AppConfig):
    """What happened on the line."""

    name = "calls"
    verbose_name = "Calls"
