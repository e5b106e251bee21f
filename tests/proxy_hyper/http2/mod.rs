//! HTTP/2 on either side: what goes out, who shares a connection, what ends with it, and what is sent again.

mod client;
mod clients;
mod drain;
mod floods;
mod frames;
mod grpc;
mod next_hop;
#[path = "../../../examples/proxy/patience.rs"]
mod patience;
mod patient;
mod retries;
mod tls;
mod translated;
mod windows;
#[path = "../../../examples/proxy/wire.rs"]
#[allow(dead_code)] // its owner asks for the rest
mod wire;
mod wires;
