"""Files of other programs: rows of tables and JSON, logs of evaluation harnesses, token counts."""
