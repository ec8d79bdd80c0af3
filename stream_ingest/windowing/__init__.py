"""The windowing Lambda and its sweeper: packed rows in, windows and events out."""
