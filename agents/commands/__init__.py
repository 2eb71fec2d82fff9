"""Commands of the search: discover, allocate, runs, report, approve, reject and propose."""
