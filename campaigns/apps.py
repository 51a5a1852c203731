from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The right person, at the right hour, once, and what came of it."""

    name = "campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from calls import call_requests, consequences, linking
        from calls.demo import loading
        from campaigns import conversions, demo, eligibility, outcomes, reporting, revoking, running
        from config.platform import origins
        from crm import calling, lifecycle, ordering, suppression

        for name, rule in eligibility.RULES.items():
            calling.rules.add(name, rule)
        revoking.declare()
        running.declare()
        suppression.told.add("campaigns", revoking.let_go)
        linking.made_for.add("attempts", outcomes.meets)
        consequences.consequences.add("campaigns", outcomes.follow)
        call_requests.contexts.add("attempt", reporting.context_of)
        origins.kinds.add("attempt", reporting.exists)
        ordering.placed.add("conversions", conversions.order_placed)
        ordering.called_off.add("conversions", conversions.order_called_off)
        lifecycle.stepped.add("conversions", conversions.came_to)
        loading.further.add("campaigns", demo.load)
