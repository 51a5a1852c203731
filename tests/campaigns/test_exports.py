"""Targets and attempts are exported by the filters of their lists, and whoever is erased finds the files that they are in."""

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from campaigns import campaign_columns
from crm import contact_filters, saved_filters
from crm.exporting import jobs
from crm.models import Export
from tests.factories.campaigns import AnswerFactory, AttemptFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("entity", "known"), [("targets", campaign_columns.TARGETS), ("attempts", campaign_columns.ATTEMPTS)])
def test_a_file_has_the_rows_of_its_filter_and_all_columns(settings, tmp_path, entity, known):
    settings.MEDIA_ROOT = tmp_path
    by, now = UserFactory(role="supervisor"), timezone.now()
    mine, other = AttemptFactory(), AttemptFactory()
    row = mine.target if entity == "targets" else mine
    asked = {"campaign": str(mine.campaign_id), "state": ["leased"]}
    export = jobs.order(entity=entity, form="csv", query=asked, columns=list(known.columns()), by=by, now=now)
    while jobs.run_owed(now=timezone.now()):
        pass
    export = Export.objects.get(pk=export.pk)
    text = default_storage.open(export.file.name).read().decode("utf-8-sig")
    assert str(row.pk) in text and mine.campaign.number in text and other.campaign.number not in text
    assert known.of_person(mine.contact_id) == [row.pk]
    agents = saved_filters.chosen(entity, query={}, by=UserFactory(role="agent"), now=now)
    assert not agents.exists()
    for wrong in ({"nothing": "1"}, {"state": "x"}, {"campaign": "x"}, {"campaign": [str(mine.campaign_id)] * 2}, {"reason": "\0"}):
        with pytest.raises(contact_filters.FilterInvalid):
            list(
                saved_filters.chosen(entity, query=wrong if entity == "targets" or "reason" not in wrong else {"call": "x"}, by=by, now=now)
            )


def test_a_file_of_responses_tells_the_answers_that_count(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    by, now = UserFactory(role="supervisor"), timezone.now()
    said = AnswerFactory(question__key="recommend", value=9)
    AnswerFactory(
        response=said.response, question__survey_version=said.question.survey_version, question__key="gone", value=1, is_counted=False
    )
    AnswerFactory(question__key="other", value=3)
    known = campaign_columns.SURVEY_RESPONSES
    asked = {"survey_version": str(said.question.survey_version_id)}
    export = jobs.order(entity="survey_responses", form="csv", query=asked, columns=list(known.columns()), by=by, now=now)
    while jobs.run_owed(now=timezone.now()):
        pass
    text = default_storage.open(Export.objects.get(pk=export.pk).file.name).read().decode("utf-8-sig")
    assert '""recommend"": 9' in text and "gone" not in text and "other" not in text
    assert known.of_person(said.response.contact_id) == [said.response_id]
