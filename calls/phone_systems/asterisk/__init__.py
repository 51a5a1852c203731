"""Asterisk: what its channel events, its call records and its queue log tell of calls."""
