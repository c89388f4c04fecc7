//! Randomness that can be repeated: everything drawn in a run comes from its seed.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use rand::SeedableRng;
use rand::rngs::StdRng;

/// The number a run is repeated from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A new seed, from the operating system. Kept below 2^32 so that a person can type it.
    pub fn draw() -> Self {
        Self(u64::from(rand::random::<u32>()))
    }

    /// A generator of its own for one purpose: the same seed and purpose give the same draws, whatever else the run does
    /// and in whichever order.
    pub fn rng(self, purpose: impl Hash) -> StdRng {
        let mut hasher = DefaultHasher::new();
        (self.0, purpose).hash(&mut hasher);
        StdRng::seed_from_u64(hasher.finish())
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
