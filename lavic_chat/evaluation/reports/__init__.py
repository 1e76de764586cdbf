"""Reports: tables, plots and galleries of evaluations."""
