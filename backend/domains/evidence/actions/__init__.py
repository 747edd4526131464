"""What changes evidence: declarations, uploads, examinations."""
