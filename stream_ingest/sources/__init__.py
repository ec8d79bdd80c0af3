"""Where rows come from: MySQL and CSV."""
