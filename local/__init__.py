"""Runs the eight repositories together on this computer, on a local AWS (MiniStack)."""
