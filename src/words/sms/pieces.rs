/// A part of a template.
pub(super) struct Piece<'t> {
    pub(super) kind: PieceKind<'t>,
    pub(super) text: &'t str,
}

#[derive(Clone, Copy)]
pub(super) enum PieceKind<'t> {
    /// Copied as it is. Also what has no end: the engine reports it.
    Text,
    Output,
    /// With its name.
    Tag(&'t str),
}

/// Takes a template apart; what its pieces hold together is the whole of it.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut offset = 0;
    let mut push = |kind, length: usize, offset: &mut usize| {
        pieces.push(Piece { kind, text: &text[*offset..*offset + length] });
        *offset += length;
    };
    while let Some(start) = next_markup(&text[offset..]) {
        push(PieceKind::Text, start, &mut offset);
        let rest = &text[offset..];
        let end = if rest.starts_with("{{") { "}}" } else { "%}" };
        let Some(length) = length_to(rest, end) else { break };
        if end == "}}" {
            push(PieceKind::Output, length, &mut offset);
            continue;
        }
        let name = tag_name(rest);
        match (name, verbatim_length(rest, name)) {
            ("raw" | "comment", Some(length)) => push(PieceKind::Text, length, &mut offset),
            _ => push(PieceKind::Tag(name), length, &mut offset),
        }
    }
    let rest = text.len() - offset;
    push(PieceKind::Text, rest, &mut offset);
    pieces
}

/// Where the next output or tag begins.
fn next_markup(text: &str) -> Option<usize> {
    let mut braces = text.match_indices('{').map(|(at, _)| at);
    braces.find(|at| text[at + 1..].starts_with(['{', '%']))
}

/// The length of a markup with its end, which may not be within quotes.
pub(super) fn length_to(markup: &str, end: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in markup.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if markup[at..].starts_with(end) => return Some(at + end.len()),
            Some(_) | None => {}
        }
    }
    markup.find(end).map(|at| at + end.len())
}

/// The length of a block whose content is not Liquid, with its end tag.
fn verbatim_length(block: &str, name: &str) -> Option<usize> {
    let ends = block.match_indices("{%").find(|(at, _)| {
        tag_name(&block[*at..]).strip_prefix("end").is_some_and(|ended| ended == name)
    });
    let (at, _) = ends?;
    block[at..].find("%}").map(|end| at + end + 2)
}

/// The name of the tag that begins here; what stands in its place if it has none.
fn tag_name(tag: &str) -> &str {
    let inner = tag.get(2..).unwrap_or_default();
    let inner = inner.strip_prefix('-').unwrap_or(inner).trim_start();
    let end = inner.find(|c: char| !is_inner(c)).unwrap_or(inner.len());
    let end = if end == 0 { inner.find(char::is_whitespace).unwrap_or(inner.len()) } else { end };
    inner[..end].trim_end_matches(['-', '%', '}'])
}

pub(super) const fn is_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

pub(super) const fn is_inner(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The length of the identifier that begins here. A hyphen before the end of a markup belongs to
/// that.
pub(super) fn identifier(text: &str) -> usize {
    let end = text.find(|c| !is_inner(c)).unwrap_or(text.len());
    text[..end].trim_end_matches('-').len()
}
