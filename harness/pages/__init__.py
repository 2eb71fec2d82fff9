"""What commands print: pages of tables, traces and profiles, made from results."""
