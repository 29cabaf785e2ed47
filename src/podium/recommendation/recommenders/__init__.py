"""Recommenders: each turns a history into a ranked list per user, and scores any pair."""
