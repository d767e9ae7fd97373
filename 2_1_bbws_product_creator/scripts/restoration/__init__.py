"""Replays what the audit trail holds into a table that was restored."""
