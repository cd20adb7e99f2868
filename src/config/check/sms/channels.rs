use super::super::super::reader::Reader;
use super::super::super::values::{self, unknown};
use super::super::named::Named;
use super::channel_of;
use crate::domain::{Country, TextChannel};
use crate::login::{ChannelOrder, Countries};

const PROVIDERS: &str = "sms.providers";
const USUAL: &str = "sms.channels";
/// Makes the codes of its texts.
const VERIFY: &str = "twilio_verify";

/// `sms.channels` and `[[sms.channel_order]]`. `served`: `None` if it is invalid; what depends on it is
/// not judged then.
pub(in super::super) fn channels(
    reader: &mut Reader<'_>,
    named: &Named,
    served: Option<&Countries>,
) -> Option<ChannelOrder> {
    let providers = of_providers(named);
    let usual = reader.all(USUAL, |text| channel(text, &providers));
    let mut by_country = Vec::new();
    let mut decided = Vec::new();
    for table in reader.each("sms.channel_order") {
        reader.require(&table);
        let countries =
            reader.all(&format!("{table}.countries"), |text| country(text, &decided, served));
        decided.extend(countries.iter().flatten().copied());
        let channels = reader.all(&format!("{table}.channels"), |text| channel(text, &providers));
        by_country.push(countries.zip(channels));
    }
    let by_country: Option<Vec<_>> = by_country.into_iter().collect();
    let order = ChannelOrder { usual: usual?, by_country: by_country? };
    note_unused(reader, &providers, &order);
    Some(order)
}

/// The names in `sms.providers`, and their channels. Empty if one of them is none, since it may be the one
/// that is meant.
fn of_providers(named: &Named) -> Vec<(&str, TextChannel)> {
    let providers = named.providers.iter().map(|name| Some((name.as_str(), channel_of(name)?)));
    providers.collect::<Option<_>>().unwrap_or_default()
}

/// The providers of each channel.
const OF_CHANNELS: [(TextChannel, &str); 3] = [
    (TextChannel::Sms, "a provider of texts such as `twilio`"),
    (TextChannel::WhatsApp, "`twilio_whatsapp` or `messagebird_whatsapp`"),
    (TextChannel::Voice, "`twilio_voice`"),
];

fn channel(text: &str, providers: &[(&str, TextChannel)]) -> Result<TextChannel, String> {
    let known = TextChannel::ALL.map(TextChannel::as_str);
    let channel = TextChannel::parse(text).ok_or_else(|| unknown(text, "a channel", &known))?;
    if !providers.is_empty() && !providers.iter().any(|(_, of)| *of == channel) {
        let needed = OF_CHANNELS.iter().find(|(of, _)| *of == channel).map_or("", |(_, name)| name);
        return Err(format!("{text} needs {needed} in {PROVIDERS}"));
    }
    if channel != TextChannel::Sms && providers.iter().any(|(name, _)| *name == VERIFY) {
        return Err(format!(
            "{text} is not possible beside `{VERIFY}`, which makes the codes of its texts: nobody else can send them"
        ));
    }
    Ok(channel)
}

fn country(text: &str, decided: &[Country], served: Option<&Countries>) -> Result<Country, String> {
    let country = values::country_of_numbers(text)?;
    if decided.contains(&country) {
        return Err(format!("{text} is in an earlier table, which decides"));
    }
    if served.is_some_and(|served| !served.serves(country)) {
        return Err(format!("{text} is not in login.countries"));
    }
    Ok(country)
}

/// Notes the providers of channels that no number has.
fn note_unused(reader: &mut Reader<'_>, providers: &[(&str, TextChannel)], order: &ChannelOrder) {
    let own = order.by_country.iter().flat_map(|(_, channels)| channels);
    let used: Vec<TextChannel> = order.usual.iter().chain(own).copied().collect();
    for (name, channel) in providers.iter().filter(|(_, channel)| !used.contains(channel)) {
        let items = reader.items(PROVIDERS).unwrap_or_default();
        let at = items.iter().find(|item| item.text == *name).and_then(|item| item.at);
        let channel = channel.as_str();
        let why = format!("`{name}` is never used: {USUAL} does not list `{channel}`");
        reader.note_at(at, PROVIDERS, why);
    }
}
