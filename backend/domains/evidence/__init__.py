"""Evidence: photos, the bytes behind them and what those bytes prove.

Nouns: blob (bytes under their SHA-256), delivery (who brought the bytes), upload (a tus upload under way), photo
(a declaration on a subject, such as a finding, that names a blob), examination (the full decode that makes a stored blob usable or
unreadable), rendition (a small upright copy), store (a folder or an S3 bucket).

Record and bytes travel apart; either may come first. A photo counts as stored only once its own declarer delivered the bytes:
knowing a hash proves nothing. Nothing is served by hash: photos are served by the subject they are on.

Neighbours: findings, patrols and community above it declare photos and learn through the journal what became of them. It knows none
of them.
"""
