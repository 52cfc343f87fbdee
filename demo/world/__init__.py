"""The physical world of the demo: things, people, devices on wires, plugs, and the hall."""
