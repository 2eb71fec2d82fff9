"""Language models as proposers: what they are asked, what is read of it, what it costs."""
