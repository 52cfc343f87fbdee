"""SIP2, the protocol by which self-checks talk to a library system: codec, client, simulated server."""
