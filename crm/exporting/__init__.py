"""Files that go out: what is in them, how they are written, and the job that does it."""
