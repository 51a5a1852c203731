from campaigns.models.audiences import AudienceRun, AudienceSource, ContactList, ContactListMember, LeftOut
from campaigns.models.campaigns import Campaign, CampaignHours, RetryRule
from campaigns.models.dry_runs import DryRun
from campaigns.models.surveys import Answer, Question, Quota, Survey, SurveyResponse, SurveyVersion
from campaigns.models.targets import Attempt, Collected, Conversion, Target

__all__ = [
    "Answer",
    "Attempt",
    "AudienceRun",
    "AudienceSource",
    "Campaign",
    "CampaignHours",
    "Collected",
    "ContactList",
    "ContactListMember",
    "Conversion",
    "DryRun",
    "LeftOut",
    "Question",
    "Quota",
    "RetryRule",
    "Survey",
    "SurveyResponse",
    "SurveyVersion",
    "Target",
]
