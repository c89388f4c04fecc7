//! The ids of documents and pickles: numbers in the order in which they are asked for.

/// Counts from 0. One counter serves all documents of a run, so that their ids differ; the same files in the same order
/// get the same ids.
#[derive(Debug, Default)]
pub struct Ids(u64);

impl Ids {
    /// The next id.
    pub fn next_id(&mut self) -> String {
        let id = self.0.to_string();
        self.0 += 1;
        id
    }
}
