"""The buttons that move a contact from stage to stage."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action

from config.platform.admin_base import confirmed, who
from crm import lifecycle


class StageActions:
    """Mixed into the page of contacts; each button is there while its move is open."""

    actions_detail = ["qualify", "convert", "lapse", "disqualify", "reactivate"]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Read once for a page that is only looked at: each button asks for it."""
        if request.method != "GET":
            return super().get_object(request, object_id, from_field)  # type: ignore[misc]
        seen: dict[str, Any] = request.__dict__.setdefault("contacts_seen", {})
        if object_id not in seen:
            seen[object_id] = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        return seen[object_id]

    def _may_move(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        contact = self.get_object(request, object_id)
        return contact is not None and self.has_change_permission(request) and verb in contact.open_moves()  # type: ignore[attr-defined]

    def has_qualify_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "qualify")

    def has_convert_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "convert")

    def has_lapse_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "lapse")

    def has_disqualify_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "disqualify")

    def has_reactivate_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "reactivate")

    def _moved(self, request: HttpRequest, object_id: str, to: str, *, title: str, question: str, ask: str = "") -> HttpResponse:
        contact: Any = self.get_object(request, object_id)

        def act(reason: str = "") -> None:
            lifecycle.move(contact.pk, to, reason=reason, by=who(request), now=timezone.now())

        return confirmed(
            self,  # type: ignore[arg-type]
            request, contact, title=f"{title}: {contact}", question=question, button=title, act=act, done=f"{contact}: {to}.", ask=ask,
        )  # fmt: skip

    @action(description="Qualify", icon="verified", permissions=["qualify"])
    def qualify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, "qualified", title="Qualify", question="There is interest, and it fits.")

    @action(description="Convert", icon="handshake", permissions=["convert"])
    def convert(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, "client", title="Convert", question="They bought: a client from now on.")

    @action(description="Dormant", icon="bedtime", permissions=["lapse"])
    def lapse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, "dormant", title="Dormant", question="Nothing is heard of this client any more.")

    @action(description="Disqualify", icon="block", permissions=["disqualify"])
    def disqualify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, "disqualified", title="Disqualify", question="Nothing will come of it.", ask="Why")

    @action(description="Reactivate", icon="replay", permissions=["reactivate"])
    def reactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, "lead", title="Reactivate", question="It begins again: a lead from now on.", ask="Why")
