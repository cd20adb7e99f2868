use super::super::reader::Reader;
use crate::domain::Host;
use crate::gate::Site;
use crate::proxy::ClientRoots;

/// The authorities of the hosts whose clients are asked for a certificate.
#[derive(Default)]
pub(super) struct AskingHosts(Vec<(Host, ClientRoots)>);

/// A mistake has been noted.
pub(super) struct Noted;

impl AskingHosts {
    pub(super) fn into_roots(self) -> Vec<(Host, ClientRoots)> {
        self.0
    }

    /// Reads `client_certificates` of a site's table, if it has some. `tls`: `server.tls` is there.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        table: &str,
        tls: bool,
    ) -> Result<Option<ClientRoots>, Noted> {
        let key = format!("{table}.client_certificates");
        if !reader.has(&key) {
            return Ok(None);
        }
        if !tls {
            reader.note(&key, "needs server.tls: only then clients show certificates to Doorcode");
            return Err(Noted);
        }
        if !reader.has(&format!("{table}.upstreams")) {
            let text =
                "has no effect without upstreams: clients show certificates to the other proxy";
            reader.note(&key, text);
            return Err(Noted);
        }
        if !reader.purpose().reads_certificates() {
            return Ok(None);
        }
        let path = reader.one(&key, |text| Ok(text.to_owned())).ok_or(Noted)?;
        let path = reader.path(&path);
        let roots = ClientRoots::read(&path).map_err(|why| why.to_string());
        reader.take(None, &key, roots).map(Some).ok_or(Noted)
    }

    /// Notes what `site` asks for. Sites of one host share connections, and so the question.
    pub(super) fn add(
        &mut self,
        reader: &mut Reader<'_>,
        table: &str,
        site: &Site,
        roots: Option<&ClientRoots>,
    ) -> Option<()> {
        let Some(roots) = roots else { return Some(()) };
        let host = site.url.origin.host();
        match self.0.iter().find(|(known, _)| known == host) {
            None => self.0.push((host.clone(), roots.clone())),
            Some((_, other)) if other.id() != roots.id() => {
                let key = format!("{table}.client_certificates");
                let text = format!(
                    "differs from that of another site on {host}, which shares connections"
                );
                reader.note(&key, text);
                return None;
            }
            Some(_) => {}
        }
        Some(())
    }
}
