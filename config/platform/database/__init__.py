"""Django's PostgreSQL backend with a cheaper look at whether a connection still lives. Named by the settings as ENGINE."""
