//! The client's side of one kept-alive connection, and how an answer on it ended.
//!
//! It trusts nobody. It reads by RFC 9112 and by nothing of the crate under test, and what
//! it cannot read is [`Ending::Nonsense`], never a guess.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No answer takes longer, or something hangs: more than the sum of the proxy's timeouts.
const PATIENCE: Duration = Duration::from_secs(40);
const MAX_HEAD: usize = 1 << 20;

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// By its framing.
    Whole,
    /// The head is whole, and the connection ended or was reset before the framing said so.
    Cut,
    /// The connection ended before there was a whole head.
    NoAnswer,
    /// Nothing more for [`PATIENCE`].
    Hang,
    /// Not to be read as HTTP/1.1.
    Nonsense,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) ending: Ending,
}

impl Answer {
    /// Before anything of it has come.
    fn empty() -> Self {
        Self { status: 0, fields: Vec::new(), body: Vec::new(), ending: Ending::Nonsense }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// What the proxy itself says went wrong: whether this answer is its own.
    pub(crate) fn error(&self) -> Option<&str> {
        self.fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("proxy-status"))
            .find_map(|(_, list)| error(list))
    }
}

/// The token of the member that is the proxy's, as in `badgateway; error=connection_refused` (RFC 9209
/// section 2.1.1). An upstream may have put others before it.
pub(crate) fn error(list: &str) -> Option<&str> {
    let mine = list.split(',').find_map(|member| member.trim().strip_prefix("badgateway;"))?;
    let token = mine.split(';').find_map(|parameter| parameter.trim().strip_prefix("error="))?;
    Some(token.trim())
}

