"""Findings: the life of what an inspector saw, from recorded to filed, dispatched and on to closed.

Nouns: finding (案卷) with its number (案卷号) and one state; dispatch (派遣), the task of one contractor or unit; note; proposal (a change
that was kept but not put into effect). Level: above contracts, patrols, evidence and deadlines, which tell it what happened through the
journal; below assessment and sync.
"""
