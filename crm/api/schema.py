"""Fields that an administrator added, in the OpenAPI document that is served (not in the one that is kept in the repository)."""

from typing import Any

from crm import custom_fields
from crm.models import CustomField

SHOWN_IN = ("Contact", "ContactRequest", "PatchedContactChangeRequest", "ContactBodyRequest", "PatchedContactChangeBodyRequest")


def add_custom_fields(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Describe ``custom_fields`` by their definitions, and the filters ``cf_<key>`` of the list of contacts."""
    if request is None:
        return result
    fields = list(CustomField.objects.of("contact"))
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.key: custom_fields.schema_of(field) for field in fields},
        "description": "By key.",
    }
    for component in result["components"]["schemas"].values():
        if "custom_fields" in component.get("properties", {}):
            component["properties"]["custom_fields"] = schema
    parameters = result["paths"]["/api/v1/contacts/"]["get"].setdefault("parameters", [])
    for field in fields:
        described = custom_fields.schema_of(field)
        shape = described["items"] if described.get("type") == "array" else described
        parameters.append({"name": f"cf_{field.key}", "in": "query", "required": False, "schema": shape, "description": field.label})
    return result
