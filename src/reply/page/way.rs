//! The way from the visitor to the service, drawn, with what is broken on it.
//!
//! Every state is told three times: in words, by the shape of a line or a cross, and by a color.

use crate::reply::words::Place;
use crate::sink::Sink;

use super::Texts;
use super::strings::Text;

/// How one part of the way is doing.
#[derive(Clone, Copy)]
enum State {
    Works,
    Broken,
    NotReached,
}

const CROSS: &str =
    "<svg class=\"x\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M4 4l16 16M20 4L4 20\"/></svg>";

/// The stations with their pictures: a laptop, a way there and back, two machines.
const STATIONS: [(Text, &str); 3] = [
    (Text::You, "M5 5h14v10H5zM2 19h20"),
    (Text::Gateway, "M3 8h17l-4-4M21 16H4l4 4"),
    (Text::Service, "M4 4h16v7H4zM4 13h16v7H4zM8 7.5h.1M8 16.5h.1"),
];

/// A list, because that is what it is to who cannot see it. The role is said because Safari takes a list without
/// bullets for no list.
pub(super) fn write(out: &mut Vec<u8>, texts: &Texts, place: Place) {
    use State::{Broken, NotReached, Works};
    let [first, gateway, second, service] = match place {
        Place::ClientLink => [Broken, Works, NotReached, NotReached],
        Place::Gateway => [Works, Broken, NotReached, NotReached],
        Place::Link => [Works, Works, Broken, NotReached],
        Place::Service => [Works, Works, Works, Broken],
    };
    out.put("<ol class=\"way\" role=\"list\" aria-label=\"");
    out.put(texts.get(Text::Way));
    out.put("\">\n");
    let [you, middle, last] = STATIONS;
    station(out, texts, you, Works);
    link(out, texts, first);
    station(out, texts, middle, gateway);
    link(out, texts, second);
    station(out, texts, last, service);
    out.put("</ol>\n");
}

fn station(out: &mut Vec<u8>, texts: &Texts, (label, picture): (Text, &str), state: State) {
    let (class, text) = match state {
        State::Works => ("ok", Text::Works),
        State::Broken => ("bad", Text::Problem),
        State::NotReached => ("idle", Text::NotReached),
    };
    out.put("<li class=\"");
    out.put(class);
    out.put("\"><i><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"");
    out.put(picture);
    out.put("\"/></svg>");
    cross(out, state);
    out.put("</i><b>");
    out.put(texts.get(label));
    out.put("</b> <span>");
    out.put(texts.get(text));
    out.put("</span></li>\n");
}

fn link(out: &mut Vec<u8>, texts: &Texts, state: State) {
    let (class, text) = match state {
        State::Works => ("ok", Text::Works),
        State::Broken => ("bad", Text::Broken),
        State::NotReached => ("idle", Text::NotReached),
    };
    out.put("<li class=\"link ");
    out.put(class);
    out.put("\">");
    cross(out, state);
    // Seen as a line, heard as this.
    out.put("<span>");
    out.put(texts.get(Text::Connection));
    out.put(": ");
    out.put(texts.get(text));
    out.put("</span></li>\n");
}

fn cross(out: &mut Vec<u8>, state: State) {
    match state {
        State::Broken => out.put(CROSS),
        State::Works | State::NotReached => {}
    }
}
