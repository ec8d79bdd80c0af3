"""Files below ``csv-files/`` that no job knows: found by the sweeper, and started."""
