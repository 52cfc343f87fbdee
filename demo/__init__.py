"""A small province's libraries with simulated devices on real wires."""
