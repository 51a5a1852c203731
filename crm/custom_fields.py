"""The fields that an administrator added: check values against their definitions."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive

from config.platform.errors import Refusal
from crm.models import CustomField
from crm.phone_numbers import NumberInvalid, parse


class CustomFieldInvalid(Refusal):
    """A custom field is unknown, missing or of the wrong type; `errors` says which and why."""

    code = "custom_field_invalid"
    status = 400
    advice = "Mend each field that `errors` names; `GET /custom-fields/` tells the type and the choices of each."


def checked(entity: str, values: Mapping[str, Any], *, had: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values, each brought to the form of its type; null and missing ones left out.

    What the row ``had`` and is not given anew stays as it is, even if its field was retired or its choices changed since.

    Raises:
        CustomFieldInvalid: with one error for each fault.
    """
    fields = {field.key: field for field in CustomField.objects.of(entity)}
    had = had or {}
    unknown = [key for key, value in values.items() if key not in fields and not (value is None and key in had)]
    errors = [_error(key, "unknown_field", f"There is no field '{key[:40]}'.") for key in unknown]
    clean: dict[str, Any] = {key: value for key, value in had.items() if key not in values}
    for key, field in fields.items():
        if key in clean:
            continue
        value = values.get(key)
        if value is None or value == "":
            if field.is_required:
                errors.append(_error(key, "required", f"'{field.label}' is needed."))
            continue
        try:
            clean[key] = typed(field, value)
        except (ValueError, NumberInvalid) as error:
            errors.append(_error(key, "invalid", str(error)))
    if errors:
        raise CustomFieldInvalid("Some custom fields are not valid.", errors=errors)
    return clean


def typed(field: CustomField, value: Any) -> Any:
    """One value in the JSON form of its type.

    Raises:
        ValueError: with a sentence for people.
        NumberInvalid: for a phone that cannot be read.
    """
    match field.type:
        case CustomField.Type.TEXT:
            return _text(value)
        case CustomField.Type.NUMBER:
            return _number(value)
        case CustomField.Type.BOOL:
            if isinstance(value, bool):
                return value
            raise ValueError("Give true or false.")
        case CustomField.Type.DATE:
            return _date(value).isoformat()
        case CustomField.Type.DATETIME:
            return _instant(value).isoformat()
        case CustomField.Type.CHOICE:
            if value in field.choices:
                return value
            raise ValueError(f"Give one of: {', '.join(field.choices)}.")
        case CustomField.Type.MULTI:
            if isinstance(value, list) and all(item in field.choices for item in value):
                return [choice for choice in field.choices if choice in value]
            raise ValueError(f"Give a list of some of: {', '.join(field.choices)}.")
        case CustomField.Type.PHONE:
            return parse(_text(value), region=settings.DEFAULT_PHONE_REGION).e164
    raise ValueError("This type is not known.")


def from_query(field: CustomField, text: str) -> Any:
    """The value that a filter ``?cf_key=text`` means.

    Raises:
        ValueError, NumberInvalid: as ``typed``.
    """
    if field.type == CustomField.Type.NUMBER:
        if not re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", text):
            raise ValueError("Give a number.")
        return float(text) if "." in text else int(text)
    if field.type == CustomField.Type.BOOL:
        if text not in ("true", "false"):
            raise ValueError("Give true or false.")
        return text == "true"
    if field.type == CustomField.Type.MULTI:
        return typed(field, [text])
    return typed(field, text)


def schema_of(field: CustomField) -> dict[str, Any]:
    """The JSON schema of one field."""
    types: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "maxLength": 2000},
        "number": {"type": "number"},
        "bool": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "datetime": {"type": "string", "format": "date-time"},
        "choice": {"type": "string", "enum": field.choices},
        "multi": {"type": "array", "items": {"type": "string", "enum": field.choices}},
        "phone": {"type": "string", "description": "As people write it; E.164 on output."},
    }
    return {"title": field.label, **types[field.type]}


def _error(key: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/custom_fields/{key[:80]}", "code": code, "detail": detail}


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 2000:
        raise ValueError("Give a text of 2,000 characters at most.")
    return value.strip()


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 2**53:
        raise ValueError("Give a number.")
    return value


def _date(value: Any) -> date:
    found = parse_date(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("Give a date, for instance 2026-11-23.")
    return found


def _instant(value: Any) -> datetime:
    found = parse_datetime(value) if isinstance(value, str) else None
    if found is None or is_naive(found):
        raise ValueError("Give a time with its offset, for instance 2026-11-23T10:00:00+03:00.")
    try:
        return found.astimezone(UTC)  # one instant, one text: filters compare it
    except OverflowError:
        raise ValueError("This time is out of range.") from None
