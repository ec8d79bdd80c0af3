"""The embedded AWS (ministack): start it, deploy the Pulumi program onto it, stop it."""
