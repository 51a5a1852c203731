"""What a person reads of an error code: what it means and what to do. The page of a code and the site's catalogue say the same."""

from dataclasses import dataclass

from config.api.problems import STANDARD, catalogue, refusals, table_rules, title_of
from config.api.table_rules import tell

#: What to do about the codes that no Refusal carries; a Refusal says it itself.
ADVICE: dict[str, str] = {
    "invalid": "Correct what `errors` points at: each item has a JSON pointer to the field, a code and a sentence. The same again fails alike.",
    "parse_error": "Send JSON (UTF-8, no duplicate keys, no `NaN`), or for a file multipart/form-data. `detail` says where the reading stopped.",
    "unknown_parameter": "Look for a misspelt name: `errors` names the parameter and those that are known there.",
    "not_authenticated": "Send `Authorization: Bearer …` with a token from `POST /api/v1/tokens/` or from an administrator.",
    "authentication_failed": "Sign in again, or ask for a new token: this one is unknown, revoked or past its time, or the password is wrong.",
    "permission_denied": "Ask with an account whose role may, or with a token that has the scope: the API document names both for each operation. "
    "`GET /api/v1/me/` lists what you may call in `may`.",
    "not_found": "Look at the address, its slash at the end, and the id. What you may not see is answered in the same way.",
    "method_not_allowed": "Use a method that the header `Allow` of the answer names.",
    "not_acceptable": "Send `Accept: application/json`, or no `Accept` at all.",
    "busy": "Send the same again after `Retry-After`: nothing was changed. Several refusals in a row mean that much is written at once.",
    "still_in_use": "Take it out of use instead of deleting it, or delete first what points at it.",
    "payload_too_large": "Send less, in several requests. The limit is a setting of this installation.",
    "unsupported_media_type": "Set `Content-Type: application/json`, or multipart/form-data where the operation takes a file.",
    "throttled": "Wait for as many seconds as `Retry-After` says. The headers `RateLimit-…` of each answer tell what is left.",
    "internal_error": "Try again once. If it stays, tell whoever runs this installation the `request_id`: the reason is in the log under it.",
    "unavailable": "Send the same again after `Retry-After`, a POST with the same `Idempotency-Key`.",
    "bad_request": "Look at the address, the headers and the length of what you sent: the request could not be read at all. The same again fails alike.",
    "conflict": "Read again what is there now, and correct what you send. If nothing explains it, report it with the `request_id`.",
}
HOMES = {"config": "Every part", "crm": "Contacts, orders, knowledge", "calls": "Calls", "complaints": "Complaints", "campaigns": "Campaigns and surveys"}  # fmt: skip


@dataclass(frozen=True)
class Explained:
    """One code for readers."""

    code: str
    status: int
    meaning: str
    remedy: str
    #: "standard" (any request), "rule" (a rule of the business), "table" (a rule of a table), "guard" (one without words of its own)
    kind: str
    #: the app that it belongs to, and for a rule of a table the table
    home: str
    table: str = ""

    @property
    def title(self) -> str:
        return title_of(self.code)


def explained() -> dict[str, Explained]:
    """Every code of the catalogue, for readers."""
    kinds = {kind.code: kind for kind in refusals()}
    tables = {rule.violation_error_code or rule.name: (model, rule) for model, rule in table_rules()}
    found = {}
    for code, (status, meaning) in catalogue().items():
        if code in STANDARD:
            found[code] = Explained(code, status, meaning, ADVICE[code], "standard", "config")
        elif code in tables:
            model, rule = tables[code]
            told = tell(model, rule)
            home, table = model.__module__.split(".")[0], model._meta.db_table
            found[code] = Explained(code, status, told.meaning, told.remedy, "guard" if told.is_guard else "table", home, table)
        else:
            kind = kinds[code]
            found[code] = Explained(code, status, meaning, kind.advice, "rule", kind.__module__.split(".")[0])
    return found
