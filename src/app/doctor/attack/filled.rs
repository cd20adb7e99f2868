//! Fills the placeholders of a shape.

/// What the placeholders of [`super::shapes`] stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    /// `{P}`
    pub(super) kept: String,
    /// `{Q}`
    pub(super) open: String,
    /// `{H}`
    pub(super) host: String,
    /// `{O}`
    pub(super) own: String,
    /// `{N}`: an address that a rule lets pass, if there is one.
    pub(super) allowed: String,
    /// `{A}`: a whole line, or nothing.
    pub(super) cookie: String,
}

impl Values {
    pub(super) fn fill(&self, shape: &str) -> String {
        let mut text = String::with_capacity(shape.len());
        let mut rest = shape;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, after)) = after.split_once('}') else { break };
            text.push_str(&self.value(name));
            rest = after;
        }
        text + rest
    }

    fn value(&self, name: &str) -> String {
        let (name, how) = name.split_once(':').unwrap_or((name, ""));
        match name {
            "P" => spelled(&self.kept, how),
            "Q" => spelled(&self.open, how),
            "O" => spelled(&self.own, how),
            "UP" => {
                let step = if how.is_empty() { ".." } else { how };
                let depth = self.open.split('/').skip(1).filter(|part| !part.is_empty()).count();
                format!("/{step}").repeat(depth)
            }
            "H" => self.host.clone(),
            "N" => self.allowed.clone(),
            "A" => self.cookie.clone(),
            "M" => super::shapes::MARK.to_owned(),
            "I" => self.inner(),
            "L" => self.inner().len().to_string(),
            "L+5" => (self.inner().len() + 5).to_string(),
            _ => String::new(),
        }
    }

    /// A request inside another one.
    fn inner(&self) -> String {
        let Self { kept, host, .. } = self;
        format!("GET {kept} HTTP/1.1\r\nHost: {host}\r\nX-Inner: 1\r\n\r\n")
    }
}

/// Another spelling of a path.
fn spelled(path: &str, how: &str) -> String {
    let letter = path.find(|c: char| c.is_ascii_alphabetic());
    let escaped = |percent: &str| match letter {
        Some(at) => {
            let byte = path.as_bytes()[at];
            format!("{}{percent}{byte:02X}{}", &path[..at], &path[at + 1..])
        }
        None => path.to_owned(),
    };
    match how.split_once('=') {
        Some(("slashes", instead)) => {
            let inner = path.strip_prefix('/').unwrap_or(path);
            format!("/{}", inner.replace('/', instead))
        }
        _ if how == "percent" => escaped("%"),
        _ if how == "twice" => escaped("%25"),
        _ if how == "upper" => path.to_ascii_uppercase(),
        _ if how == "bare" => path.trim_start_matches('/').to_owned(),
        _ => path.to_owned(),
    }
}
