"""Settling the commands of merchants."""