/// A connection to the proxy.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    /// Received and not yet used.
    buffer: Vec<u8>,
    /// Reads slowly.
    sips: bool,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::new(), sips: false }
    }

    /// Connects, if it is not connected.
    pub(crate) fn connect(&mut self) -> io::Result<&mut TcpStream> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            self.buffer.clear();
            self.stream = Some(stream);
        }
        self.stream.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }

    /// Sends a request and reads its answer. The connection is kept where the answer allows that.
    ///
    /// # Errors
    ///
    /// If there is no connection to be had.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        // The answer counts, even where the request could not be written to its end.
        let _ = self.connect()?.write_all(request);
        Ok(self.receive())
    }

    /// Reads an answer to what was sent before.
    pub(crate) fn receive(&mut self) -> Answer {
        let answer = self.answer();
        let closes = answer.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if answer.ending != Ending::Whole || closes || !self.buffer.is_empty() {
            self.stream = None;
        }
        answer
    }

    /// Sends a request, waits so long, and resets the connection without having read a byte.
    pub(crate) fn leave(&mut self, request: &[u8], after: Duration) -> io::Result<()> {
        self.connect()?.write_all(request)?;
        std::thread::sleep(after);
        if let Some(stream) = self.stream.take() {
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        }
        Ok(())
    }

    /// The same, but not before an answer has begun to come, of which nothing is read.
    pub(crate) fn leave_unread(&mut self, request: &[u8], after: Duration) -> io::Result<()> {
        let stream = self.connect()?;
        stream.write_all(request)?;
        stream.peek(&mut [0])?;
        self.leave(&[], after)
    }

    /// Sends a request, reads the head of its answer, says a word that is to come back, and resets the connection.
    /// The status.
    pub(crate) fn interrupt(&mut self, request: &[u8], word: &[u8]) -> io::Result<u16> {
        self.connect()?.write_all(request)?;
        let mut answer = Answer::empty();
        let cut = |ending: Ending| io::Error::other(format!("{ending:?}"));
        self.final_head(&mut answer).map_err(cut)?;
        if answer.status == 101 && !word.is_empty() {
            self.connect()?.write_all(word)?;
            self.take(word.len(), &mut answer.body).map_err(cut)?;
        }
        if let Some(stream) = self.stream.take() {
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        }
        Ok(answer.status)
    }

    /// Sends a request, and reads its answer a little at a time.
    pub(crate) fn sip(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.sips = true;
        let answer = self.exchange(request);
        self.sips = false;
        answer
    }

    /// Sends a request for an upgrade, and says nothing behind it until the other side has had enough.
    pub(crate) fn exchange_tunnel(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.connect()?.write_all(request)?;
        let mut answer = Answer::empty();
        answer.ending = match self.final_head(&mut answer) {
            Ok(()) => self.take(1, &mut answer.body).err().unwrap_or(Ending::Nonsense),
            Err(ending) => ending,
        };
        self.stream = None;
        Ok(answer)
    }

    /// The head behind all interim ones.
    fn final_head(&mut self, answer: &mut Answer) -> Result<(), Ending> {
        loop {
            answer.fields.clear();
            self.head(answer)?;
            if !(100..200).contains(&answer.status) || answer.status == 101 {
                return Ok(());
            }
        }
    }

    fn answer(&mut self) -> Answer {
        let mut answer = Answer::empty();
        if let Err(ending) = self.final_head(&mut answer) {
            answer.ending = if ending == Ending::Cut { Ending::NoAnswer } else { ending };
            return answer;
        }
        answer.ending = self.body(&mut answer).err().unwrap_or(Ending::Whole);
        // Whatever follows a whole message was not asked for.
        if answer.ending == Ending::Whole && !self.buffer.is_empty() {
            answer.ending = Ending::Nonsense;
        }
        answer
    }

    fn head(&mut self, answer: &mut Answer) -> Result<(), Ending> {
        let line = self.line()?;
        let rest = line.strip_prefix(b"HTTP/1.1 ").ok_or(Ending::Nonsense)?;
        answer.status = match rest {
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..] => {
                u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
            }
            _ => return Err(Ending::Nonsense),
        };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            let (name, value) = line.split_once(':').ok_or(Ending::Nonsense)?;
            if name.is_empty() || name.contains([' ', '\t']) || value.contains(['\0', '\r']) {
                return Err(Ending::Nonsense);
            }
            answer.fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// RFC 9112 section 6.3, for `GET` and `POST`.
    fn body(&mut self, answer: &mut Answer) -> Result<(), Ending> {
        if matches!(answer.status, 101 | 204 | 304) {
            return Ok(());
        }
        match (answer.field("transfer-encoding"), answer.field("content-length")) {
            (Some(_), Some(_)) => Err(Ending::Nonsense),
            (Some("chunked"), None) => self.chunks(answer),
            (Some(_), None) => Err(Ending::Nonsense),
            (None, Some(length)) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                let length = length.parse().map_err(|_| Ending::Nonsense)?;
                self.take(length, &mut answer.body)
            }
            (None, Some(_)) => Err(Ending::Nonsense),
            // Nobody could tell whether it is whole, and to a client of HTTP/1.1 the proxy can say it.
            (None, None) => Err(Ending::Nonsense),
        }
    }

    fn chunks(&mut self, answer: &mut Answer) -> Result<(), Ending> {
        loop {
            let line = self.line()?;
            let digits = std::str::from_utf8(&line).map_err(|_| Ending::Nonsense)?;
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(Ending::Nonsense);
            }
            match usize::from_str_radix(digits, 16).map_err(|_| Ending::Nonsense)? {
                0 => break,
                size => self.take(size, &mut answer.body)?,
            }
            if !self.line()?.is_empty() {
                return Err(Ending::Nonsense);
            }
        }
        while !self.line()?.is_empty() {}
        Ok(())
    }

    fn take(&mut self, mut length: usize, to: &mut Vec<u8>) -> Result<(), Ending> {
        loop {
            let most = length.min(self.buffer.len());
            to.extend(self.buffer.drain(..most));
            length -= most;
            if length == 0 {
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn line(&mut self) -> Result<Vec<u8>, Ending> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=searched + at).collect();
                line.pop();
                return if line.pop() == Some(b'\r') { Ok(line) } else { Err(Ending::Nonsense) };
            }
            searched = self.buffer.len();
            if searched > MAX_HEAD {
                return Err(Ending::Nonsense);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), Ending> {
        let Some(stream) = &mut self.stream else { return Err(Ending::Cut) };
        let mut chunk = [0; 16 << 10];
        if self.sips {
            // 2 MiB take two seconds.
            std::thread::sleep(Duration::from_millis(16));
        }
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => return Err(Ending::Cut),
                Ok(n) => {
                    self.buffer.extend_from_slice(&chunk[..n]);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(Ending::Hang);
                }
                Err(_) => return Err(Ending::Cut),
            }
        }
    }
}
