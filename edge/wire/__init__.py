"""What a device and the centre say to each other over MQTT: topics, facts, batches, messages.

The folder does no I/O; the gateway imports it too. Wire version 1.
"""
