"""Recipes of saved filters and exports, of personal data and retention."""

from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.crm import ContactFactory
from tests.factories.exports import ExportFactory, SavedFilterFactory
from tests.factories.platform import UserFactory

BODY = {"entity": "contacts", "name": "Clients", "query": {"lifecycle": ["client", "lead"], "not_tag": "vip"}, "is_shared": True}


@recipe("saved_filters_list", "saved_filters_retrieve", "saved_filters_destroy")
def a_filter() -> Asked:
    return Asked(SavedFilterFactory(is_shared=True))


@recipe("saved_filters_create")
def new_filter() -> Asked:
    return Asked(body=BODY)


@recipe("saved_filters_partial_update")
def change_filter() -> Asked:
    return Asked(SavedFilterFactory(is_shared=True), {"name": "Islands", "query": {"region": "PH"}})


@recipe("exports_list", "exports_retrieve", "exports_cancel")
def an_export() -> Asked:
    return Asked(ExportFactory(by=UserFactory(), saved_filter=SavedFilterFactory()))


@recipe("exports_create")
def order() -> Asked:
    return Asked(body={"entity": "contacts", "format": "xlsx", "query": {"kind": "person"}, "columns": ["surname", "phones"]})


@recipe("exports_file")
def fetch() -> Asked:
    now = timezone.now()
    row = ExportFactory(status="done", total=0, started_at=now, finished_at=now, expires_at=now + timedelta(days=1), file="exports/x.csv")
    default_storage.delete("exports/x.csv")
    default_storage.save("exports/x.csv", ContentFile(b"surname\r\n"))
    row.size = 9
    row.save()
    return Asked(row)


@recipe("contacts_personal_data")
def tell_all() -> Asked:
    return Asked(ContactFactory(phones=True))


@recipe("contacts_erase")
def erase() -> Asked:
    row = ContactFactory(surname="Santos", name="Maria", patronymic="", phones=True)
    return Asked(row, {"reason": "Asked by letter.", "confirm": "Santos Maria"})


@recipe("retention_retrieve")
def what_is_due() -> Asked:
    return Asked()
