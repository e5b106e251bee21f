//! An exchange on its way: the facts so far, and what is written about it.
//!
//! Its one rule: what fails leaves exactly one record, also when it fails by the client going away,
//! which in an async server is a future being dropped.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use badgateway::Exchange;
use badgateway::adapters::hyper1::reason_phrase;
use badgateway::adapters::tokio1::TapHandle;
use badgateway::diagnose::Context;
use badgateway::exchange::RequestBody;
use badgateway::fault::{Evidence, Fault, FaultKind, Phase};
use http::{Response, StatusCode};

use crate::eject::Admit;
use crate::route::Target;
use crate::serve::{Proxy, ReplyBody, full};
use crate::tolerated::Tolerated;
use crate::trouble::Trouble;
use crate::upload::UploadWatch;

/// An exchange, from its request to the end of its response.
pub(crate) struct Trace {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) exchange: Exchange,
    /// How far it has got, should the client leave now.
    pub(crate) phase: Phase,
    upload: Option<UploadWatch>,
    /// Whose health the outcome tells, once it was asked.
    hop: Option<&'static Target>,
    probes: bool,
    pub(crate) started: Instant,
    finished: bool,
}

impl Trace {
    /// In a box, because it is handed on from step to step.
    pub(crate) fn new(proxy: Arc<Proxy>, exchange: Exchange) -> Box<Self> {
        Box::new(Self {
            proxy,
            exchange,
            phase: Phase::Select,
            upload: None,
            hop: None,
            probes: false,
            started: Instant::now(),
            finished: false,
        })
    }

    /// Takes note of what becomes of the request body.
    pub(crate) fn watch(&mut self, upload: UploadWatch) {
        self.upload = Some(upload);
    }

    /// Whether the next hop may be asked at all.
    ///
    /// # Errors
    ///
    /// It failed too often of late, and is left alone for a while.
    pub(crate) fn admit(&mut self, target: &'static Target) -> Result<(), Fault> {
        if !self.proxy.eject.is_on() {
            return Ok(());
        }
        let admit = self.proxy.eject.admit(target, Instant::now());
        match admit {
            Admit::Yes | Admit::Probe => {
                self.hop = Some(target);
                self.probes = admit == Admit::Probe;
                Ok(())
            }
            Admit::No { retry_after } => {
                self.exchange.retry_after = Some(retry_after);
                self.exchange.sent = Some(0);
                Err(Fault::new(FaultKind::NoHealthyUpstream))
            }
        }
    }

    /// A head came that may be forwarded. Whether the next hop is there again is answered with that: the body may be
    /// a stream without an end. Should it break, that counts by itself.
    pub(crate) fn head_is_fit(&self) {
        if let (Some(target), true) = (self.hop, self.probes) {
            self.proxy.eject.settle(target, None, Instant::now());
        }
    }

    /// What came of it, for the next hop's health.
    fn settle(&mut self, fault: Option<&Fault>) {
        if let Some(target) = self.hop.take() {
            self.proxy.eject.settle(target, fault, Instant::now());
        }
    }

    /// Answers with a response of our own.
    pub(crate) fn answer(mut self: Box<Self>, trouble: impl Into<Trouble>) -> Response<ReplyBody> {
        let Trouble { fault, evidence } = trouble.into();
        self.record(&fault, &evidence);
        self.exchange.time = Some(SystemTime::now());
        let gateway = &self.proxy.gateway;
        let mut response = gateway.answer_diagnosed(&fault, &self.exchange, &evidence, &Context::default());
        // hyper knows no phrases for 520 to 530 and would print `<none>`.
        reason_phrase(&mut response);
        response.map(full)
    }

    /// Writes the record. Nothing more is written for this exchange.
    pub(crate) fn record(&mut self, fault: &Fault, evidence: &Evidence) {
        self.finished = true;
        // Who left in the middle of a body had got a good answer until then.
        let went_well = self.exchange.client_gone && self.phase == Phase::Body;
        self.settle(if went_well { None } else { Some(fault) });
        self.exchange.elapsed = Some(self.started.elapsed());
        if let Some(upload) = &self.upload {
            self.exchange.request_body = upload.progress().stage;
        }
        let record = self.proxy.gateway.record(fault, &self.exchange).with_evidence(evidence);
        self.proxy.log.write(fault, self.exchange.path.as_ref().map_or("", |p| p.as_str()), &record);
    }

    /// Whether the request went out whole.
    pub(crate) fn is_uploaded(&self) -> bool {
        let stage = self.upload.as_ref().map(|upload| upload.progress().stage);
        matches!(stage, None | Some(RequestBody::None | RequestBody::Whole))
    }

    /// The response is whole, and was passed on. What was put up with for that is written down.
    pub(crate) fn tolerate(&self, tap: &TapHandle) {
        // An observation is a copy, which nearly no good response needs.
        if self.exchange.first_try.is_none() && tap.is_flawless() {
            return;
        }
        let seen = tap.observation();
        let deviations = seen.deviations();
        let tolerated = Tolerated { deviations, leftover: seen.leftover() > 0, trailers: seen.forbidden_trailers() };
        let status = seen.status().and_then(|status| StatusCode::from_u16(status).ok());
        if let (Some(status), false) = (status, tolerated.is_nothing() && self.exchange.first_try.is_none()) {
            self.proxy.log.line(&tolerated.line(status, &self.exchange));
        }
    }

    /// All went well: there is nothing to write about a fault.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
        self.settle(None);
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.finished {
            self.exchange.phase = Some(self.phase);
            if !self.phase.is_after_send() {
                // Unless a first try wrote some of it.
                self.exchange.sent.get_or_insert(0);
            }
            let fault = self.exchange.client_aborted();
            self.record(&fault, &Evidence::new());
        }
    }
}
