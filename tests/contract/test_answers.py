"""P16: real answers against the document: generated requests to every operation, through the real stack, on rows that exist and on none."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from config.platform.models import Scope
from config.wsgi import application
from tests.contract.operations import Operation, document, operations
from tests.contract.recipes import RECIPES

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
BOUNDED = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
whole = schemathesis.openapi.from_dict(document())
whole.app = application
# Every guess at a password would count as a failed login, and rightly; tests/config/test_throttling.py tries it.
# A stream has no end, and its events are lines of text; tests/stream reads them.
TRIED = [one for one in operations() if one.id not in {"tokens_create", "stream_retrieve"}]
every_operation = pytest.mark.parametrize("operation", TRIED, ids=lambda one: one.id)


@pytest.fixture
def real_stack(settings, tmp_path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    for signal in (request_started, request_finished):  # a real server closes its connection here; the test's must live
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def admin(client_of, real_stack) -> str:
    return client_of("admin").token


@pytest.fixture
def integration(client_of, real_stack) -> str:
    return client_of("integration", scopes=Scope.values).token


def holds_to_the_document(case, token: str, *, is_there: bool) -> None:
    with transaction.atomic():  # each request by itself, as in life: what one breaks does not reach the next
        if is_there:
            asked = RECIPES[case.operation.definition.raw["operationId"]]()
            case.path_parameters.update(asked.ids if case.path_parameters else {})
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
        transaction.set_rollback(True)


def answers(operation: Operation, token: str, *, is_there: bool) -> None:
    """Ask as a generator of requests does: examples first, then by chance."""

    @BOUNDED
    @given(case=whole[operation.path][operation.method.upper()].as_strategy())
    def ask(case):
        holds_to_the_document(case, token, is_there=is_there)

    ask()


# Both are named by their operations: schemathesis's own way gives every one the same name, and of one name several processes run one.
@pytest.mark.long
@pytest.mark.django_db
@every_operation
def test_an_administrator_is_answered_as_the_document_says(operation, admin):
    answers(operation, admin, is_there=True)


@pytest.mark.long
@pytest.mark.django_db
@every_operation
def test_an_integration_is_answered_as_the_document_says(operation, integration):
    answers(operation, integration, is_there=False)
