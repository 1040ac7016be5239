//! Load: measured by hand, not in the suite.
