//! Makes the client and the server's trait of the service that `src/service.rs` includes.
use tonic_build::manual::{Builder, Method, Service};

fn method(name: &str, route: &str) -> tonic_build::manual::MethodBuilder {
    let number = "crate::service::Number";
    Method::builder()
        .name(name)
        .route_name(route)
        .input_type(number)
        .output_type(number)
        .codec_path("tonic_prost::ProstCodec")
}

fn main() {
    let caller = Method::builder()
        .name("caller")
        .route_name("Caller")
        .input_type("crate::service::Number")
        .output_type("crate::service::Caller")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let numbers = Service::builder()
        .package("acme")
        .name("Numbers")
        .method(caller)
        .method(method("halve", "Halve").build())
        .method(method("count", "Count").server_streaming().build())
        .method(method("sum", "Sum").client_streaming().build())
        .method(method("double", "Double").client_streaming().server_streaming().build())
        .build();
    Builder::new().compile(&[numbers]);
}
