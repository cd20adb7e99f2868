//! The place for what SMS providers tell of texts, each at a path of its own.
//! Believes a signature and nothing else: who asks learns nothing, whatever is asked.
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;

use crate::delivery::sms::HttpApi;
use crate::delivery::{DeliveryReceipt, ReceiptRefused, ReceiptRequest};
use crate::events::{Event, EventSink};
use crate::login::SentTexts;
use crate::oauth::Issuer;
use crate::system::System;

/// Below which the place of each provider is, by its name.
pub(crate) const RECEIPTS: &str = "/sms/receipt";

/// The same as a row of the route table.
pub(crate) const RECEIPT_OF: &str = "/sms/receipt/{provider}";

/// Takes the receipts of the configured providers.
pub struct Receipts {
    pub providers: Vec<Arc<dyn HttpApi>>,
    /// Signatures are over the configured URL, whatever `Host` says.
    pub issuer: Issuer,
    pub sent: Arc<SentTexts>,
    pub events: Arc<dyn EventSink>,
    pub system: System,
}

/// `GET` or `POST /sms/receipt/{provider}`: 200, or 403 for everything that is not signed by the provider.
/// Nothing is written before that, and nothing is looked up: a receipt of a text that nobody sent is
/// answered as any other. 503 if too many wait, or if it could not be checked now, so that the provider comes
/// again.
pub(crate) async fn receipt(
    State(receipts): State<Arc<Receipts>>,
    Path(provider): Path<String>,
    head: Parts,
    body: Bytes,
) -> Response {
    let status = match receipts.read(&provider, &head, &body).await {
        Ok(None) => StatusCode::OK,
        Ok(Some(receipt)) => {
            let taken = receipts.sent.receipt(&provider, receipt);
            if taken { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
        }
        Err(why) => {
            let is_later = why == ReceiptRefused::NotNow;
            let known = receipts.find(&provider);
            let (provider, why) = (known.map_or("", |api| api.name()), &*why.to_string());
            receipts.events.record(&Event::ReceiptRefused { provider, why });
            if is_later { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::FORBIDDEN }
        }
    };
    status.into_response()
}

impl Receipts {
    fn find(&self, name: &str) -> Option<&dyn HttpApi> {
        self.providers.iter().find(|api| api.name() == name).map(|api| &**api)
    }

    async fn read(
        &self,
        provider: &str,
        head: &Parts,
        body: &[u8],
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let api = self.find(provider).and_then(HttpApi::receipts);
        let api = api.ok_or(ReceiptRefused::NotExpected)?;
        let query = head.uri.query();
        let place = self.issuer.url(&format!("{RECEIPTS}/{provider}"));
        let url = query.map_or(place.clone(), |query| format!("{place}?{query}"));
        api.receipt(&ReceiptRequest {
            method: &head.method,
            url: &url,
            query: query.unwrap_or_default(),
            headers: &head.headers,
            body,
            now: self.system.now(),
        })
        .await
    }
}
