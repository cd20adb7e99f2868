use crate::domain::PhoneNumber;

/// Parses a number like `phone` in the configuration; test numbers are allowed.
pub(super) fn phone(text: &str) -> Result<PhoneNumber, String> {
    match PhoneNumber::parse(text, None) {
        Ok(number) if number.e164() == text => Ok(number),
        Ok(meant) if PhoneNumber::is_e164(text) => {
            Err(format!("another form of a mobile number; write {}", meant.e164()))
        }
        Ok(meant) => Err(format!("not in E.164; write {}", meant.e164())),
        Err(why) => PhoneNumber::from_store(text)
            .map_err(|_| format!("not a number such as +12025550123: {why}")),
    }
}
