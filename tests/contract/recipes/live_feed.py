"""Recipes of the live feed and of announcements."""

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.announcements import AnnouncementFactory
from tests.factories.crm import TeamFactory


@recipe("stream_retrieve", "stream_ticket", "feed_retrieve")
def my_own() -> Asked:
    return Asked()


@recipe("announcements_list", "announcements_retrieve", "announcements_withdraw")
def an_announcement() -> Asked:
    return Asked(AnnouncementFactory())


@recipe("announcements_create")
def new_announcement() -> Asked:
    return Asked(body={"text": "Call nobody before ten.", "team": str(TeamFactory().pk), "until": "2036-12-01T12:00:00+03:00"})
