use std::fmt;
use std::sync::Arc;

use liquid::model::Value;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::engine::{TemplateError, plain, unreadable};

/// A Liquid template of a URL or of the body of a request. Values are encoded for the place where
/// they stand, so that no text can end it: a template writes `"text": "{{ text }}"` and nothing else.
#[derive(Clone)]
pub struct RequestTemplate {
    name: String,
    encoding: ValueEncoding,
    parsed: Arc<liquid::Template>,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueEncoding {
    /// Inside a string of JSON (RFC 8259 §7), without its quotes.
    Json,
    /// Percent-encoded, for URLs and forms. All but letters and digits.
    Percent,
    /// As it is, but for what no header may hold (RFC 9110 §5.5) and the percent sign, which are
    /// percent-encoded.
    Header,
}

const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b'%');

impl ValueEncoding {
    fn encode(self, text: &str) -> String {
        match self {
            Self::Percent => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
            Self::Header => utf8_percent_encode(text, NOT_IN_HEADERS).to_string(),
            Self::Json => {
                let quoted = serde_json::Value::from(text).to_string();
                let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                inside.unwrap_or_default().to_owned()
            }
        }
    }
}

impl RequestTemplate {
    /// `name`: for messages, such as the key of the file.
    ///
    /// # Errors
    ///
    /// When the template cannot be parsed.
    pub fn parse(name: &str, text: &str, encoding: ValueEncoding) -> Result<Self, TemplateError> {
        let parsed = Arc::new(plain(name, text)?);
        Ok(Self { name: name.to_owned(), encoding, parsed })
    }

    /// # Errors
    ///
    /// When a variable is missing. Tells no value.
    pub fn render(&self, values: &[(&'static str, &str)]) -> Result<String, TemplateError> {
        self.fill(values).map_err(|_| TemplateError::Failed { name: self.name.clone() })
    }

    /// Renders with sample values, so that the error may have all details.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn try_out(&self, samples: &[(&'static str, &str)]) -> Result<String, TemplateError> {
        self.fill(samples).map_err(|error| unreadable(&self.name, &error))
    }

    fn fill(&self, values: &[(&'static str, &str)]) -> Result<String, liquid::Error> {
        let encoded = values
            .iter()
            .map(|(name, text)| ((*name).into(), Value::scalar(self.encoding.encode(text))));
        self.parsed.render(&encoded.collect::<liquid::Object>())
    }
}

impl fmt::Debug for RequestTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestTemplate({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str, encoding: ValueEncoding, text: &str) -> String {
        let template = RequestTemplate::parse("t", template, encoding).unwrap();
        template.render(&[("text", text)]).unwrap()
    }

    #[test]
    fn no_text_leaves_its_place() {
        let text = "\"}\\\n&to=+1 #é\"";
        let json = rendered(r#"{"text": "{{ text }}"}"#, ValueEncoding::Json, text);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["text"], text);
        let form = rendered("a=1&text={{ text }}", ValueEncoding::Percent, text);
        let read: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        assert_eq!(read[1], ("text".to_owned(), text.to_owned()));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn errors_at_work_tell_no_value() {
        let template = RequestTemplate::parse("t", "{{ txt }}", ValueEncoding::Json).unwrap();
        let told = template.render(&[("text", "731904")]).unwrap_err().to_string();
        assert_eq!(told, "template t failed to render");
        let told = template.try_out(&[("text", "731904")]).unwrap_err().to_string();
        assert!(told.contains("txt"), "{told}");
    }
}
