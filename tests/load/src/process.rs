//! A child process that does not outlive who started it.
//!
//! What was started is ended and waited for, whatever happens in between.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to end when asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running child. Dropping it asks it to end, and then makes it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Tells a shell that started us what to end if we are killed outright.
    pid_file: Option<PathBuf>,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// As for [`Command::spawn`].
    pub fn start(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.spawn()?, pid_file: None })
    }

    /// Writes its number to a file, which is removed when the process has ended.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn with_pid_file(mut self, path: &Path) -> io::Result<Self> {
        fs::write(path, format!("{}\n", self.id()))?;
        self.pid_file = Some(path.to_owned());
        Ok(self)
    }

    /// The number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// As for [`Child::try_wait`].
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// SIGKILL: it gets no chance to say goodbye.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until somebody accepts connections on this address.
    ///
    /// # Errors
    ///
    /// If the process ends before that, or takes longer than five seconds.
    pub fn wait_for(&mut self, address: SocketAddr) -> io::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.ended()? {
                return Err(io::Error::other(format!("it ended at once: {status}")));
            }
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("nobody accepts connections on {address}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.ended(), Ok(None)) {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let start = Instant::now();
            while matches!(self.ended(), Ok(None)) && start.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(5));
            }
            self.kill();
        }
        if let Some(path) = &self.pid_file {
            let _ = fs::remove_file(path);
        }
    }
}

/// A port of 127.0.0.1 on which nobody listens now. Somebody may take it before we do; who starts a
/// server on it finds out.
///
/// # Errors
///
/// Whatever the system says.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Where a program is, if it is installed: in `PATH` or where Debian keeps servers.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.map(|place| place.join(name)).find(|file| file.is_file())
}
