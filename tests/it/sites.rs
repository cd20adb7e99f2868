//! How sites are reached: names below a wildcard, and other listeners than plain TCP.
mod journey;
mod wildcard;
