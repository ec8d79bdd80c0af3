"""The embedded AWS: started, deployed onto by the Pulumi program, stopped."""
