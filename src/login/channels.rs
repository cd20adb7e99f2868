use super::attempt::AttemptState;
use super::service::Login;
use super::start::StartRequest;
use crate::domain::{Country, PhoneNumber, TextChannel};

/// `sms.channels`: the ways that a code may take, in the order in which people are offered them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelOrder {
    /// Never empty.
    pub usual: Vec<TextChannel>,
    /// `[[sms.channel_order]]`: those of the numbers of some countries. The first decides.
    pub by_country: Vec<(Vec<Country>, Vec<TextChannel>)>,
}

impl Default for ChannelOrder {
    /// Texts alone.
    fn default() -> Self {
        Self { usual: vec![TextChannel::Sms], by_country: Vec::new() }
    }
}

impl ChannelOrder {
    /// The channels of a number.
    pub fn of(&self, phone: &PhoneNumber) -> &[TextChannel] {
        let own = |countries: &[Country]| countries.iter().any(|country| phone.is_of(*country));
        let found = self.by_country.iter().find(|(countries, _)| own(countries));
        found.map_or(&self.usual, |(_, channels)| channels)
    }

    /// Each that some number has.
    pub fn all(&self) -> Vec<TextChannel> {
        let own = self.by_country.iter().flat_map(|(_, channels)| channels);
        let listed: Vec<&TextChannel> = self.usual.iter().chain(own).collect();
        TextChannel::ALL.into_iter().filter(|channel| listed.contains(&channel)).collect()
    }

    /// The channel that is offered to somebody whose code took `last`: the next one, and after the last
    /// one the first. `None`: there is no other.
    pub fn after(&self, phone: &PhoneNumber, last: TextChannel) -> Option<TextChannel> {
        let all = self.of(phone);
        let at = all.iter().position(|channel| *channel == last);
        let next = at.map_or(0, |at| (at + 1) % all.len().max(1));
        all.get(next).copied().filter(|channel| *channel != last)
    }

    /// The channel of a start: the one that is asked for, else that of the code before, else the first.
    /// None that the number does not have.
    fn choose(&self, phone: &PhoneNumber, wanted: &[Option<TextChannel>]) -> TextChannel {
        let all = self.of(phone);
        let found = wanted.iter().flatten().find(|channel| all.contains(channel));
        found.or(all.first()).copied().unwrap_or_default()
    }
}

impl Login {
    /// The start with the channel that it is to take.
    pub(super) fn with_channel<'a>(
        &self,
        start: StartRequest<'a>,
        state: &AttemptState<'_>,
    ) -> StartRequest<'a> {
        let last = match state {
            AttemptState::Resumable(attempt) => Some(attempt.channel),
            AttemptState::Dead | AttemptState::Unknown => None,
        };
        let chosen = self.settings.channels.choose(start.phone, &[start.channel, last]);
        StartRequest { channel: Some(chosen), ..start }
    }
}

#[cfg(test)]
mod tests {
    use super::ChannelOrder;
    use crate::domain::TextChannel::{Sms, Voice, WhatsApp};
    use crate::domain::{Country, PhoneNumber};

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::from_e164(text).expect("a number")
    }

    fn order() -> ChannelOrder {
        let brazil = Country::parse("BR").expect("a country");
        ChannelOrder {
            usual: vec![Sms, Voice],
            by_country: vec![(vec![brazil], vec![WhatsApp, Sms, Voice])],
        }
    }

    #[test]
    fn after_the_last_channel_comes_the_first() {
        let (us, br) = (number("+12025550123"), number("+5511961234567"));
        let order = order();
        assert_eq!([Sms, Voice].map(|last| order.after(&us, last)), [Some(Voice), Some(Sms)]);
        let all = [WhatsApp, Sms, Voice].map(|last| order.after(&br, last));
        assert_eq!(all, [Some(Sms), Some(Voice), Some(WhatsApp)]);
        assert_eq!(ChannelOrder::default().after(&us, Sms), None);
        assert_eq!(ChannelOrder::default().after(&us, Voice), Some(Sms), "of a former file");
    }

    #[test]
    fn a_channel_that_the_number_does_not_have_is_not_taken() {
        let (us, br) = (number("+12025550123"), number("+5511961234567"));
        let order = order();
        assert_eq!(order.choose(&us, &[Some(WhatsApp), None]), Sms);
        assert_eq!(order.choose(&us, &[Some(WhatsApp), Some(Voice)]), Voice);
        assert_eq!(order.choose(&us, &[Some(Sms), Some(Voice)]), Sms);
        assert_eq!(order.choose(&br, &[None, None]), WhatsApp);
    }
}
