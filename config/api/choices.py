"""Names of the sets of choices in the OpenAPI document, where several fields of one name have different ones."""

from typing import Any

CHOICES: dict[str, Any] = {
    "ConsentState": [(word, word) for word in ("granted", "refused", "withdrawn", "expired", "none")],
    "ConsentStatus": "crm.models.Consent.Status",
    "ConsentPurpose": "crm.models.consent.Purpose",
    "ContactKind": "crm.models.Contact.Kind",
    "ScriptPurpose": "crm.models.Script.Purpose",
    "ScriptStepKind": "crm.models.ScriptStep.Kind",
    "DutyShiftKind": "crm.models.DutyShift.Kind",
    "LifecycleStage": "crm.models.Contact.Lifecycle",
    "SuppressionSource": "crm.models.suppression.Source",
    "ProductKind": "crm.models.Product.Kind",
    "ArticleVersionStatus": "crm.models.ArticleVersion.Status",
    "AlarmKind": "calls.models.Alarm.Kind",
    "AgentState": "calls.models.agents.State",
    "AgentStateSource": "calls.models.agents.Source",
    "PauseKind": "calls.models.PauseCode.Kind",
    "CallDirection": "calls.models.Call.Direction",
    "CallRequestPurpose": "calls.models.call_requests.PURPOSES",
    "CallRequestState": "calls.models.CallRequest.Status",
    "PhoneCommandKind": "calls.models.PhoneCommand.Kind",
    "BreakReason": [("desk", "desk"), ("talk", "talk")],
    "CallRequestReason": "calls.models.CallRequest.Reason",
    "DispositionDirection": "calls.models.Disposition.Direction",
    "ReturnCallReason": "calls.models.ReturnCall.Reason",
    "TransferKind": "calls.models.CallTransfer.Kind",
    "UnansweredQuestionStatus": "calls.models.UnansweredQuestion.Status",
    "ComplaintMetric": "complaints.models.clocks.Metric",
    "ComplaintRedress": "complaints.models.Complaint.Redress",
    "ManualDirection": [("inbound", "Inbound"), ("outbound", "Outbound")],
}
