//! Totals of counters in memory: fast enough for a thousand histories.
use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use doorcode::domain::CounterKey;
use doorcode::store::{
    AddedTotal, Addition, CounterId, CounterTotal, PlacedMark, StoreError, TotalStore,
};

#[derive(Default)]
pub(crate) struct MemoryTotals(Mutex<HashMap<(CounterKey, u128), CounterTotal>>);

impl MemoryTotals {
    fn with<T>(&self, id: CounterId, step: impl FnOnce(&mut Option<CounterTotal>) -> T) -> T {
        let mut totals = self.0.lock().unwrap();
        let key = (id.key, id.window.as_millis());
        let mut total = totals.remove(&key);
        let done = step(&mut total);
        totals.extend(total.map(|total| (key, total)));
        done
    }
}

#[async_trait]
impl TotalStore for MemoryTotals {
    async fn total(&self, id: CounterId) -> Result<Option<CounterTotal>, StoreError> {
        Ok(self.with(id, |total| total.clone()))
    }

    async fn add(&self, id: CounterId, add: &Addition) -> Result<Option<AddedTotal>, StoreError> {
        Ok(self.with(id, |found| {
            let total = found.get_or_insert_with(|| CounterTotal {
                began: add.began,
                total: 0,
                last: add.at,
                newest: add.at,
                jitter: add.jitter,
                marks: Vec::new(),
            });
            if total.began != add.began || total.total + add.n > add.most {
                return None;
            }
            let at = total.last.max(add.at);
            total.total += add.n;
            (total.last, total.newest, total.jitter) = (at, at, add.jitter);
            Some(AddedTotal { total: total.total, at })
        }))
    }

    async fn mark(&self, marks: &[PlacedMark]) -> Result<(), StoreError> {
        for PlacedMark { id, mark, .. } in marks {
            self.with(*id, |total| {
                let marks = &mut total.as_mut().unwrap().marks;
                match marks.iter_mut().find(|old| old.at == mark.at) {
                    None => marks.push(*mark),
                    Some(old) => {
                        old.n += mark.n;
                        old.given_back += mark.given_back;
                        old.after = old.after.min(mark.after);
                        old.upto = old.upto.max(mark.upto);
                    }
                }
                marks.sort_by_key(|mark| mark.at);
            });
        }
        Ok(())
    }

    async fn give_back(&self, placed: &PlacedMark, n: i64) -> Result<bool, StoreError> {
        Ok(self.with(placed.id, |total| {
            let marks = &mut total.as_mut().unwrap().marks;
            let mark = marks.iter_mut().find(|mark| mark.at == placed.mark.at).unwrap();
            let has = mark.n >= n;
            if has {
                mark.n -= n;
                mark.given_back += n;
            }
            has
        }))
    }

    async fn set_newest(&self, id: CounterId, new: &CounterTotal) -> Result<(), StoreError> {
        self.with(id, |total| {
            let total = total.as_mut().unwrap();
            if total.total == new.total {
                (total.newest, total.jitter) = (new.newest, new.jitter);
            }
        });
        Ok(())
    }
}
