"""What people may do with an import: correct how it is read, pause, go on, cancel, take it back."""

import pytest
from django.utils import timezone

from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.importing import applying, jobs, progress
from crm.importing.encodings import FileUnreadable
from crm.importing.looking import MappingInvalid
from crm.models import Import, ImportRow
from tests.crm.test_importing import brought_in, dirty_file, everything, verdicts

HEADER = "ФИО;Телефон;Почта;Теги"
MOVES = {
    "uploaded": {"cancel"},
    "analysed": {"cancel", "correct"},
    "ready": {"cancel", "correct", "start"},
    "running": {"cancel", "pause"},
    "paused": {"cancel", "resume", "undo"},
    "done": {"undo"},
    "failed": {"undo"},
    "cancelled": {"undo"},
    "undoing": set(),
    "undone": set(),
}


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def run(batch: Import, **how) -> Import:
    jobs.run_owed(now=timezone.now(), **how)
    batch.refresh_from_db()
    return batch


def move(verb: str, batch: Import, **more) -> Import:
    return getattr(jobs, verb)(batch.pk, by=batch.by, now=timezone.now(), **more)


@pytest.mark.parametrize("status", MOVES)
def test_each_state_lets_people_do_what_makes_sense_in_it(status):
    assert {*Import.moves_open_from(status)} & {"correct", "start", "pause", "resume", "cancel", "undo"} == MOVES[status]


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "verb"), [(s, v) for s in MOVES for v in ("start", "pause", "resume", "cancel", "undo", "correct")])
def test_a_verb_out_of_place_is_refused_and_changes_nothing(status, verb):
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n", is_dry_run=True)
    Import.objects.filter(pk=batch.pk).update(status=status)
    if verb in MOVES[status]:
        assert move(verb, batch).status != status or verb == "correct"
        assert AuditEvent.objects.filter(subject_id=batch.pk, verb=verb, status_before=status).exists()
    else:
        with pytest.raises(TransitionNotAllowed):
            move(verb, batch)
        batch.refresh_from_db()
        assert batch.status == status


# --- how the file is read


@pytest.mark.django_db
def test_the_guess_is_shown_with_its_reason_and_samples():
    batch = brought_in("Кто;Телефон\nИванов Иван;84951112233\nПетрова Анна;84951112234\n", is_dry_run=True)
    assert batch.preview[1] == {
        "index": 1,
        "title": "Телефон",
        "field": "phone",
        "guessed_by": "header",
        "samples": ["84951112233", "84951112234"],
    }
    assert (batch.preview[0]["field"], batch.preview[0]["guessed_by"]) == ("full_name", "cells")


@pytest.mark.django_db
def test_a_corrected_mapping_judges_every_row_anew():
    batch = brought_in("ФИО;Телефон;Код\nИванов Иван;84951112233;84951112299\n", is_dry_run=True)
    assert batch.mapping == {"full_name": 0, "phone": [1], "external_id": 2}
    corrected = move("correct", batch, mapping={"company_name": 0, "phone": [1, 2]})
    assert (corrected.status, corrected.total, progress.counts(corrected)["create"]) == ("analysed", 0, 0)
    batch = run(batch)
    row = ImportRow.objects.get(batch=batch)
    assert (batch.status, batch.total, batch.created) == ("ready", 1, 1)
    assert row.candidate["company_name"] == "Иванов Иван"
    assert [phone["e164"] for phone in row.candidate["phones"]] == ["+74951112233", "+74951112299"]
    assert {one["guessed_by"] for one in batch.preview} == {"you"}


@pytest.mark.django_db
def test_a_wrong_guess_of_the_encoding_and_the_header_can_be_put_right():
    body = "Ёлкин;Пётр;84951112233\nЮдин;Яков;84951112234\n".encode("koi8-r")
    batch = brought_in(body, is_dry_run=True)
    move(
        "correct", batch, how={"encoding": "koi8-r", "delimiter": ";", "has_header": False}, mapping={"surname": 0, "name": 1, "phone": [2]}
    )
    run(batch)
    assert list(ImportRow.objects.filter(batch=batch).order_by("line").values_list("candidate__surname", flat=True)) == ["Ёлкин", "Юдин"]
    move("correct", batch, how={"has_header": True})
    assert run(batch).total == 1


@pytest.mark.django_db
def test_a_region_said_afterwards_completes_the_numbers():
    batch = brought_in("Name;Phone\nJuan dela Cruz;0917 123 4567\n", is_dry_run=True, region="RU")
    move("correct", batch, region="PH")
    run(batch)
    assert ImportRow.objects.get(batch=batch).candidate["phones"][0]["e164"] == "+639171234567"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"birthday": 0},
        {"phone": [7]},
        {"phone": [-1]},
        {"phone": ["1"]},
        {"phone": [True]},
        {"full_name": 0, "company_name": 0},
        {"notes": 0},
        {"phone": 1.5},
        {"phone": {"a": 1}},
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(mapping):
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n", is_dry_run=True)
    with pytest.raises(MappingInvalid):
        move("correct", batch, mapping=mapping)
    batch.refresh_from_db()
    assert (batch.status, batch.total) == ("ready", 1)


@pytest.mark.django_db
def test_an_encoding_that_does_not_fit_is_refused_or_told_row_by_row():
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n", is_dry_run=True)
    with pytest.raises(FileUnreadable):
        move("correct", batch, how={"encoding": "utf-32"})


@pytest.mark.django_db
def test_a_correction_decided_on_an_older_state_is_refused():
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n", is_dry_run=True)
    with pytest.raises(VersionConflict):
        move("correct", batch, mapping={"full_name": 0}, if_version=batch.version - 1)


@pytest.mark.django_db
def test_with_only_new_what_we_have_is_left_as_it_is():
    brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n")
    before = everything()
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;a@example.com;\nПетров Пётр;84951112244;;\n", only_new=True)
    assert verdicts(batch) == {2: "skipped", 3: "create"}
    assert (batch.skipped, batch.created) == (1, 1)
    assert [one for one in everything() if one in before] == before


# --- pause and go on


@pytest.mark.django_db
def test_a_paused_import_stands_still_and_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 10)
    batch = brought_in(dirty_file(60), is_dry_run=True)
    move("start", batch)
    run(batch, seconds=0)
    assert 0 < batch.applied < batch.created
    move("pause", batch)
    here = run(batch).applied
    assert (batch.status, progress.of(batch)["rate_per_s"]) == ("paused", None)
    assert run(batch).applied == here
    move("resume", batch)
    assert run(batch).status == "done"
    assert batch.applied == batch.created + batch.updated
    whole = everything()
    move("undo", batch)
    assert run(batch).status == "undone"
    brought_in(dirty_file(60))
    assert everything() == whole


@pytest.mark.django_db
def test_progress_is_told_from_columns_without_counting_rows(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 10)
    batch = brought_in(dirty_file(60), is_dry_run=True)
    move("start", batch)
    run(batch, seconds=0)
    with django_assert_num_queries(0):
        how_far, by_verdict = progress.of(batch), progress.counts(batch)
    assert how_far["done"] == batch.applied
    assert how_far["total"] == by_verdict["create"] + by_verdict["update"]
    assert how_far["rate_per_s"] > 0
    assert how_far["seconds_left"] >= 0
    rows = ImportRow.objects.filter(batch=batch)
    assert by_verdict == {verdict: rows.filter(verdict=verdict).count() for verdict in by_verdict}
