"""Runs the nodes of Flow Core's `langchain` backends on langchain-core.

The server starts a process of this package, hands it its modules and settings as the first line, and speaks lines of JSON
with it. Nothing here is meant to be imported by others.
"""
