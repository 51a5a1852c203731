"""What a person reads of an error code: what it means and what to do. The page of a code and the site's catalogue say the same."""

from dataclasses import dataclass

from config.api.problems import STANDARD, catalogue, refusals, table_rules, title_of

GUARD = "Constraint “"

BY_CODE: dict[str, str] = {
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
    "version_conflict": "Read the row again, look at what changed, and repeat your change with the new `ETag` in `If-Match`.",
    "name_unknown": "Look for a mistake in the host of the URL. If it is right, try again later: its name server did not answer.",
    "unreachable": "See whether the other server runs and lets this one in, then try again.",
    "outgoing_timed_out": "Try again later: the other server answers too slowly.",
    "certificate_refused": "Give the other server a certificate for its name from an authority that is trusted here; `OUTGOING_CA_FILE` names your own.",
    "not_audio": "Open the address that the phone system told of the recording: for a page that asks to sign in set `recording_auth` of the phone system, then ask with `POST …/fetch/`.",
    "answered_badly": "Open the address that the phone system told of the recording: `problem_detail` says what it answered. It is tried again later by itself.",
    "host_not_allowed": "Add the host to `recording_hosts` of the phone system if recordings do lie there, then ask with `POST …/fetch/`.",
    "secret_exposed": "Have the phone system tell addresses with https, or set its `recording_auth` to `none`; then ask with `POST …/fetch/`.",
    "no_call_left": "Ask again later, or with wider conditions.",
    "idempotency_key_in_use": "The first request is still being answered. Send the same again in a moment, with the same key.",
}
BY_STATUS: dict[int, str] = {
    400: "Correct the request as `detail` says. The same again fails alike, and nothing was changed.",
    401: "Sign in again.",
    403: "Nothing was changed. Ask somebody who may, or use an account or a token that may.",
    404: "Check what was asked for: it is not there, or not any more.",
    409: "Nothing was changed. Read what is there now: `detail` and the further members of the problem say what stands against it. "
    "The same again succeeds only after that has changed.",
    410: "The same again is answered alike: it is gone. `detail` says what there is instead, if there is anything.",
    413: "Send less: a smaller file, or several requests.",
    415: "Send one of the types that are taken.",
    416: "Ask for a range within the file: `Content-Range` of the answer tells its length.",
    422: "Nothing was done a second time. Use a new `Idempotency-Key` for a new request.",
    429: "Wait, and then try again.",
    503: "Try the same again in a moment.",
}
GUARDED = (
    "Nothing was changed. This is a last guard in the database: requests are checked before they are written, so it is seldom met. "
    "Read the row again, since another request may have been quicker. If that does not explain it, report it with the `request_id`."
)
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
    homes = {kind.code: kind.__module__.split(".")[0] for kind in refusals()}
    waits = {kind.code for kind in refusals() if kind.retry_after_s}
    tables = {rule.violation_error_code or rule.name: model for model, rule in table_rules()}
    found = {}
    for code, (status, meaning) in catalogue().items():
        table = ""
        if code in STANDARD:
            kind, home = "standard", "config"
        elif code in tables:
            kind = "guard" if meaning.startswith(GUARD) else "table"
            home, table = tables[code].__module__.split(".")[0], tables[code]._meta.db_table
        else:
            kind, home = "rule", homes[code]
        remedy = GUARDED if kind == "guard" else _remedy(code, status, code in waits)
        if kind == "guard":
            meaning = f"A row of the table `{table}` would break the rule `{code}`."
        found[code] = Explained(code, status, meaning, remedy, kind, home, table)
    return found


def _remedy(code: str, status: int, waits: bool) -> str:
    if code in BY_CODE:
        return BY_CODE[code]
    if waits:
        return "Nothing was changed. Send the same again after as many seconds as `Retry-After` says."
    return BY_STATUS[status]
