"""The dashboard, the alarms and the data of their charts."""
