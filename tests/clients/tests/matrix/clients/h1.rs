//! A socket of the standard library and this crate's parser, as `examples/proxy_h1` has them, in short.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use badgateway::InFlight;
use badgateway::fault::{Category, Class, Fault, Phase};
use badgateway::h1::{Config, Eof, Event, Parser, Request, forward};
use http::StatusCode;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::{AnyError, CONNECTING, Log, PATIENCE, request};
use crate::cell::Seen;
use crate::resolve::resolve;
use crate::target::Target;

pub(super) fn ask(target: &Target) -> Seen {
    let log = Log::default();
    let exchange = log.gateway().begin_head(&mut request(target));
    exchange.next_hop(target.authority().to_owned());
    match transfer(target, &exchange) {
        Ok(()) => {
            exchange.finish();
            log.seen(true)
        }
        Err(error) => {
            let fault = exchange.classify(&*error);
            let is_answered = exchange.facts().can_respond();
            drop(exchange.fail(fault));
            log.seen(is_answered)
        }
    }
}

fn transfer(target: &Target, exchange: &InFlight) -> Result<(), AnyError> {
    let mut stream = connect(target, exchange)?;
    exchange.phase(Phase::Send);
    write!(stream, "GET / HTTP/1.1\r\nHost: {}\r\n\r\n", target.authority())?;
    stream.flush()?;
    exchange.phase(Phase::Head);
    let mut parser = Parser::new(&Config::compatible(), Request::get());
    let (mut input, mut eof) = (Vec::new(), Eof::Open);
    let late = Instant::now() + PATIENCE;
    let mut ending: Option<io::Error> = None;
    loop {
        let step = match parser.next(&input, eof) {
            Ok(step) => step,
            // How the connection ended the parser was not told: the error says that.
            Err(error) => match (error.fault().category(), ending) {
                (Category::PrematureEof, Some(end)) => return Err(end.into()),
                _ => return Err(error.fault().into()),
            },
        };
        let (consumed, mut needs_more) = (step.consumed, false);
        match step.event {
            Event::NeedMore => needs_more = true,
            Event::Interim(_) | Event::Data(_) => {}
            Event::Head(head, framing) => {
                if head.status() == StatusCode::SWITCHING_PROTOCOLS {
                    return Err(Fault::of_class(Class::UnexpectedUpgrade).into());
                }
                forward::check(&head, framing)?;
                let parts = head.to_parts()?;
                exchange.facts().forwarding(parts.status, &parts.headers);
            }
            Event::Trailers(_) => exchange.phase(Phase::Trailers),
            Event::End(end) => {
                exchange.parsed(end);
                return Ok(());
            }
        }
        input.drain(..consumed);
        if !needs_more {
            continue;
        }
        if exchange.facts().can_respond() {
            // Of the final head alone.
            exchange.facts().received = Some(input.len() as u64);
            if Instant::now() > late {
                return Err(io::Error::from(ErrorKind::TimedOut).into());
            }
        }
        let mut some = [0; 16 * 1024];
        match stream.read(&mut some) {
            Ok(0) => eof = Eof::Clean,
            Ok(n) => input.extend_from_slice(&some[..n]),
            // Without close_notify: the parser says whether that cut anything.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => (eof, ending) = (Eof::Unclean, Some(error)),
            Err(error) => return Err(error.into()),
        }
    }
}

trait Io: Read + Write {}
impl<T: Read + Write> Io for T {}

fn connect(target: &Target, exchange: &InFlight) -> Result<Box<dyn Io>, AnyError> {
    exchange.phase(Phase::Resolve);
    let address = SocketAddr::new(resolve(target.resolver, target.host())?[0], target.port());
    exchange.phase(Phase::Connect);
    let mut socket = TcpStream::connect_timeout(&address, CONNECTING)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    if !target.is_tls() {
        return Ok(Box::new(socket));
    }
    exchange.phase(Phase::Tls);
    let name = ServerName::try_from(target.host().to_owned())?;
    let mut session = ClientConnection::new(Arc::new(target.tls(&[])), name)?;
    while session.is_handshaking() {
        session.complete_io(&mut socket).map_err(|error| match error.kind() {
            // As rustls has it, without a word of its own.
            ErrorKind::UnexpectedEof => io::Error::from(ErrorKind::UnexpectedEof),
            _ => error,
        })?;
    }
    Ok(Box::new(StreamOwned::new(session, socket)))
}
