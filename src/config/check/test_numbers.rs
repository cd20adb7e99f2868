use super::super::reader::Reader;
use super::super::values::shown;
use super::server::ServerContext;
use crate::domain::{AcceptedNumbers, CodeLength, OneTimeCode, PhoneNumber, Role};
use crate::login::TestNumbers;
use crate::users::ConfiguredUser;

/// The only role of a test number.
const ROLE: &str = "test";

const EXPOSED: &str = "login.unsafe_test_numbers_exposed";

/// The test numbers and their codes.
pub(super) struct Tests {
    numbers: Vec<(PhoneNumber, OneTimeCode)>,
    pub(super) exposed: bool,
}

impl Tests {
    pub(super) fn codes(&self) -> TestNumbers {
        TestNumbers::new(self.numbers.iter().cloned())
    }

    pub(super) fn users(self) -> impl Iterator<Item = ConfiguredUser> {
        let roles = || Role::parse(ROLE).into_iter().collect();
        self.numbers.into_iter().map(move |(phone, _)| ConfiguredUser { phone, roles: roles() })
    }
}

pub(super) fn test_numbers(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
    accepted: &AcceptedNumbers,
) -> Option<Tests> {
    let tables = reader.each("login.test_number");
    let allowed = reader.flag(EXPOSED).unwrap_or(false);
    let digits = reader.integer("login.code_digits").and_then(|digits| u8::try_from(digits).ok());
    let length = digits.and_then(|digits| CodeLength::new(digits).ok());
    let mut named = Vec::new();
    let mut numbers: Vec<Option<(PhoneNumber, OneTimeCode)>> = Vec::new();
    for table in &tables {
        reader.require(table);
        if let Some(why) = ground.refuses_development().filter(|_| !allowed) {
            let text = format!("{why}; for app store reviews, {EXPOSED} = true");
            reader.note(table, text);
        }
        let phone = reader.one(&format!("{table}.phone"), |text| {
            let phone = PhoneNumber::test_number(text)
                .map_err(|why| format!("{} is {why}", shown(text)))?;
            if accepted.country_of(text).is_some() {
                return Err(format!("{} is of a range of numbers.accept", shown(text)));
            }
            if named.contains(&phone) {
                return Err(format!("{} is listed twice", shown(text)));
            }
            named.push(phone.clone());
            Ok(phone)
        });
        let code = reader.one(&format!("{table}.code"), |text| code(text, length));
        numbers.push(phone.zip(code));
    }
    let exposed = allowed && !tables.is_empty();
    Some(Tests { numbers: numbers.into_iter().collect::<Option<_>>()?, exposed })
}

/// `length`: `None` if it is invalid.
fn code(text: &str, length: Option<CodeLength>) -> Result<OneTimeCode, String> {
    let digits = length.map_or(text.len(), |length| length.get().into());
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    let length = length.or_else(|| CodeLength::new(u8::try_from(digits).ok()?).ok());
    let code = length.filter(|_| plain).and_then(|length| OneTimeCode::parse(text, length));
    code.ok_or_else(|| format!("is not {digits} digits, as login.code_digits says"))
}
