//! How much of what was found a verdict tells.

/// Decides nothing: whoever acts on verdicts alone is spared what only people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tells {
    /// All that `explain` shows.
    #[default]
    Everything,
    /// The decision, the units, and of each check its name, verdict, log e-values and what they must
    /// reach. No words, estimates, counts or units needed, and no ranking.
    Decision,
}
