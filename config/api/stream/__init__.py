"""The live feed as Server-Sent Events: a process of its own holds the connections, and any web process answers them a step at a time."""
