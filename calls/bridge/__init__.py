"""The bridge beside an Asterisk: what the manager interface and the queue log tell is spooled to disk and posted until it is stored."""
