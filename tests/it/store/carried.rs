//! What is in the memory of a process, on its way to the next one.
use doorcode::domain::AttemptKey;
use doorcode::store::{AttemptStore as _, AttemptUpdate, CarriedValue, MemoryStores};

use super::attempts::{attempt, wait};
use super::tickets::{KEY, form, handover, login};

fn on_its_way(value: &CarriedValue) -> CarriedValue {
    let text = serde_json::to_string(value).expect("a text");
    serde_json::from_str(&text).expect("a value")
}

#[test]
fn everything_that_expires_arrives_and_what_cannot_be_read_is_left_out() {
    let (old, new) = (MemoryStores::default(), MemoryStores::default());
    let key = AttemptKey::from_bytes([9; 32]);
    let kept = attempt();
    wait(old.attempts.update(key, &mut |_| AttemptUpdate::Put(kept.clone()))).unwrap();
    let tickets = old.tickets();
    wait(tickets.handovers.put(KEY, handover("/orders?q=1", Some("ar")))).unwrap();
    wait(tickets.logins.put(KEY, login())).unwrap();
    wait(tickets.forms.put(KEY, form())).unwrap();
    let values: Vec<_> = old.values().collect();
    assert_eq!(values.len(), 4);
    for value in &values {
        new.take_in(&on_its_way(value)).expect("known");
    }
    let arrived = wait(new.attempts.get(key)).unwrap().expect("an attempt");
    assert_eq!(format!("{arrived:?}"), format!("{kept:?}"));
    let (from, to) = (old.tickets(), new.tickets());
    let take = |it: &doorcode::store::TicketStores| {
        let handover = wait(it.handovers.take(KEY)).unwrap().expect("a ticket");
        let login = wait(it.logins.take(KEY)).unwrap().expect("a ticket");
        let form = wait(it.forms.take(KEY)).unwrap().expect("a form");
        format!("{handover:?} {login:?} {} {:?}", form.sealed, form.expires)
    };
    assert_eq!(take(&to), take(&from));
    for text in [
        r#"{"kind":"attempt","digest":"09","value":"{}"}"#,
        r#"{"kind":"handover-ticket","digest":"0101010101010101010101010101010101010101010101010101010101010101","value":"{\"version\":2}"}"#,
        r#"{"kind":"something-new","digest":"","value":""}"#,
    ] {
        let value: CarriedValue = serde_json::from_str(text).expect("a value");
        assert!(new.take_in(&value).is_none(), "{text}");
    }
}
