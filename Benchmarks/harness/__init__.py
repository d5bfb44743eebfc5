"""What Scripts/bench runs: peers as processes, rows that measure them in turn, figures with their targets."""
