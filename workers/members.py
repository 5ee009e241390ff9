"""Settling the commands of members."""
