"""What a file is and what its columns mean: guessed, shown with samples, and corrected by people."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, BinaryIO, cast

from config.platform.errors import Refusal
from crm.importing import columns, judging, reading
from crm.models import Import

LOOKED_AT = 200
SAMPLES = 3
SAMPLE_LENGTH = 80
FIELDS = (
    "surname", "name", "patronymic", "full_name", "company_name", "employer", "phone", "email", "address", "time_zone", "language",
    "tags", "notes", "external_id",
)  # fmt: skip
TELLING = frozenset({"surname", "name", "patronymic", "full_name", "company_name", "phone", "email"})
#: what may be said about how the file is to be read
HOW = ("encoding", "delimiter", "has_header", "sheet")


class MappingInvalid(Refusal):
    """A column is taken for something that does not exist, for two things, or no column tells who it is."""

    code = "mapping_invalid"
    status = 400
    advice = "Give each column to one field that exists, and at least one column that says who it is (a name, a phone, an e-mail, an id)."


def look(batch: Import, *, said: Mapping[str, Any] | None = None, mapping: Mapping[str, Any] | None = None) -> None:
    """Find out what the file is, and fill ``dialect``, ``columns``, ``mapping`` and ``preview``; the caller saves.

    ``said`` overrules the guesses (``encoding``, ``delimiter``, ``has_header``, ``sheet``), ``mapping`` the meaning of columns.

    Raises:
        FileUnreadable, MappingInvalid
    """
    with batch.file.open("rb") as file:
        source = cast(BinaryIO, file)
        dialect = reading.inspect(source, filename=batch.filename, said=said or {})
        sample = [cells for _, cells in islice(reading.rows(source, dialect), LOOKED_AT)]
    width = max([len(dialect.header), *map(len, sample)], default=1)
    batch.dialect = dialect.to_json()
    batch.columns = [*dialect.header, *(f"Column {index + 1}" for index in range(len(dialect.header), width))]
    batch.mapping = _checked(mapping, width) if mapping is not None else dict(reading.guess_mapping(dialect.header, sample))
    field_of = {index: name for name, at in batch.mapping.items() for index in (at if isinstance(at, list) else [at])}
    batch.preview = [
        {
            "index": index,
            "title": title,
            "field": field_of.get(index, ""),
            "guessed_by": _why(dialect.header, index, field_of.get(index, ""), is_said=mapping is not None),
            "samples": _samples(sample, index),
        }
        for index, title in enumerate(batch.columns)
    ]


def correct(batch: Import, *, mapping: Mapping[str, Any] | None, how: Mapping[str, Any]) -> None:
    """Read the file as somebody says it is to be read; every row will be judged anew. The caller holds the row and saves it.

    What is not said stays as it was: without a mapping the columns are guessed anew only if the file is read otherwise.

    Raises:
        FileUnreadable, MappingInvalid
    """
    had = {name: batch.dialect.get(name, "") for name in ("encoding", "delimiter", "sheet")} | {"has_header": bool(batch.dialect["header"])}
    said = had | {name: value for name, value in how.items() if value is not None}
    if mapping is None and said == had:
        mapping = batch.mapping
    if "encoding" in how and "delimiter" not in how and how["encoding"] != had["encoding"]:
        said["delimiter"] = ""  # what parts the columns was seen in the wrong letters
    look(batch, said=said, mapping=mapping)
    judging.start_afresh(batch)


def _checked(mapping: Mapping[str, Any], width: int) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    taken: set[int] = set()
    for name, at in mapping.items():
        if name not in FIELDS:
            raise MappingInvalid(f"There is no field {str(name)[:40]!r}: use {', '.join(FIELDS)}.", field=str(name)[:40])
        indexes = at if isinstance(at, list) else [] if at is None else [at]
        for index in indexes:
            if type(index) is not int or not 0 <= index < width:
                raise MappingInvalid(f"Columns are numbered from 0 to {width - 1}.", field=name)
            if index in taken:
                raise MappingInvalid(f"Column {index} is taken for two fields.", field=name)
            taken.add(index)
        if indexes:
            checked[name] = indexes if name == "phone" or len(indexes) > 1 else indexes[0]
    if not TELLING & checked.keys():
        raise MappingInvalid("Name at least one column with names, phones or e-mails.", field="")
    return checked


def _why(header: list[str], index: int, name: str, *, is_said: bool) -> str:
    if not name:
        return ""
    if is_said:
        return "you"
    return "header" if index < len(header) and columns.meaning(header[index]) else "cells"


def _samples(sample: list[list[str]], index: int) -> list[str]:
    """The first different cells of a column."""
    found = dict.fromkeys(row[index][:SAMPLE_LENGTH] for row in sample if index < len(row) and row[index])
    return list(islice(found, SAMPLES))
