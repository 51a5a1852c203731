"""How the admin looks and what its menu holds: settings of django-unfold. Imported by the settings, so it imports no model."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _for_admins(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") == "admin"


def _page(title: str, icon: str, name: str, *, admins: bool = False) -> dict[str, Any]:
    page: dict[str, Any] = {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}")}
    return {**page, "permission": _for_admins} if admins else page


def _on_alarms(request: HttpRequest) -> bool:
    """The wallboard and the reports stand below the address of alarms, and have their own places in the menu."""
    return "/calls/alarm/" in request.path and not request.path.endswith(("/wallboard/", "/reports/"))


def _on_satisfaction(request: HttpRequest) -> bool:
    """Complaints in figures stand below its address, and have their own place in the menu."""
    return "/complaints/satisfaction/" in request.path and not request.path.endswith("/figures/")


def environment(request: HttpRequest) -> list[str] | None:
    """A word in the corner that nobody takes the demo for the real thing."""
    return ["Demo", "warning"] if settings.DEMO else None


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Switchboard",
    "SITE_HEADER": "Switchboard",
    "SITE_SUBHEADER": "Call centre",
    "SITE_SYMBOL": "headset_mic",
    "SITE_URL": "/api/v1/docs/",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "config.admin_look.environment",
    "DASHBOARD_CALLBACK": "calls.admin.dashboard.show",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("switchboard/icon.svg")}],
    "STYLES": [lambda request: static("switchboard/admin.css")],
    "COMMAND": {"search_models": ["crm.contact"]},
    "COLORS": {
        "primary": {
            "50": "oklch(97.7% .013 195)",
            "100": "oklch(94.6% .033 195)",
            "200": "oklch(89.5% .06 196)",
            "300": "oklch(82% .09 197)",
            "400": "oklch(72% .11 199)",
            "500": "oklch(61% .105 205)",
            "600": "oklch(51.5% .092 210)",
            "700": "oklch(44.5% .078 213)",
            "800": "oklch(38.5% .065 215)",
            "900": "oklch(33% .053 218)",
            "950": "oklch(25% .042 220)",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": [
            {
                "items": [
                    _page("Today", "monitoring", "index"),
                    _page("Wallboard", "space_dashboard", "calls_wallboard"),
                    _page("Reports", "bar_chart", "calls_reports"),
                    _page("Contacts", "contacts", "crm_contact_changelist"),
                    _page("Funnel", "filter_alt", "crm_funnel"),
                    _page("Calls", "call", "calls_call_changelist"),
                    _page("Return calls", "phone_callback", "calls_returncall_changelist"),
                    _page("Complaints", "report", "complaints_complaint_changelist"),
                    _page("Tasks", "task_alt", "crm_task_changelist"),
                    _page("Callbacks", "phone_callback", "calls_callback_changelist"),
                    _page("Complaints in figures", "insights", "complaints_figures"),
                    _page("Orders", "shopping_cart", "crm_order_changelist"),
                    _page("Imports", "upload_file", "crm_import_changelist"),
                    _page("Exports", "download", "crm_export_changelist"),
                ]
            },
            {
                "title": "Contacts",
                "collapsible": True,
                "items": [
                    _page("Phone numbers", "dialpad", "crm_phonenumber_changelist"),
                    _page("Notes", "sticky_note_2", "crm_note_changelist"),
                    _page("Possible duplicates", "content_copy", "crm_duplicatecandidate_changelist"),
                    _page("Merges", "merge", "crm_mergerecord_changelist"),
                    _page("Saved filters", "filter_alt", "crm_savedfilter_changelist"),
                    _page("Consents", "handshake", "crm_consent_changelist"),
                    _page("Do not call", "phone_disabled", "crm_suppression_changelist"),
                    _page("Do-not-call lists", "playlist_remove", "crm_suppressionupload_changelist"),
                    _page("Windows of calling", "schedule", "crm_callingwindow_changelist"),
                    _page("Limits of calling", "speed", "crm_callinglimit_changelist"),
                    _page("Custom fields", "tune", "crm_customfield_changelist"),
                ],
            },
            {
                "title": "Offers",
                "collapsible": True,
                "items": [
                    _page("Products and services", "inventory_2", "crm_product_changelist"),
                    _page("Categories", "shelves", "crm_category_changelist"),
                    _page("Promotions", "sell", "crm_promotion_changelist"),
                ],
            },
            {
                "title": "Knowledge",
                "collapsible": True,
                "items": [
                    _page("Articles", "menu_book", "crm_article_changelist"),
                    _page("Not answered", "contact_support", "calls_unansweredquestion_changelist"),
                    _page("Read to callers", "record_voice_over", "calls_articleuse_changelist"),
                    _page("Scripts", "conversion_path", "crm_script_changelist"),
                    _page("Versions of scripts", "history_edu", "crm_scriptversion_changelist"),
                    _page("Runs of scripts", "checklist", "calls_scriptrun_changelist"),
                ],
            },
            {
                "title": "Telephony",
                "collapsible": True,
                "items": [
                    _page("Phone systems", "router", "calls_phonesystem_changelist"),
                    _page("Queues", "queue", "calls_queue_changelist"),
                    _page("Recordings", "mic", "calls_recording_changelist"),
                    _page("Who listened", "hearing", "calls_recordingaccess_changelist"),
                    _page("Transfers", "phone_forwarded", "calls_calltransfer_changelist"),
                    _page("Calls of return calls", "phone_missed", "calls_returncallcall_changelist"),
                    {**_page("Alarms", "notifications_active", "calls_alarm_changelist"), "active": _on_alarms},
                    _page("Extensions", "perm_phone_msg", "calls_agentextension_changelist"),
                    _page("Events", "list_alt", "calls_callevent_changelist"),
                    _page("Calls asked for", "add_call", "calls_callrequest_changelist"),
                    _page("Commands", "send", "calls_phonecommand_changelist"),
                    _page("Dispositions", "fact_check", "calls_disposition_changelist"),
                    _page("Write-ups", "edit_note", "calls_calldisposition_changelist"),
                    _page("What they did", "conversion_path", "calls_dispositioneffect_changelist"),
                ],
            },
            {
                "title": "Surveys",
                "collapsible": True,
                "items": [
                    _page("Surveys", "ballot", "campaigns_survey_changelist"),
                    _page("Versions of surveys", "history_edu", "campaigns_surveyversion_changelist"),
                    _page("What was answered", "rate_review", "campaigns_surveyresponse_changelist"),
                ],
            },
            {
                "title": "Complaints",
                "collapsible": True,
                "items": [
                    _page("Escalations", "campaign", "complaints_escalationstep_changelist"),
                    _page("Escalation policies", "stairs", "complaints_escalationpolicy_changelist"),
                    _page("Transfers of complaints", "forward", "complaints_complainttransfer_changelist"),
                    _page("Routing rules", "alt_route", "complaints_routingrule_changelist"),
                    _page("SLA policies", "timer", "complaints_slapolicy_changelist"),
                    _page("Root causes", "account_tree", "complaints_rootcause_changelist"),
                    _page("Clocks", "timer", "complaints_clock_changelist"),
                    {**_page("Satisfaction", "sentiment_satisfied", "complaints_satisfaction_changelist"), "active": _on_satisfaction},
                ],
            },
            {
                "title": "Campaigns",
                "collapsible": True,
                "items": [
                    _page("Campaigns", "campaign", "campaigns_campaign_changelist"),
                    _page("Who is called", "group", "campaigns_target_changelist"),
                    _page("Attempts", "phone_forwarded", "campaigns_attempt_changelist"),
                    _page("What attempts brought", "handshake", "campaigns_conversion_changelist"),
                    _page("Contacts collected", "person_add", "campaigns_collected_changelist"),
                    _page("Rules of trying again", "replay", "campaigns_retryrule_changelist"),
                    _page("Hours of campaigns", "schedule", "campaigns_campaignhours_changelist"),
                    _page("Lists of contacts", "list_alt", "campaigns_contactlist_changelist"),
                    _page("Contacts on lists", "playlist_add_check", "campaigns_contactlistmember_changelist"),
                    _page("Sources of audiences", "filter_alt", "campaigns_audiencesource_changelist"),
                    _page("Audiences built", "groups", "campaigns_audiencerun_changelist"),
                    _page("Left out", "person_off", "campaigns_leftout_changelist"),
                    _page("Dry runs", "science", "campaigns_dryrun_changelist"),
                ],
            },
            {
                "title": "Quality",
                "collapsible": True,
                "items": [
                    _page("Reviews", "reviews", "calls_review_changelist"),
                    _page("Scorecards", "scoreboard", "calls_scorecard_changelist"),
                    _page("Versions of scorecards", "history_edu", "calls_scorecardversion_changelist"),
                ],
            },
            {
                "title": "Agents",
                "collapsible": True,
                "items": [
                    _page("Who is where", "support_agent", "calls_agentpresence_changelist"),
                    _page("Where they were", "timeline", "calls_agentstateinterval_changelist"),
                    _page("Pause codes", "coffee", "calls_pausecode_changelist"),
                    _page("Hard calls", "sentiment_stressed", "calls_hardcall_changelist"),
                ],
            },
            {
                "title": "Company",
                "collapsible": True,
                "items": [
                    _page("People", "group", "platform_user_changelist"),
                    _page("Teams", "groups", "crm_team_changelist"),
                    _page("Announcements", "campaign", "calls_announcement_changelist"),
                    _page("Departments", "account_tree", "crm_department_changelist"),
                    _page("Duty roster", "event_available", "crm_dutyshift_changelist"),
                    _page("Topics", "topic", "crm_topic_changelist"),
                    _page("Calendars", "calendar_month", "crm_businesscalendar_changelist"),
                ],
            },
            {
                "title": "System",
                "collapsible": True,
                "items": [
                    _page("API tokens", "key", "platform_apitoken_changelist"),
                    _page("Live feed", "rss_feed", "platform_feedmessage_changelist"),
                    _page("E-mails", "mail", "platform_letter_changelist", admins=True),
                    _page("News for other systems", "outbox", "platform_outboxevent_changelist", admins=True),
                    _page("Webhooks", "webhook", "platform_webhookendpoint_changelist", admins=True),
                    _page("Deliveries to webhooks", "send", "platform_webhookdelivery_changelist", admins=True),
                    _page("Audit trail", "history", "platform_auditevent_changelist"),
                    _page("Schedules", "schedule", "django_celery_beat_periodictask_changelist"),
                    _page("Signs of life", "favorite", "platform_heartbeat_changelist"),
                    _page("Failed logins", "lock", "axes_accessattempt_changelist", admins=True),
                ],
            },
        ],
    },
}
