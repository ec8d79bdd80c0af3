"""See it and steer it: status, dashboards, and the embedded AWS of the local run."""
