//! paidpath from outside: whole rooms and the real binary.

mod browser;
