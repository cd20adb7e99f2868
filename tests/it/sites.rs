//! How sites are reached: names below a wildcard, and other listeners than plain TCP.
mod client_certificates;
mod journey;
mod private_http;
mod proxy_protocol;
mod redirect;
mod unix_socket;
mod wildcard;
