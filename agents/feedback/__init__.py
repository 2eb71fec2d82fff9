"""What a round is told: where the tokens went, what failed, what hindsight shows."""
