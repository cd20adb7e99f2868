use async_trait::async_trait;

use super::StoreError;
use crate::domain::NodeId;
use crate::system::Timestamp;

/// A server that runs on the database, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeDescription {
    pub id: NodeId,
    /// Its host and port.
    pub name: String,
    pub version: String,
    /// A keyed digest of its configuration file: two nodes that differ in it differ in their file or in
    /// their secret.
    pub settings: String,
    /// Where it keeps what expires.
    pub cache: String,
    /// When it started, by its own clock.
    pub began: Timestamp,
}

/// The same with its signs of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNode {
    pub description: NodeDescription,
    /// The latest, by its own clock.
    pub seen: Timestamp,
    /// How many there were. Grows as long as it lives, whatever the clocks show.
    pub beats: i64,
}

/// The nodes of a database.
#[async_trait]
pub trait NodeStore: Send + Sync {
    /// Writes a sign of life.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn beat(&self, node: &NodeDescription, now: Timestamp) -> Result<(), StoreError>;

    /// All that gave one, oldest first, dead ones of the last day included.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn list_nodes(&self) -> Result<Vec<StoredNode>, StoreError>;

    /// Removes a node that ends.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn remove_node(&self, node: NodeId) -> Result<(), StoreError>;
}
