use instant_acme::{Account, AccountCredentials, NewAccount};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{AcmeError, AcmeErrorKind};
use super::folder::{AcmeFile, AcmeFolder};
use super::http::AcmeHttp;
use super::settings::AcmeSettings;
use crate::system::System;

/// The account as the folder keeps it.
#[derive(Serialize, Deserialize)]
struct KeptAccount {
    /// What the authority was told.
    contact: String,
    credentials: AccountCredentials,
}

/// The one account at the authority: that of the folder, else a new one, which is kept there.
pub(super) async fn account(
    settings: &AcmeSettings,
    folder: &AcmeFolder,
    http: &AcmeHttp,
    system: &System,
) -> Result<Account, AcmeError> {
    let Some(bytes) = folder.read(AcmeFile::Account)? else {
        return create(settings, folder, http, system).await;
    };
    let kept: KeptAccount = serde_json::from_slice(&bytes).map_err(|_| {
        let path = folder.path_of(AcmeFile::Account);
        // The parser's own text may hold a part of the key.
        let text = format!("{} is broken: restore it, or delete it", path.display());
        AcmeError::new(AcmeErrorKind::Authority, &text)
    })?;
    let builder = Account::builder_with_http(Box::new(http.clone()));
    let account = builder.from_credentials(kept.credentials).await?;
    if kept.contact != settings.contact {
        account.update_contacts(&[&settings.contact]).await?;
        let kept: KeptAccount = serde_json::from_slice(&bytes)
            .map_err(|why| AcmeError::new(AcmeErrorKind::Authority, &why.to_string()))?;
        keep(&KeptAccount { contact: settings.contact.clone(), ..kept }, folder, system)?;
    }
    Ok(account)
}

async fn create(
    settings: &AcmeSettings,
    folder: &AcmeFolder,
    http: &AcmeHttp,
    system: &System,
) -> Result<Account, AcmeError> {
    let wanted = NewAccount {
        contact: &[&settings.contact],
        // `acme.terms_agreed`, without which no configuration is valid.
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let builder = Account::builder_with_http(Box::new(http.clone()));
    let directory = settings.directory.as_str().to_owned();
    let (account, credentials) = builder.create(&wanted, directory, None).await?;
    keep(&KeptAccount { contact: settings.contact.clone(), credentials }, folder, system)?;
    tracing::info!(authority = settings.directory.as_str(), "acme: account created");
    Ok(account)
}

fn keep(account: &KeptAccount, folder: &AcmeFolder, system: &System) -> Result<(), AcmeError> {
    let text = serde_json::to_vec(account).map(Zeroizing::new);
    let text = text.map_err(|why| AcmeError::new(AcmeErrorKind::Authority, &why.to_string()))?;
    Ok(folder.write(AcmeFile::Account, &text, system)?)
}
