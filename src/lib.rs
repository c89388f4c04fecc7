//! paidpath.
