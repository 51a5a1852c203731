from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The right person, at the right hour, once, and what came of it."""

    name = "campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from campaigns import eligibility, revoking
        from crm import calling, suppression

        for name, rule in eligibility.RULES.items():
            calling.rules.add(name, rule)
        revoking.declare()
        suppression.told.add("campaigns", revoking.let_go)
