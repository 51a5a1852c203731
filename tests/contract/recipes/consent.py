"""Recipes of consents, suppressions, do-not-call lists and the funnel."""

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import CallFactory
from tests.factories.consent import (
    ConsentFactory,
    LifecycleChangeFactory,
    SuppressionFactory,
    SuppressionUploadFactory,
    SuppressionUploadRowFactory,
)
from tests.factories.crm import ContactFactory, ContactPhoneFactory
from tests.factories.platform import UserFactory


def of_a_call() -> dict[str, str]:
    return {"kind": "call", "id": str(CallFactory().pk)}


@recipe("consents_list", "consents_retrieve")
def a_consent() -> Asked:
    return Asked(ConsentFactory())


@recipe("consents_create")
def new_consent() -> Asked:
    return Asked(
        body={
            "contact": str(ContactFactory().pk),
            "phone": "8 (495) 123-45-67",
            "purpose": "survey",
            "channel": "sms",
            "status": "granted",
            "obtained_via": "call",
            "evidence": "She said so.",
            "text_version": "2026-1",
            "valid_to": "2027-12-01T12:00:00+03:00",
            "origin": of_a_call(),
        }
    )


@recipe("contacts_consents")
def consents_of_a_contact() -> Asked:
    link = ContactPhoneFactory()
    ConsentFactory(contact=link.contact)
    SuppressionFactory(e164=link.phone.e164)
    return Asked(link.contact)


@recipe("suppressions_list", "suppressions_retrieve")
def a_suppression() -> Asked:
    return Asked(SuppressionFactory())


@recipe("suppressions_create")
def new_suppression() -> Asked:
    return Asked(body={"phone": "+63 917 123 4567", "purpose": "marketing", "reason": "She asked for it.", "origin": of_a_call()})


@recipe("suppressions_bulk")
def many_suppressions() -> Asked:
    return Asked(body={"suppressions": [{"phone": "8 (495) 123-45-67"}, {"contact": str(ContactFactory().pk)}, {"phone": "12"}]})


@recipe("suppressions_lift")
def lift() -> Asked:
    return Asked(SuppressionFactory(), {"reason": "She asked to be called again."})


@recipe("suppressions_check")
def check() -> Asked:
    entry = SuppressionFactory()
    refused = ConsentFactory(status="refused")
    return Asked(body={"purpose": "marketing", "whom": [{"phone": entry.e164}, {"contact": str(refused.contact_id)}]})


@recipe("suppression_uploads_list", "suppression_uploads_retrieve", "suppression_uploads_cancel")
def an_upload() -> Asked:
    return Asked(SuppressionUploadFactory())


@recipe("suppression_uploads_create")
def new_upload() -> Asked:
    file = SimpleUploadedFile("list.csv", b"phone\n+74951234567\n", content_type="text/csv")
    return Asked(body={"file": file, "list": "national", "mode": "replace", "purpose": "marketing"}, kind="multipart")


@recipe("suppression_uploads_errors")
def errors_of_an_upload() -> Asked:
    return Asked(SuppressionUploadRowFactory().upload)


@recipe("contacts_move")
def move() -> Asked:
    return Asked(ContactFactory(lifecycle="lead"), {"to": "client", "reason": "Bought.", "origin": of_a_call()})


@recipe("contacts_lifecycle")
def steps() -> Asked:
    return Asked(LifecycleChangeFactory().contact)


@recipe("contacts_assign")
def assign() -> Asked:
    return Asked(body={"contacts": [str(ContactFactory().pk)], "owner": str(UserFactory().pk)})


@recipe("funnel_retrieve")
def the_funnel() -> Asked:
    LifecycleChangeFactory(to_stage="qualified")
    return Asked(query={"newest": "3"})
