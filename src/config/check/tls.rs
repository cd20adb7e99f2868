use super::super::reader::Reader;
use super::super::values::unknown;
use crate::proxy::{Certificate, CertificateError, CertificateFiles, CertificatePart};

/// Whether the file configures TLS, validly or not.
pub(super) fn is_on(reader: &Reader<'_>) -> bool {
    is_acme(reader) || !reader.each("server.tls").is_empty()
}

/// Whether they come from an authority.
pub(super) fn is_acme(reader: &Reader<'_>) -> bool {
    let words = reader.items("server.tls");
    words.iter().flatten().any(|item| item.text == "acme")
}

/// Loads the certificates of the file.
pub(super) fn certificates(reader: &mut Reader<'_>) -> Option<Vec<Certificate>> {
    let reads = reader.purpose().reads_certificates();
    reader.one("server.tls", |text| match text {
        "acme" => Ok(()),
        other => Err(unknown(other, "a way to get certificates", &["acme"])),
    });
    let tables = if reads { reader.each("server.tls") } else { Vec::new() };
    let all: Vec<_> = tables.iter().map(|table| certificate(reader, table)).collect();
    all.into_iter().collect()
}

fn certificate(reader: &mut Reader<'_>, table: &str) -> Option<Certificate> {
    reader.require(table);
    let base = reader.base();
    let key = |part| match part {
        CertificatePart::Certificate => format!("{table}.certificate"),
        CertificatePart::Key => format!("{table}.key"),
    };
    let mut path = |part| reader.one(&key(part), |text| Ok(base.join(text)));
    let (certificate, own_key) = (path(CertificatePart::Certificate), path(CertificatePart::Key));
    let files = CertificateFiles { certificate: certificate?, key: own_key? };
    let note = |why: &CertificateError| reader.note(&key(why.part()), why.to_string());
    Certificate::read(&files).map_err(|all| all.iter().for_each(note)).ok()
}
