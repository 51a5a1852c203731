from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The ground that has tables: people, tokens, history, jobs."""

    name = "config.platform"
    label = "platform"
    verbose_name = "People and access"

    def ready(self) -> None:
        from config.platform.webhooks import settling

        settling.declare()
