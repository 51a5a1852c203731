"""Who may do what. A line an operation; a letter for each role that may:

a agent, s supervisor, b back office, A administrator, and, after the blank, the scope that an integration's token needs
(`-`: no integration ever). `everybody` needs no token at all, `known` any valid one.
"""

MATRIX = """
audit_events_list            sA     -
call_events_create           A      events:write
call_events_list             sA     calls:read
calendars_create             A      -
calendars_destroy            A      -
calendars_hours              asbA   contacts:read
calendars_list               asbA   contacts:read
calendars_partial_update     A      -
calendars_retrieve           asbA   contacts:read
calls_create                 asA    calls:write
calls_events                 sA     calls:read
calls_finish                 asA    calls:write
calls_identify               asA    calls:write
calls_list                   asbA   calls:read
calls_retrieve               asbA   calls:read
calls_wrap_up                asA    calls:write
contacts_bulk                asbA   contacts:write
contacts_create              asbA   contacts:write
contacts_destroy             sA     -
contacts_list                asbA   contacts:read
contacts_notes               asbA   contacts:write
contacts_partial_update      asbA   contacts:write
contacts_retrieve            asbA   contacts:read
contacts_timeline            asbA   contacts:read
custom_fields_create         A      -
custom_fields_destroy        A      -
custom_fields_list           asbA   contacts:read
custom_fields_partial_update A      -
custom_fields_retrieve       asbA   contacts:read
departments_create           A      -
departments_destroy          A      -
departments_list             asbA   contacts:read
departments_partial_update   A      -
departments_retrieve         asbA   contacts:read
dispositions_create          sA     -
dispositions_destroy         A      -
dispositions_list            asbA   calls:read
dispositions_partial_update  sA     -
dispositions_retrieve        asbA   calls:read
extensions_create            sA     -
extensions_destroy           sA     -
extensions_list              asbA   calls:read
extensions_partial_update    sA     -
extensions_retrieve          asbA   calls:read
imports_cancel               asbA   contacts:write
imports_conflicts            asbA   contacts:read
imports_create               asbA   contacts:write
imports_errors               asbA   contacts:read
imports_list                 asbA   contacts:read
imports_partial_update       asbA   contacts:write
imports_pause                asbA   contacts:write
imports_resume               asbA   contacts:write
imports_retrieve             asbA   contacts:read
imports_rows                 asbA   contacts:read
imports_start                asbA   contacts:write
imports_undo                 asbA   contacts:write
lookup_retrieve              asbA   lookup:read
me_retrieve                  known
phone_numbers_list           asbA   contacts:read
phone_numbers_retrieve       asbA   contacts:read
phone_systems_create         A      -
phone_systems_destroy        A      -
phone_systems_list           sA     calls:read
phone_systems_partial_update A      -
phone_systems_retrieve       sA     calls:read
problems_list                everybody
problems_retrieve            everybody
tasks_cancel                 asbA   contacts:write
tasks_complete               asbA   contacts:write
tasks_create                 asbA   contacts:write
tasks_list                   asbA   contacts:read
tasks_partial_update         asbA   contacts:write
tasks_reopen                 asbA   contacts:write
tasks_retrieve               asbA   contacts:read
teams_create                 sA     -
teams_destroy                A      -
teams_list                   asbA   contacts:read
teams_partial_update         sA     -
teams_retrieve               asbA   contacts:read
tokens_create                everybody
tokens_issue                 A      -
tokens_list                  asbA   -
tokens_retrieve              asbA   -
tokens_revoke                asbA   -
topics_create                sA     -
topics_destroy               A      -
topics_list                  asbA   contacts:read
topics_partial_update        sA     -
topics_retrieve              asbA   contacts:read
users_create                 A      -
users_list                   asbA   -
users_partial_update         A      -
users_retrieve               asbA   -
"""
LINES = {words[0]: words[1:] for line in MATRIX.split("\n") if (words := line.split())}
LETTERS = {"agent": "a", "supervisor": "s", "back_office": "b", "admin": "A"}
