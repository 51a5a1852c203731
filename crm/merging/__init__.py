"""Two contacts become one, and part again with nothing lost.

`joining` merges, `parting` undoes, `strays` gathers what was written to the old id meanwhile. `relations` knows whatever points
at contacts, `fields` whose value stays, `lists` phones, e-mails and addresses, `others` whom to tell.
"""

from crm.merging.joining import merge, merge_pair, preview
from crm.merging.others import joined, parted
from crm.merging.parting import undo
from crm.merging.relations import left_alone

__all__ = ["joined", "left_alone", "merge", "merge_pair", "parted", "preview", "undo"]
