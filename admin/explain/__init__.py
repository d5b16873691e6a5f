"""Explaining: where a letter is, why it waits, what was said about it, what comes next.

A line again: facts ◀ explanation (values) ◀ reasons (pure) ◀ sentences, endings, attempts (in words) ◀ screen, document
(for people, for programs). Gathering fills the facts, and is the only file that reads anything.
"""
