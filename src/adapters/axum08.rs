//! axum 0.8: its server on the [`ClientListener`].
//!
//! `axum::serve` takes the listener as it is, and `ConnectInfo` brings the [`ClientHandle`] of the connection to each request.
//! There [`client_of`](super::client_of) finds it, and so does whoever extracts a `ConnectInfo<ClientHandle>`.
//! The address of the client is [`ClientHandle::peer`].
//!
//! ```
//! use axum::{Router, extract::ConnectInfo, routing::get};
//! use badgateway::adapters::tokio1::ClientListener;
//! use badgateway::body::ClientHandle;
//!
//! # async fn serve() -> std::io::Result<()> {
//! let app = Router::new().route("/", get(async |ConnectInfo(client): ConnectInfo<ClientHandle>| {
//!     format!("hello, {:?}\n", client.peer())
//! }));
//! let listener = ClientListener::bind("127.0.0.1:8080").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<ClientHandle>()).await
//! # }
//! ```

use std::io;

use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use http::Extensions;

use super::tokio1::{ClientListener, ClientStream};
use crate::body::ClientHandle;

impl Listener for ClientListener {
    type Io = ClientStream;
    type Addr = ClientHandle;

    async fn accept(&mut self) -> (ClientStream, ClientHandle) {
        let (io, client, _) = Self::accept(self).await;
        (io, client)
    }

    /// A handle of no connection, for its address.
    fn local_addr(&self) -> io::Result<ClientHandle> {
        Self::local_addr(self).map(ClientHandle::at)
    }
}

impl Connected<IncomingStream<'_, ClientListener>> for ClientHandle {
    fn connect_info(stream: IncomingStream<'_, ClientListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// The handle that axum's server put into these extensions.
pub(super) fn client_of(extensions: &Extensions) -> Option<&ClientHandle> {
    extensions.get().map(|ConnectInfo(client)| client)
}
