"""Settling the commands of catalogue."""
