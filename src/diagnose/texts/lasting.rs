//! So that it does not come back: what to build once the fault is gone, by the kind of trouble.

use crate::fault::Category;

const HEALTH: &str = "Give the next hop a health endpoint that answers only when it can serve, and let the gateway's check use it: a server that cannot serve is then left out before users notice.";
const MORE: &str = "Run more than one next hop, so that one may fail or be deployed alone.";
const SHUTDOWN: &str = "Stop gracefully: at SIGTERM fail the health check, go on serving for some seconds, finish what is under way, then close.";
const ALERT: &str = "Alert on the rate of 5xx at the gateway, by next hop and kind of fault, and not on a single one.";
const TIMERS: &str = "Put the timers in order, each shorter than the one before it: client, gateway, application, database. Then the one who knows why gives up first.";
const EXPIRY: &str =
    "Watch the certificate from outside and alert three weeks before it ends; reload the server when it is renewed.";
const NAMES: &str =
    "Let the gateway resolve the name again as its TTL says, with two name servers, and alert when a lookup fails.";
const CAPACITY: &str = "Measure how many requests at a time the next hop bears, put the limit there on purpose, and alert at four fifths of it.";
const CONTRACT: &str =
    "Test the application through the gateway before each release: what a browser forgives, a gateway may refuse.";

/// What is to be built against that.
pub(in crate::diagnose) const fn lasting(category: Category) -> &'static [&'static str] {
    match category {
        Category::Refused | Category::Unreachable => &[HEALTH, MORE, SHUTDOWN, ALERT],
        Category::Reset | Category::PrematureEof => &[SHUTDOWN, TIMERS, HEALTH, MORE, ALERT],
        Category::Timeout => &[TIMERS, HEALTH, CAPACITY, ALERT],
        Category::Tls => &[EXPIRY, ALERT],
        Category::Dns => &[NAMES, ALERT],
        Category::Limit => &[CAPACITY, MORE, ALERT],
        Category::Malformed | Category::TooLarge | Category::Protocol => &[CONTRACT, ALERT],
        Category::Local => &[ALERT],
        // Nothing of it is the next hop's.
        Category::Client => &[],
    }
}
