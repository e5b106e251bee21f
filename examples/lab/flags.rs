//! The command line. What is wrong with it is said in one line, and nothing is guessed.

use std::path::PathBuf;
use std::time::Duration;

use http::Version;

use crate::duration::duration;
use crate::only::Only;
use crate::target::Target;

/// What `--help` says.
pub(crate) const HELP: &str = include_str!("help.txt");

/// Everything that the command line can say.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// 0: ports of the system's choosing.
    pub(crate) base_port: u16,
    /// Where the root certificate is to be written as well.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) list: bool,
    pub(crate) only: Only,
    pub(crate) judging: Option<Judging>,
}

/// What is to be judged, and how.
#[derive(Debug)]
pub(crate) struct Judging {
    pub(crate) proxy: Target,
    /// How long the proxy may take to accept connections.
    pub(crate) wait: Duration,
    /// An answer that takes longer is none.
    pub(crate) patience: Duration,
    /// What the client speaks.
    pub(crate) version: Version,
}

impl Flags {
    /// Reads the arguments, the program's name left out. `Ok(None)` asks for the usage text.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut flags = Self::default();
        let (mut proxy, mut wait, mut patience, mut version) = (None, None, None, None);
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            // Both `--flag value` and `--flag=value`.
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                Some(_) | None => (arg, None),
            };
            let mut value = || inline.clone().or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--help" | "-h" => return Ok(None),
                "--list" => flags.list = true,
                "--base-port" => flags.base_port = port(&name, &value()?)?,
                "--ca" => flags.ca = Some(value()?.into()),
                "--http2" => flags.only.of_http2(),
                "--only" => flags.only.add(value()?)?,
                "--judge" => proxy = Some(Target::parse(&value()?)?),
                "--wait" => wait = Some(duration(&name, &value()?)?),
                "--patience" => patience = Some(duration(&name, &value()?)?),
                "--version" => version = Some(http_version(&value()?)?),
                _ => return Err(format!("unknown flag {name:?}; --help lists them")),
            }
        }
        flags.only.check()?;
        if proxy.is_some() && flags.list {
            return Err("--list starts nothing that --judge could judge".into());
        }
        if proxy.is_none() && (wait.is_some() || patience.is_some() || version.is_some()) {
            return Err("--wait, --patience and --version are about --judge URL".into());
        }
        flags.judging = proxy.map(|proxy| Judging {
            proxy,
            wait: wait.unwrap_or(Duration::from_secs(30)),
            patience: patience.unwrap_or(Duration::from_secs(12)),
            version: version.unwrap_or(Version::HTTP_11),
        });
        Ok(Some(flags))
    }
}

fn port(flag: &str, text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|port| *port > 0).ok_or_else(|| format!("{flag} {text:?} is not a port"))
}

fn http_version(text: &str) -> Result<Version, String> {
    match text {
        "1.0" => Ok(Version::HTTP_10),
        "1.1" => Ok(Version::HTTP_11),
        "2" => Ok(Version::HTTP_2),
        _ => Err(format!("--version {text:?} is none of 1.0, 1.1 and 2")),
    }
}
