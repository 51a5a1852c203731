from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The right person, at the right hour, once, and what came of it."""

    name = "campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from campaigns import conversions
        from crm import lifecycle, ordering

        ordering.placed.add("conversions", conversions.order_placed)
        ordering.called_off.add("conversions", conversions.order_called_off)
        lifecycle.stepped.add("conversions", conversions.came_to)
