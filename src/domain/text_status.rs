/// What a provider says became of a text. In their order: a text moves forward only, whatever the order
/// in which receipts arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextStatus {
    /// The provider took it.
    Accepted,
    /// A carrier took it.
    Sent,
    /// It did not arrive. A receipt of its delivery that comes later is right: carriers give up early.
    Undelivered,
    Delivered,
}

impl TextStatus {
    /// Of all, the first first.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Sent, Self::Undelivered, Self::Delivered];

    /// Its place in the order, as it is stored.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Accepted => 0,
            Self::Sent => 1,
            Self::Undelivered => 2,
            Self::Delivered => 3,
        }
    }

    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.rank() == rank)
    }
}
