//! Rust text as words and marks, without comments, strings, characters and lifetimes.

/// What paths are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    Join,
    Mark(char),
}

/// The tokens of `text`, each with its line.
pub(crate) fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { chars, at: 0, line: 1 };
    std::iter::from_fn(|| lexer.next_token()).collect()
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn step(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn next_token(&mut self) -> Option<(usize, Token)> {
        loop {
            let (c, next) = (self.peek(0)?, self.peek(1));
            let line = self.line;
            match (c, next) {
                ('/', Some('/')) => self.skip_line(),
                ('/', Some('*')) => self.skip_block(),
                ('"', _) => self.skip_string(),
                ('\'', _) => self.skip_character_or_lifetime(),
                (':', Some(':')) => {
                    self.at += 2;
                    return Some((line, Token::Join));
                }
                (c, _) if c.is_alphabetic() || c == '_' => {
                    if let Some(word) = self.word() {
                        return Some((line, Token::Word(word)));
                    }
                }
                (c, _) => {
                    self.step();
                    if c.is_ascii_digit() {
                        self.take_word();
                    } else if !c.is_whitespace() {
                        return Some((line, Token::Mark(c)));
                    }
                }
            }
        }
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.step();
        }
    }

    /// A block comment; Rust's may stand in each other.
    fn skip_block(&mut self) {
        let mut depth = 0;
        while let Some(c) = self.step() {
            match (c, self.peek(0)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => continue,
            }
            self.step();
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_string(&mut self) {
        self.step();
        while let Some(c) = self.step() {
            match c {
                '"' => return,
                '\\' => drop(self.step()),
                _ => {}
            }
        }
    }

    /// The rest of a raw string, from its number signs on.
    fn skip_raw_string(&mut self) {
        let mut signs = 0;
        while self.step() == Some('#') {
            signs += 1;
        }
        while let Some(c) = self.step() {
            if c == '"' && (0..signs).all(|ahead| self.peek(ahead) == Some('#')) {
                self.at += signs;
                return;
            }
        }
    }

    fn skip_character_or_lifetime(&mut self) {
        self.step();
        let escaped = self.peek(0) == Some('\\');
        if !escaped && self.peek(1) != Some('\'') {
            self.take_word();
            return;
        }
        self.step();
        if escaped {
            self.step();
        }
        while self.step().is_some_and(|c| c != '\'') {}
    }

    fn take_word(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.step();
        }
        self.chars[start..self.at].iter().collect()
    }

    /// A word, or `None` when it was only the beginning of a string or character.
    fn word(&mut self) -> Option<String> {
        let word = self.take_word();
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        let signs = self.chars[self.at..].iter().take_while(|c| **c == '#').count();
        match (word.as_str(), self.peek(0)) {
            ("b" | "c", Some('"')) => self.skip_string(),
            ("b", Some('\'')) => self.skip_character_or_lifetime(),
            _ if raw && self.peek(signs) == Some('"') => self.skip_raw_string(),
            // A raw word, such as `r#type`.
            ("r", Some('#')) => {
                self.step();
                return Some(self.take_word());
            }
            _ => return Some(word),
        }
        None
    }
}
