"""The named points at which a test has the server die; tests.make.dying_app puts them into the application."""

POINTS = {
    "kept": "the lines are committed, nothing is judged",
    "in_operation": "an operation of a run is done, the run is not committed",
    "sealed": "the journal has its numbers, the transaction is not committed",
    "judged": "the run is committed, the answer is not begun",
    "answer": "the answer is ready, and does not leave",
    "page": "a page of changes is read, and does not leave",
    "blob_moved": "a photo has its final name, the database does not know it",
    "offset_moved": "a chunk is in the spool, its offset is not committed",
    "reaction": "what follows from an entry is done, and not committed",
    "digest": "a daily mail is composed, and not committed",
    "delivery_taken": "an attempt is counted and committed, nothing is sent",
    "delivery_sent": "a message left the house, and that is not recorded",
}
