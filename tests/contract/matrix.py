"""Who may do what. A line an operation; a letter for each role that may:

a agent, s supervisor, b back office, A administrator, and, after the blank, the scope that an integration's token needs
(`-`: no integration ever). `everybody` needs no token at all, `known` any valid one.
"""

MATRIX = """
audit_events_list            sA     -
call_events_create           A      events:write
call_events_list             sA     calls:read
calls_create                 asA    calls:write
calls_events                 sA     calls:read
calls_finish                 asA    calls:write
calls_identify               asA    calls:write
calls_list                   asbA   calls:read
calls_retrieve               asbA   calls:read
calls_script                 asbA   calls:read
calls_script_runs            asA    calls:write
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
imports_create               asbA   contacts:write
imports_errors               asbA   contacts:read
imports_list                 asbA   contacts:read
imports_retrieve             asbA   contacts:read
imports_rows                 asbA   contacts:read
imports_start                asbA   contacts:write
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
script_adherence_retrieve    sA     calls:read
script_runs_finish           asA    calls:write
script_runs_list             asbA   calls:read
script_runs_retrieve         asbA   calls:read
script_runs_steps            asA    calls:write
script_versions_check        sA     knowledge:write
script_versions_create       sA     knowledge:write
script_versions_destroy      sA     knowledge:write
script_versions_list         asbA   knowledge:read
script_versions_partial_update sA   knowledge:write
script_versions_publish      sA     knowledge:write
script_versions_retire       sA     knowledge:write
script_versions_retrieve     asbA   knowledge:read
scripts_create               sA     knowledge:write
scripts_destroy              A      knowledge:write
scripts_list                 asbA   knowledge:read
scripts_partial_update       sA     knowledge:write
scripts_render               asbA   knowledge:read
scripts_retrieve             asbA   knowledge:read
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
