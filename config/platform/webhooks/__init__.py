"""News pushed to other systems: kept, relayed from the outbox, signed, sent until it is taken."""
