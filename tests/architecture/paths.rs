//! Every path that a Rust file names, with groups spread out, and where it leads.
use crate::tokens::{Token, tokens};

/// A path and the module that it stands in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
    /// Named by a `pub use`, whatever the visibility: a re-export.
    pub(crate) exported: bool,
    module: Vec<String>,
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// Into this top module of the crate.
    Module(String),
    /// To the crate itself, and so to any module of it.
    Root,
    /// To another crate, or to something that is in scope by this name.
    Other(String),
}

impl Named {
    pub(crate) fn leads(&self) -> Leads {
        match self.absolute().as_deref() {
            None => Leads::Other(self.segments[0].clone()),
            Some([]) => Leads::Root,
            Some([top, ..]) if top == "*" => Leads::Root,
            Some([top, ..]) => Leads::Module(top.clone()),
        }
    }

    /// The path from the root of the crate; `None`: it leads out of it.
    pub(crate) fn absolute(&self) -> Option<Vec<String>> {
        let mut rest = self.segments.iter().peekable();
        let mut at = self.module.clone();
        match rest.peek().map(|first| first.as_str()) {
            Some("crate" | "doorcode") => {
                at.clear();
                rest.next();
            }
            Some("self" | "super") => {}
            _ => return None,
        }
        while let Some(step) = rest.next_if(|step| matches!(step.as_str(), "self" | "super")) {
            if step == "super" {
                at.pop();
            }
        }
        at.extend(rest.cloned());
        Some(at)
    }
}

/// Every path in `text`, the file of `module`: those of `use`, and those in the code itself.
/// Code for tests counts like any other.
pub(crate) fn paths(text: &str, module: &[String]) -> Vec<Named> {
    let mut reader = Reader { tokens: tokens(text), at: 0, exported: false, found: Vec::new() };
    let mut module = module.to_vec();
    // The depths at which modules that stand in the file itself end.
    let (mut depth, mut inner) = (0_usize, Vec::new());
    while let Some((_, token)) = reader.tokens.get(reader.at) {
        match token {
            Token::Mark('{') => depth += 1,
            Token::Mark('}') => {
                depth = depth.saturating_sub(1);
                if inner.last() == Some(&depth) {
                    inner.pop();
                    module.pop();
                }
            }
            Token::Word(word) if word == "mod" => {
                if let Some(name) = reader.module_with_body() {
                    inner.push(depth);
                    module.push(name);
                }
            }
            Token::Word(_) => {
                reader.path(&module);
                continue;
            }
            _ => {}
        }
        reader.at += 1;
    }
    reader.found
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    at: usize,
    /// The path that is being read stands behind `pub use`.
    exported: bool,
    found: Vec<Named>,
}

impl Reader {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(_, token)| token)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.token(ahead)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn module_with_body(&self) -> Option<String> {
        (self.token(2) == Some(&Token::Mark('{'))).then(|| self.word(1).map(str::to_owned))?
    }

    /// Reads a path if one begins at this word: after `use` and `extern crate` one always does,
    /// elsewhere a lone word is not one.
    fn path(&mut self, module: &[String]) {
        let is_use = self.word(0) == Some("use");
        let is_extern = self.word(0) == Some("extern") && self.word(1) == Some("crate");
        self.exported = is_use && self.is_public();
        self.at += usize::from(is_use) + 2 * usize::from(is_extern);
        self.at += usize::from(is_use && self.token(0) == Some(&Token::Join));
        if is_use || is_extern || self.token(1) == Some(&Token::Join) {
            self.tree(&[], module);
        } else {
            self.at += 1;
        }
    }

    /// Whether `pub`, `pub(crate)` or the like stands right before this word.
    fn is_public(&self) -> bool {
        let before = &self.tokens[..self.at];
        let visibility = match before.last() {
            Some((_, Token::Mark(')'))) => {
                before.iter().rposition(|(_, token)| *token == Token::Mark('('))
            }
            _ => Some(before.len()),
        };
        let keyword = visibility.and_then(|at| before.get(at.checked_sub(1)?));
        keyword.is_some_and(|(_, token)| *token == Token::Word("pub".to_owned()))
    }

    /// Reads what follows `before::`: a path, or a group of them.
    fn tree(&mut self, before: &[String], module: &[String]) {
        let mut segments = before.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |(line, _)| *line);
        loop {
            match self.token(0) {
                Some(Token::Word(word)) => segments.push(word.clone()),
                Some(Token::Mark('*')) => segments.push("*".to_owned()),
                Some(Token::Mark('{')) => return self.group(&segments, module),
                // `Vec::<u8>`: what stands in the brackets is read as a path of its own.
                _ => break,
            }
            self.at += 1;
            if self.token(0) != Some(&Token::Join) {
                break;
            }
            self.at += 1;
        }
        if !segments.is_empty() {
            let (exported, module) = (self.exported, module.to_vec());
            self.found.push(Named { line, segments, exported, module });
        }
    }

    fn group(&mut self, before: &[String], module: &[String]) {
        self.at += 1;
        while let Some(token) = self.token(0) {
            match token {
                Token::Mark('}') => {
                    self.at += 1;
                    return;
                }
                Token::Word(word) if word == "as" => self.at += 2,
                Token::Word(_) | Token::Mark('*' | '{') => self.tree(before, module),
                Token::Join | Token::Mark(_) => self.at += 1,
            }
        }
    }
}
