"""Residents: what people without an account report, what they are told, and their names and phone numbers.

Nouns: resident report (a receipt and a secret instead of an account), message, reopening request, contact view (somebody read a name and
a number, and why). The contact of people outside stands here and nowhere else: findings, deeds and the journal hold none of it. A report
becomes a finding by the deeds of the domain below, done as the service person of identity.
"""
