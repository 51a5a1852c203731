"""The verbs of /complaints/ over HTTP: acknowledge, assign, start, wait, decide, solve, close, reopen …"""

from typing import Any

from rest_framework.response import Response

from complaints import deciding, handling, reopening
from complaints.amounts import CurrenciesDiffer
from complaints.api.complaint_bodies import (
    NEWEST_CLOCKS,
    ComplaintAssignBody,
    ComplaintCarryOnBody,
    ComplaintCloseBody,
    ComplaintCommunicateBody,
    ComplaintDecideBody,
    ComplaintRejectBody,
    ComplaintReopenBody,
    ComplaintResolveBody,
    ComplaintSerializer,
    ComplaintSolveBody,
    ComplaintWaitBody,
    ComplaintWithdrawBody,
)
from complaints.models import Complaint
from complaints.ownership import NotYourComplaint
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.pricing import CurrencyNotKept, CurrencyUnknown

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.COMPLAINTS_WRITE)
MOVED = [TransitionNotAllowed, VersionConflict]
HANDLED = [NotYourComplaint, *MOVED]
MONEY = [CurrenciesDiffer, CurrencyUnknown, CurrencyNotKept]
VERBS = (
    "acknowledge", "assign", "start", "wait", "carry_on", "decide", "communicate", "resolve", "solve", "close", "reject", "withdraw",
    "reopen",
)  # fmt: skip


class ComplaintVerbs(ReadViewSet):
    """What is done with one complaint. Who may is asked by the verb itself."""

    resource = "complaints"
    queryset = Complaint.objects.select_related("topic", "root_cause").prefetch_related(NEWEST_CLOCKS)
    serializer_class = ComplaintSerializer

    def held(self) -> dict[str, Any]:
        """The complaint that is meant, as the first arguments of a capability."""
        return {"complaint_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=ComplaintSerializer, refusals=[handling.AlreadyAcknowledged, *MOVED])
    def acknowledge(self, request, pk) -> Response:
        """Acknowledge a complaint

        The customer was told that it came in. What is received on a call, in a chat or in person is acknowledged at once. Whoever tells
        them may.
        """
        return self.respond(handling.acknowledge(**self.held()))

    @operation(body=ComplaintAssignBody, answer=ComplaintSerializer, refusals=[handling.AlreadyTheirs, handling.NobodyToTakeIt, *HANDLED])
    def assign(self, request, pk) -> Response:
        """Give a complaint to somebody, or take it

        With no `assignee` you take it. Yours, one that nobody has, for the back office those of its departments; a supervisor gives any.
        """
        return self.respond(handling.assign(**self.read(ComplaintAssignBody), **self.held()))

    @operation(answer=ComplaintSerializer, refusals=HANDLED)
    def start(self, request, pk) -> Response:
        """Begin to work on a complaint

        Whoever begins has it, when nobody had.
        """
        return self.respond(handling.start(**self.held()))

    @operation(body=ComplaintWaitBody, answer=ComplaintSerializer, refusals=HANDLED)
    def wait(self, request, pk) -> Response:
        """Wait for the customer, or for somebody else

        Clocks rest while the policy says so, and go on with `carry-on`. A word of the customer carries on by itself.
        """
        asked = self.read(ComplaintWaitBody)
        act = handling.wait_for_customer if asked["party"] == "customer" else handling.wait_for_third_party
        return self.respond(act(reason=asked["reason"], **self.held()))

    @operation(body=ComplaintCarryOnBody, answer=ComplaintSerializer, refusals=HANDLED)
    def carry_on(self, request, pk) -> Response:
        """Carry on with a complaint that waits

        Clocks that rest go on.
        """
        return self.respond(handling.carry_on(**self.read(ComplaintCarryOnBody), **self.held()))

    @operation(body=ComplaintDecideBody, answer=ComplaintSerializer, refusals=[*MONEY, *HANDLED])
    def decide(self, request, pk) -> Response:
        """Decide a complaint

        Whether they are right, and what they get. Then tell them (`communicate`), do it, and say so (`resolve`).
        """
        return self.respond(deciding.decide(**self.read(ComplaintDecideBody), **self.held()))

    @operation(
        body=ComplaintCommunicateBody,
        answer=ComplaintSerializer,
        refusals=[deciding.AlreadyCommunicated, deciding.CommunicatedWhen, *HANDLED],
    )
    def communicate(self, request, pk) -> Response:
        """Say that the customer was told the decision

        How and when.
        """
        return self.respond(deciding.communicate(**self.read(ComplaintCommunicateBody), **self.held()))

    @operation(body=ComplaintResolveBody, answer=ComplaintSerializer, refusals=HANDLED)
    def resolve(self, request, pk) -> Response:
        """Say that what was decided is done

        Nothing is owed any more; its clocks have their verdict.
        """
        return self.respond(deciding.resolve(**self.read(ComplaintResolveBody), **self.held()))

    @operation(body=ComplaintSolveBody, answer=ComplaintSerializer, refusals=[*MONEY, *HANDLED])
    def solve(self, request, pk) -> Response:
        """Decide and resolve a complaint in one

        While it is new, anybody may; later whoever handles it. To receive and solve it in one request, send `solve` with the complaint.
        """
        return self.respond(deciding.solve(**self.read(ComplaintSolveBody), **self.held()))

    @operation(body=ComplaintCloseBody, answer=ComplaintSerializer, refusals=HANDLED)
    def close(self, request, pk) -> Response:
        """Close a complaint

        From now on the customer is to be asked whether they are content.
        """
        return self.respond(deciding.close(**self.read(ComplaintCloseBody), **self.held()))

    @operation(body=ComplaintRejectBody, answer=ComplaintSerializer, refusals=HANDLED)
    def reject(self, request, pk) -> Response:
        """Reject a complaint

        It is not looked into, and why. One that was looked into and is wrong is decided: `not_upheld`.
        """
        return self.respond(deciding.reject(**self.read(ComplaintRejectBody), **self.held()))

    @operation(body=ComplaintWithdrawBody, answer=ComplaintSerializer, refusals=HANDLED)
    def withdraw(self, request, pk) -> Response:
        """Say that the customer takes it back

        Nothing is owed any more.
        """
        return self.respond(deciding.withdraw(**self.read(ComplaintWithdrawBody), **self.held()))

    @operation(
        body=ComplaintReopenBody,
        answer={200: ComplaintSerializer, 201: ComplaintSerializer},
        refusals=[reopening.AlreadyFollowed, *MOVED],
    )
    def reopen(self, request, pk) -> Response:
        """Reopen a complaint

        Within COMPLAINT_REOPEN_DAYS of its end (30 unless set otherwise) it is the same one again, and what was promised is promised anew.
        Later a new one is received, with `follows`: 201, and `Location` leads to it. Whoever has the customer on the line may.
        """
        asked = self.held()
        row = reopening.reopen(**self.read(ComplaintReopenBody), **asked)
        is_new = row.pk != asked["complaint_id"]
        return self.respond_elsewhere(row) if is_new else self.respond(row)

    def respond_elsewhere(self, row: Complaint) -> Response:
        """A complaint that was made for another one."""
        answer = self.respond(row, 201)
        answer["Location"] = self.request.build_absolute_uri(f"/api/v1/complaints/{row.pk}/")
        return answer
