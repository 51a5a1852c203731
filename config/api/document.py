"""Settings of the OpenAPI document. Imports nothing of REST framework: the settings read it."""

from pathlib import Path
from typing import Any

from config.api.chapters import GROUPS, TAGS
from config.api.choices import CHOICES

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Switchboard",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (Path(__file__).parent / "description.md").read_text(encoding="utf-8"),
    "CONTACT": {"name": "The maintainers of Switchboard"},
    "LICENSE": {"name": "MIT License", "identifier": "MIT"},
    # Relative: each installation describes itself, and its documentation page asks the server that it came from.
    "SERVERS": [{"url": "/", "description": "The server that this document comes from."}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": True, "displayRequestDuration": True, "filter": True},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.schema.name_every_choice",
        "config.api.enumerations.explain_parameters",
        "config.api.failures.add_problems",
        "config.api.stream.describing.add_kinds",
        "config.api.webhook_catalogue.add_webhooks",
        "config.api.glossary.describe_properties",
        "crm.api.schema.add_custom_fields",
        "config.api.sharing.share",  # last: it moves what the others wrote more than once to one place
    ],
    "ENUM_NAME_OVERRIDES": CHOICES,
    "ENUM_SUFFIX": "",
    "TAGS": TAGS,
    "EXTENSIONS_ROOT": {"x-tagGroups": GROUPS},
}
