"""How Switchboard is wired, and the ground that every app stands on."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
