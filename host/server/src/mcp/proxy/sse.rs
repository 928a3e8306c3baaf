//! Server-sent events, as much of them as the protocol uses.

/// The most bytes of one event.
pub(super) const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its lines of data, joined; empty for one that only primes.
    pub(super) data: String,
    /// Where to go on after it.
    pub(super) id: Option<String>,
}

/// An event over the bound, or text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream holds an event that is too long or not text")]
pub(super) struct BadStream;

/// Takes bytes as they come, gives events as they are whole.
#[derive(Default)]
pub(super) struct Events {
    bytes: Vec<u8>,
    /// How far `bytes` was searched for a line's end.
    searched: usize,
    event: Event,
    any: bool,
}

impl Events {
    /// Takes more bytes, and gives the events that they complete.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<Vec<Event>, BadStream> {
        if self.bytes.len() + self.event.data.len() + chunk.len() > EVENT_BYTES_MAX {
            return Err(BadStream);
        }
        self.bytes.extend_from_slice(chunk);
        let mut whole = Vec::new();
        let mut begin = 0;
        while let Some(at) = self.bytes[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n')
        {
            let end = self.searched + at;
            let line = &self.bytes[begin..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = std::str::from_utf8(line).map_err(|_| BadStream)?;
            if line.is_empty() {
                if self.any {
                    whole.push(std::mem::take(&mut self.event));
                }
                self.any = false;
            } else {
                Self::field(&mut self.event, &mut self.any, line);
            }
            begin = end + 1;
            self.searched = begin;
        }
        self.bytes.drain(..begin);
        self.searched = self.bytes.len();
        Ok(whole)
    }

    fn field(event: &mut Event, any: &mut bool, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data.push_str(value);
                *any = true;
            }
            "id" if !value.contains('\0') => {
                event.id = Some(value.to_owned());
                *any = true;
            }
            // A comment keeps the connection alive; `event` and `retry` change nothing here.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_the_bytes_come() {
        let text =
            "id: 0\nretry: 3000\ndata:\n\n: alive\n\nid: 1\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n";
        for size in [1, 2, 3, 7, text.len()] {
            let mut events = Events::default();
            let mut found = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                found.extend(events.take(chunk).unwrap());
            }
            assert_eq!(found.len(), 2, "{size}");
            assert_eq!(found[0].data, "");
            assert_eq!(found[0].id.as_deref(), Some("0"));
            assert_eq!(found[1].data, "{\"a\":\n1}");
            assert_eq!(found[1].id.as_deref(), Some("1"));
        }
    }

    #[test]
    fn an_event_without_an_end_is_bounded() {
        let mut events = Events::default();
        let chunk = vec![b'a'; 1024 * 1024];
        assert!((0..15).all(|_| events.take(&chunk).is_ok()));
        assert_eq!(events.take(&[b'a'; 2 * 1024 * 1024]), Err(BadStream));
    }
}
