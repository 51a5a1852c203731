"""Recipes of what is done to an import after its upload."""

from django.core.files.base import ContentFile

from crm.importing import looking
from crm.models import Import, ImportRow
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.crm import ImportFactory, ImportRowFactory

CONTENT = "ФИО;Телефон\nИванов Иван;84951112233\n".encode()


@recipe("imports_partial_update")
def a_correction() -> Asked:
    batch = ImportFactory(status=Import.Status.READY)
    batch.file.save("clients.csv", ContentFile(CONTENT), save=False)
    looking.look(batch)
    batch.save()
    return Asked(batch, {"mapping": {"company_name": 0, "phone": [1]}, "has_header": True, "region": "PH", "only_new": True})


@recipe("imports_pause")
def a_running_one() -> Asked:
    return Asked(ImportFactory(status=Import.Status.RUNNING))


@recipe("imports_resume")
def a_paused_one() -> Asked:
    return Asked(ImportFactory(status=Import.Status.PAUSED))


@recipe("imports_undo")
def a_done_one() -> Asked:
    return Asked(ImportFactory(status=Import.Status.DONE))


@recipe("imports_conflicts")
def a_kept_row() -> Asked:
    batch = ImportFactory(status=Import.Status.UNDONE, kept=1, columns=["ФИО"])
    ImportRowFactory(batch=batch, cells=["Иванов"], verdict=ImportRow.Verdict.CREATE, kept_because=["has_calls"])
    return Asked(batch)
