"""The self-service kiosk: one pure session table and the screen it drives."""
