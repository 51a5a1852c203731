from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The right person, at the right hour, once, and what came of it."""

    name = "campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from calls import call_requests, consequences, effects, errands, linking, wallboard
        from calls.demo import loading
        from campaigns import (
            campaign_columns,
            campaign_filters,
            contact_facts,
            conversions,
            demo,
            effects_on_conversions,
            eligibility,
            erasure,
            handout,
            live_figures,
            outcomes,
            reporting,
            revoking,
            running,
        )
        from campaigns.surveys import erasure as survey_traces
        from campaigns.surveys import happenings
        from config.api import metrics
        from config.platform import origins
        from crm import (
            calling,
            contact_filters,
            contacts,
            lifecycle,
            lookup,
            merging,
            ordering,
            retention,
            saved_filters,
            suppression,
            timeline,
        )
        from crm import erasure as crm_erasure
        from crm.exporting.entities import entities

        for name, rule in eligibility.RULES.items():
            calling.rules.add(name, rule)
        handout.declare()
        revoking.declare()
        running.declare()
        suppression.told.add("campaigns", revoking.let_go)
        contacts.numbers_gained.add("campaigns", revoking.gained)
        linking.made_for.add("attempts", outcomes.meets)
        consequences.consequences.add("campaigns", outcomes.follow)
        effects.kinds.add(effects_on_conversions.KIND, effects_on_conversions.CONVERSIONS)
        call_requests.contexts.add("attempt", reporting.context_of)
        origins.kinds.add("attempt", reporting.exists)
        errands.errands.add("attempts", reporting.errand_of)
        ordering.placed.add("conversions", conversions.order_placed)
        ordering.called_off.add("conversions", conversions.order_called_off)
        lifecycle.stepped.add("conversions", conversions.came_to)
        timeline.sources.add("attempts", contact_facts.attempts_of_contact)
        timeline.sources.add("conversions", contact_facts.conversions_of_contact)
        lookup.open_matters.add("campaigns", contact_facts.open_matters)
        retention.reached.add("campaigns", contact_facts.reached)
        for name, narrowed in contact_facts.FILTERS.items():
            contact_filters.more.add(name, narrowed)
        merging.joined.add("campaigns", contact_facts.joined)
        merging.parted.add("campaigns", contact_facts.parted)
        crm_erasure.holders.add("campaigns", erasure.HOLDER)
        crm_erasure.vetoes.add("campaigns", erasure.reasons_against)
        wallboard.tiles.add("campaigns", live_figures.tile)
        metrics.gauges.add("campaigns", live_figures.gauges)
        loading.further.add("campaigns", demo.load)
        for name, choose, entity in (
            ("targets", campaign_filters.targets, campaign_columns.TARGETS),
            ("attempts", campaign_filters.attempts, campaign_columns.ATTEMPTS),
            ("survey_responses", campaign_filters.survey_responses, campaign_columns.SURVEY_RESPONSES),
        ):
            saved_filters.lists.add(name, choose)
            entities.add(name, entity)
        timeline.sources.add("survey_responses", happenings.happenings)
        crm_erasure.holders.add(
            "answers_to_surveys", survey_traces.HOLDER
        )  # before "calls", which forgets the numbers by which some are found
