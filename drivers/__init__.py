"""Everything that touches a device, and nothing that knows what a loan is."""
