//! HTTP/2 on either side: what goes out, who shares a connection, what ends with it, and what is sent again.

mod client;
mod clients;
mod frames;
mod next_hop;
mod retries;
mod translated;
