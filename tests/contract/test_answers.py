"""Real answers against the document: generated requests to every operation, through the real stack."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from config.wsgi import application
from tests.contract.operations import document

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
whole = schemathesis.openapi.from_dict(document())
whole.app = application
# A login per example would be throttled, and rightly; tests/config/test_login.py tries it.
tried = whole.exclude(operation_id="tokens_create")


@pytest.fixture
def token(client_of, settings) -> Iterator[str]:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 0)
    for signal in (request_started, request_finished):  # a real server closes its connection here; the test's must live
        signal.disconnect(close_old_connections)
    yield client_of("admin")._credentials["HTTP_AUTHORIZATION"]
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@tried.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_the_document_says(case, token):
    with transaction.atomic():  # each request by itself, as in life: what one breaks does not reach the next
        transaction.set_rollback(True)
        case.call_and_validate(headers={"Authorization": token}, checks=CHECKS)
