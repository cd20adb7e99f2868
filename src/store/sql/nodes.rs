use async_trait::async_trait;

use super::database::SqlStore;
use super::pool::SqlRow;
use super::query::query;
use super::rows::Columns;
use crate::domain::NodeId;
use crate::store::{NodeDescription, NodeStore, StoreError, StoredNode};
use crate::system::Timestamp;

#[async_trait]
impl NodeStore for SqlStore {
    async fn beat(&self, node: &NodeDescription, now: Timestamp) -> Result<(), StoreError> {
        query(
            "INSERT INTO nodes (id, name, version, settings, cache, began, seen, beats)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
             ON CONFLICT (id) DO UPDATE SET cache = excluded.cache, seen = excluded.seen,
               beats = nodes.beats + 1",
        )
        .bind(node.id.to_string())
        .bind(&node.name)
        .bind(&node.version)
        .bind(&node.settings)
        .bind(&node.cache)
        .bind(node.began.as_millis())
        .bind(now.as_millis())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn list_nodes(&self) -> Result<Vec<StoredNode>, StoreError> {
        let rows = query(
            "SELECT id, name, version, settings, cache, began, seen, beats FROM nodes
             ORDER BY began, id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }

    async fn remove_node(&self, node: NodeId) -> Result<(), StoreError> {
        let delete = query("DELETE FROM nodes WHERE id = $1").bind(node.to_string());
        delete.execute(&self.write).await.map(drop)
    }
}

fn read(row: &SqlRow) -> Result<StoredNode, StoreError> {
    let columns = Columns::of(row, "nodes");
    let description = NodeDescription {
        id: columns.parsed("id", NodeId::parse)?,
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        settings: row.try_get("settings")?,
        cache: row.try_get("cache")?,
        began: columns.time("began")?,
    };
    Ok(StoredNode { description, seen: columns.time("seen")?, beats: row.try_get("beats")? })
}
