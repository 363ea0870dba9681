"""Mailchimp's Marketing API: audiences, their merge fields and members."""

from sandbox.mailchimp.server import Server

__all__ = ["Server"]
