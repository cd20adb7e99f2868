//! One order: from the question for a certificate to its chain (RFC 8555 §7.4).
use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order,
    OrderStatus,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use super::challenges::{AlpnCertificate, Challenges, PendingChallenge};
use super::error::{AcmeError, AcmeErrorKind};
use super::http::RetryAfter;
use super::settings::ChallengeKind;
use crate::domain::{Host, sha256};

/// From the first request to the chain.
const WHOLE: Duration = Duration::from_mins(5);
/// Between two questions for a state: the first pause, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What an order is made with.
pub(super) struct OrderDeps<'a> {
    pub(super) account: &'a Account,
    pub(super) retry_after: &'a RetryAfter,
    pub(super) challenges: &'a Arc<Challenges>,
}

impl ChallengeKind {
    const fn named(self) -> ChallengeType {
        match self {
            Self::TlsAlpn => ChallengeType::TlsAlpn01,
            Self::Http => ChallengeType::Http01,
        }
    }
}

impl OrderDeps<'_> {
    /// Chain and key of a new certificate for a host, in PEM. `kind`: how it is proved that the host is
    /// ours.
    pub(super) async fn obtain(
        &self,
        host: &Host,
        kind: ChallengeKind,
    ) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
        let asked = tokio::time::timeout(WHOLE, self.ask(host, kind)).await;
        asked.unwrap_or_else(|_| {
            let text = "the authority did not finish the order within 5 minutes";
            Err(AcmeError::new(AcmeErrorKind::Authority, text))
        })
    }

    async fn ask(&self, host: &Host, kind: ChallengeKind) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
        let identifiers = [Identifier::Dns(host.to_string())];
        let mut order = self.account.new_order(&NewOrder::new(&identifiers)).await?;
        let pending = self.answer(&mut order, host, kind).await?;
        self.wait_for_authorizations(&mut order, kind).await?;
        drop(pending);
        self.wait_until_ready(&mut order).await?;
        let (request, key) = certificate_request(host)?;
        order.finalize_csr(&request).await?;
        let chain = self.chain(&mut order).await?;
        Ok(Zeroizing::new(format!("{}{}", chain.trim_start(), &*key).into_bytes()))
    }

    /// Prepares the answers to challenges, and tells the authority.
    async fn answer(
        &self,
        order: &mut Order,
        host: &Host,
        kind: ChallengeKind,
    ) -> Result<Vec<PendingChallenge>, AcmeError> {
        let mut pending = Vec::new();
        let mut all = order.authorizations();
        while let Some(authorization) = all.next().await {
            let mut authorization = authorization?;
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                _ => return Err(refusal(&authorization, kind)),
            }
            let Some(mut challenge) = authorization.challenge(kind.named()) else {
                let text = format!("the authority does not offer {kind}");
                return Err(AcmeError::new(AcmeErrorKind::Challenge(kind), &text));
            };
            let answer = challenge.key_authorization();
            pending.push(match kind {
                ChallengeKind::Http => {
                    self.challenges.expect_http(&challenge.token, answer.as_str())
                }
                ChallengeKind::TlsAlpn => {
                    let digest = sha256(answer.as_str().as_bytes());
                    let shown = AlpnCertificate::new(host, &digest).map_err(|why| of_key(&why))?;
                    self.challenges.expect_alpn(host, shown)
                }
            });
            challenge.set_ready().await.map_err(|why| match why {
                instant_acme::Error::Api(problem) => AcmeError::refused(kind, Some(&problem)),
                other => other.into(),
            })?;
        }
        Ok(pending)
    }

    async fn wait_for_authorizations(
        &self,
        order: &mut Order,
        kind: ChallengeKind,
    ) -> Result<(), AcmeError> {
        let mut all = order.authorizations();
        while let Some(authorization) = all.next().await {
            let mut authorization = authorization?;
            let mut pause = FIRST_PAUSE;
            while authorization.status != AuthorizationStatus::Valid {
                self.pause(&mut pause).await;
                authorization.refresh().await?;
                match authorization.status {
                    AuthorizationStatus::Pending | AuthorizationStatus::Valid => {}
                    _ => return Err(refusal(&authorization, kind)),
                }
            }
        }
        Ok(())
    }

    async fn wait_until_ready(&self, order: &mut Order) -> Result<(), AcmeError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let state = order.refresh().await?;
            match (state.status, &state.error) {
                (OrderStatus::Pending | OrderStatus::Processing, None) => {}
                (OrderStatus::Ready, None) => return Ok(()),
                (_, Some(problem)) => return Err(instant_acme::Error::Api(problem.clone()).into()),
                (status, None) => {
                    return Err(AcmeError::of_host(&format!("the order is {status:?}")));
                }
            }
            self.pause(&mut pause).await;
        }
    }

    async fn chain(&self, order: &mut Order) -> Result<String, AcmeError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let state = order.state();
            match (state.status, &state.error) {
                // Some authorities take a moment to see that they were asked.
                (OrderStatus::Ready, None) => drop(order.refresh().await?),
                (OrderStatus::Invalid, None) => {
                    return Err(AcmeError::of_host("the authority made the order invalid"));
                }
                _ => {
                    if let Some(chain) = order.certificate().await? {
                        return Ok(chain);
                    }
                }
            }
            self.pause(&mut pause).await;
        }
    }

    /// As long as the authority wants, else longer each time.
    async fn pause(&self, own: &mut Duration) {
        let told = self.retry_after.take().unwrap_or_default();
        tokio::time::sleep(told.max(*own).min(LONGEST_PAUSE)).await;
        *own = own.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// What the authority says of the challenge that was answered.
fn refusal(authorization: &AuthorizationHandle<'_>, kind: ChallengeKind) -> AcmeError {
    let ours = authorization.challenges.iter().find(|challenge| challenge.r#type == kind.named());
    AcmeError::refused(kind, ours.and_then(|challenge| challenge.error.as_ref()))
}

/// The request in DER, and the new key (ECDSA P-256) in PEM.
fn certificate_request(host: &Host) -> Result<(Vec<u8>, Zeroizing<String>), AcmeError> {
    let made = || {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![host.to_string()])?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key)?.der().to_vec();
        Ok((request, Zeroizing::new(key.serialize_pem())))
    };
    made().map_err(|why: rcgen::Error| of_key(&why))
}

fn of_key(why: &rcgen::Error) -> AcmeError {
    AcmeError::of_host(&format!("cannot make a key: {why}"))
}
