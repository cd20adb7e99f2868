use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Web;
use crate::session::SignedIn;

/// Who is signed in, for the scripts of an app.
pub(crate) async fn show(
    State(web): State<Arc<Web>>,
    Extension(who): Extension<SignedIn>,
) -> Json<Value> {
    let roles = web.directory.roles(who.phone(), &who.stored_roles());
    let roles: Vec<&str> = roles.iter().map(crate::domain::Role::as_str).collect();
    Json(json!({
        "sub": who.user().to_string(),
        "phone_number": who.phone().e164(),
        "roles": roles,
    }))
}
