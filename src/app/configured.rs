//! What a configuration decides: made anew by each reload.
use std::sync::Arc;

use super::decorate::Decorator;
use super::error::AppError;
use super::runtime::Runtime;
use crate::access::{AuthorizationPolicy, Authorizer, AuthorizerDeps};
use crate::api;
use crate::config::Config;
use crate::delivery::sms::{self, SmsProvider};
use crate::delivery::{Delivery, ReceiptInbox};
use crate::events::EventSink;
use crate::gate::SiteMap;
use crate::login::{self, Login, LoginLimits, LoginSettings, SentTexts, TextSettings};
use crate::pages::views::Views;
use crate::proxy::{ConfigSnapshot, ConfigSnapshotDeps, DECISIONS};
use crate::system::System;
use crate::users::Directory;
use crate::web::{Web, WebDeps};
use crate::words::{SmsTemplate, SmsTemplates};

/// The value that a change of the configuration replaces.
pub(super) fn snapshot(config: &Config, runtime: &Runtime) -> Result<ConfigSnapshot, AppError> {
    let (issuer, sites) = (config.issuer.clone(), config.sites.clone());
    let map = Arc::new(SiteMap::new(issuer, config.prefix.clone(), sites));
    let directory = Arc::new(Directory::new(config.users.clone()));
    let parts = WebDeps {
        login: login(config, runtime),
        sessions: Arc::clone(&runtime.sessions),
        session: config.session,
        personal_tokens: config.personal_tokens,
        directory: Arc::clone(&directory),
        map: Arc::clone(&map),
        pages: pages(config)?,
        tickets: runtime.for_requests.tickets.clone(),
        keys: Arc::clone(&runtime.keys),
        oauth: config.oauth.clone(),
        grants: Arc::clone(&runtime.for_requests.grants),
        receipts: receipts(config, runtime),
        events: Arc::clone(&runtime.events),
        system: runtime.system.clone(),
    };
    let web = Arc::new(Web::new(parts, &runtime.keyring));
    let sites: Vec<&str> = map.sites().iter().map(|site| site.name.as_str()).collect();
    let requests = runtime.metrics.requests(&sites, DECISIONS)?;
    let authorizer = authorizer(config, runtime, &map, directory);
    let pools = runtime.upstreams.adopt(map.sites())?;
    let digest = config.digest_text();
    let parts = ConfigSnapshotDeps { digest, map, authorizer, web, requests, pools };
    Ok(ConfigSnapshot::new(parts, &config.proxy))
}

/// The place for what providers tell of texts.
fn receipts(config: &Config, runtime: &Runtime) -> api::Receipts {
    let taken = config.providers.iter().filter(|_| config.sms_receipts.is_some());
    api::Receipts {
        providers: taken.filter_map(sms::ProviderSettings::api).collect(),
        issuer: config.issuer.clone(),
        sent: Arc::clone(&runtime.sent),
        events: Arc::clone(&runtime.events),
        system: runtime.system.clone(),
    }
}

pub(super) fn login(config: &Config, runtime: &Runtime) -> Login {
    let settings = LoginSettings { limits: limits(config), ..config.login.clone() };
    Login::new(runtime.login.clone(), settings, config.session)
}

/// Those of the configuration, whose budgets know how its texts are billed.
fn limits(config: &Config) -> LoginLimits {
    config.login.limits.clone().with_segments(config.text_segments())
}

fn authorizer(
    config: &Config,
    runtime: &Runtime,
    map: &Arc<SiteMap>,
    directory: Arc<Directory>,
) -> Authorizer {
    let policy = AuthorizationPolicy {
        map: Arc::clone(map),
        clients: config.oauth.clients.clone(),
        directory,
        session: config.session,
    };
    let deps = AuthorizerDeps {
        sessions: Arc::clone(&runtime.sessions),
        tokens: Arc::clone(&runtime.tokens),
        keys: Arc::clone(&runtime.keys),
        system: runtime.system.clone(),
    };
    Authorizer::new(policy, deps)
}

fn pages(config: &Config) -> Result<Views, AppError> {
    let pages = Views::new(&config.brand)?;
    for correction in pages.corrections() {
        tracing::warn!("{correction}");
    }
    Ok(pages)
}

fn templates(config: &Config) -> Result<SmsTemplates, AppError> {
    let read = |text: &str| SmsTemplate::parse(text, &config.brand.name);
    let mut templates = SmsTemplates::new(read(&config.sms_template)?);
    for (tag, text) in &config.sms_templates {
        templates.add(tag, read(text)?);
    }
    for (tag, text) in &config.sms_built_in {
        templates.add_built_in(tag, read(text)?);
    }
    Ok(templates)
}

/// How texts are worded and sent.
pub(super) fn texts(
    config: &Config,
    (system, events): (&System, &Arc<dyn EventSink>),
    sent: &Arc<SentTexts>,
    decorator: &dyn Decorator,
) -> Result<TextSettings, AppError> {
    let inbox = config.sms_receipts.is_some().then(|| Arc::clone(sent) as _);
    let providers = decorator.providers(providers(config, inbox, system));
    let delivery = delivery(config, providers, system).telling(Arc::clone(events));
    let limits = limits(config);
    Ok(TextSettings { delivery, templates: templates(config)?, limits })
}

/// The providers of a configuration, in its order. Opens no connection yet. `inbox`: takes the receipts that
/// come over a session.
pub(super) fn providers(
    config: &Config,
    inbox: Option<Arc<dyn ReceiptInbox>>,
    system: &System,
) -> Vec<Arc<dyn SmsProvider>> {
    let calls = sms::ProviderCalls {
        allowed: config.sms_allow_private.clone(),
        receipts: config.sms_receipts.clone(),
        inbox,
        ..sms::ProviderCalls::new(system.clone())
    };
    config.providers.iter().map(|settings| sms::provider(settings, &calls)).collect()
}

/// The providers in the order and by the routes of a configuration.
pub(super) fn delivery(
    config: &Config,
    providers: Vec<Arc<dyn SmsProvider>>,
    system: &System,
) -> Delivery {
    Delivery::new(providers, system.clone()).with_routes(config.sms_routes.clone())
}

/// Makes counters of expected events start at zero.
pub(super) fn expect(config: &Config, runtime: &Runtime) {
    let providers = config.providers.iter().map(sms::ProviderSettings::name);
    let happened = runtime.metrics.event_counters();
    let others = login::CONVERSION_PAUSES.iter().chain(&login::CONVERSION_CHALLENGES);
    let others = others.chain([&login::TEXT_SPACING]);
    happened.expect(providers, login::LIMITS.iter().chain(others).map(|row| row.key));
    let told = |row: &'static login::LimitDef| row.told_at().iter().map(|at| (row.key, *at));
    happened.expect_budgets(login::LIMITS.iter().flat_map(told));
    happened.expect_challenges(login::challenge_outcomes());
    for client in config.oauth.clients.all() {
        happened.expect_client(client.id.as_str(), client.grants.iter().map(|grant| grant.name()));
    }
}
