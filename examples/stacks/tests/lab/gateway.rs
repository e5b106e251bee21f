//! One of the bins as a process of its own before one next hop, and its records.

use std::process::{Command, Stdio};

use crate::process::Process;

/// The bins, and whether they tunnel.
pub(crate) const STACKS: &[Stack] = &[
    Stack { name: "axum", program: env!("CARGO_BIN_EXE_axum"), tunnels: true },
    Stack { name: "reqwest_retry", program: env!("CARGO_BIN_EXE_reqwest_retry"), tunnels: false },
    Stack { name: "tower", program: env!("CARGO_BIN_EXE_tower"), tunnels: true },
    Stack { name: "actix", program: env!("CARGO_BIN_EXE_actix"), tunnels: false },
];

/// The one for gRPC, which has next hops of its own.
pub(crate) const TONIC: Stack = Stack { name: "tonic", program: env!("CARGO_BIN_EXE_tonic"), tunnels: false };

#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) name: &'static str,
    program: &'static str,
    pub(crate) tunnels: bool,
}

pub(crate) type Gateway = Process;

impl Gateway {
    pub(crate) fn start(stack: &Stack, upstream: &str) -> Self {
        // actix-web logs to stderr what it thinks of a body that fails.
        Self::spawn(Command::new(stack.program).args(["127.0.0.1:0", upstream]).stderr(Stdio::null()))
    }
}
