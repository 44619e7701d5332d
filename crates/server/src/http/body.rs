//! Reading the body of a request with events: bounded on the wire and after decompression.
//!
//! Promises: memory grows only as bytes arrive, each KiB of it is taken from one budget of the whole server, of which a
//! tenant gets no more than its share, and a compressed body stops being opened at the limit, however much it would become.

use std::io::Read;
use std::sync::Arc;

use api::code;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use ledger::limits::BATCH_BYTES_MAX;
use ledger::name::TenantId;

use super::error::HttpError;
use crate::shares::{Held, TenantShares};

/// A body, decompressed, and its share of the server's memory.
#[derive(Debug)]
pub(crate) struct EventBody {
    /// The text.
    pub(crate) bytes: Vec<u8>,
    /// What it takes of the budget; given back when dropped.
    pub(crate) share: Share,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// The largest window a zstd frame may ask for, as a power of two: that of the limit.
const ZSTD_WINDOW_LOG_MAX: u32 = 24;

/// Reads a body of events whole.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    budget: (&Arc<TenantShares>, TenantId),
) -> Result<EventBody, HttpError> {
    read_up_to(BATCH_BYTES_MAX, headers, body, budget).await
}

/// Reads a body of at most `most` bytes whole.
pub(crate) async fn read_up_to(
    most: usize,
    headers: &HeaderMap,
    body: Body,
    (budget, tenant): (&Arc<TenantShares>, TenantId),
) -> Result<EventBody, HttpError> {
    let encoding = encoding_of(headers)?;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > most) {
        return Err(too_large(most));
    }
    let mut share = Share::new(budget, tenant);
    let sent = collect(body, (declared, most), &mut share).await?;
    if encoding == Encoding::Identity {
        return Ok(EventBody { bytes: sent, share });
    }
    let bytes = tokio::task::spawn_blocking(move || {
        decompress(&sent, encoding, most, &mut share).map(|bytes| (bytes, share))
    });
    let (bytes, share) = bytes
        .await
        .map_err(|error| HttpError::internal(format!("decompressing: {error}")))??;
    Ok(EventBody { bytes, share })
}

fn encoding_of(headers: &HeaderMap) -> Result<Encoding, HttpError> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let encoding = match (values.next(), values.next()) {
        (None, _) => return Ok(Encoding::Identity),
        (Some(value), None) => value.to_str().unwrap_or_default().trim(),
        (Some(_), Some(_)) => "",
    };
    if encoding.eq_ignore_ascii_case("gzip") {
        Ok(Encoding::Gzip)
    } else if encoding.eq_ignore_ascii_case("zstd") {
        Ok(Encoding::Zstd)
    } else if encoding.eq_ignore_ascii_case("identity") {
        Ok(Encoding::Identity)
    } else {
        Err(HttpError::new(
            code::UNSUPPORTED_ENCODING,
            "expected Content-Encoding gzip, zstd or none",
        ))
    }
}

async fn collect(
    mut body: Body,
    (declared, most): (Option<usize>, usize),
    share: &mut Share,
) -> Result<Vec<u8>, HttpError> {
    // Trust a declared length only so far: memory is taken as bytes arrive.
    let mut bytes = Vec::with_capacity(declared.unwrap_or(0).min(64 * 1024));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| HttpError::new(code::BAD_BODY, "the body ended early"))?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        if bytes.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        share.grow_to(bytes.len() + chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn decompress(
    sent: &[u8],
    encoding: Encoding,
    most: usize,
    share: &mut Share,
) -> Result<Vec<u8>, HttpError> {
    let broken = || HttpError::new(code::BAD_BODY, "the body does not decompress");
    let mut reader: Box<dyn Read + '_> = match encoding {
        Encoding::Identity => Box::new(sent),
        Encoding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(sent)),
        Encoding::Zstd => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(sent).map_err(|_| broken())?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG_MAX)
                .map_err(|_| broken())?;
            Box::new(decoder)
        }
    };
    let mut bytes = Vec::with_capacity(sent.len().saturating_mul(4).min(most));
    let mut chunk = [0; 16 * 1024];
    loop {
        let count = reader.read(&mut chunk).map_err(|_| broken())?;
        if count == 0 {
            return Ok(bytes);
        }
        if bytes.len() + count > most {
            return Err(too_large(most));
        }
        share.grow_to(sent.len() + bytes.len() + count)?;
        bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
    }
}

fn too_large(most: usize) -> HttpError {
    let limit = if most == BATCH_BYTES_MAX {
        "BATCH_BYTES_MAX"
    } else {
        "BODY_BYTES_MAX"
    };
    HttpError::new(
        code::BODY_TOO_LARGE,
        format!("expected at most {most} bytes after decompression ({limit})"),
    )
}

/// A growing share of the server's budget for bodies.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<TenantShares>,
    tenant: TenantId,
    held: Option<Held>,
    kib: usize,
}

impl Share {
    fn new(budget: &Arc<TenantShares>, tenant: TenantId) -> Self {
        Self {
            budget: Arc::clone(budget),
            tenant,
            held: None,
            kib: 0,
        }
    }

    /// Takes what `bytes` need beyond what is held; never waits, so that no two requests wait for each other.
    fn grow_to(&mut self, bytes: usize) -> Result<(), HttpError> {
        let needed = bytes.div_ceil(1024);
        let Some(more) = needed.checked_sub(self.kib).filter(|more| *more > 0) else {
            return Ok(());
        };
        let grown = if let Some(held) = &mut self.held {
            held.grow(more)
        } else {
            self.held = self.budget.take(self.tenant, more);
            self.held.is_some()
        };
        if !grown {
            return Err(HttpError::new(
                code::BUSY,
                "nothing of the request was done; too many large requests at once",
            )
            .retry_after(1));
        }
        self.kib = needed;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: TenantId = TenantId([1; 16]);

    fn share(budget: &Arc<TenantShares>) -> Share {
        Share::new(budget, T)
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let zeros = vec![0_u8; BATCH_BYTES_MAX + 1];
        let gzip = {
            use std::io::Write;
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&zeros).unwrap();
            encoder.finish().unwrap()
        };
        let zstd = zstd::encode_all(&*zeros, 3).unwrap();
        for (bomb, encoding) in [(gzip, Encoding::Gzip), (zstd, Encoding::Zstd)] {
            assert!(bomb.len() < 64 * 1024);
            let budget = TenantShares::fair(64 * 1024);
            let refused =
                decompress(&bomb, encoding, BATCH_BYTES_MAX, &mut share(&budget)).unwrap_err();
            assert_eq!(refused.problem().code, code::BODY_TOO_LARGE);
            assert!(budget.is_untouched());
        }
    }

    #[test]
    fn a_body_beyond_the_budget_is_told_to_wait() {
        let zstd = zstd::encode_all(&*vec![0_u8; 64 * 1024], 3).unwrap();
        let budget = TenantShares::fair(32);
        let refused =
            decompress(&zstd, Encoding::Zstd, BATCH_BYTES_MAX, &mut share(&budget)).unwrap_err();
        assert_eq!(refused.problem().code, code::BUSY);
    }

    #[test]
    fn what_is_no_compressed_text_is_refused() {
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            let budget = TenantShares::fair(1_024);
            let refused = decompress(b"{\"a\":1}", encoding, BATCH_BYTES_MAX, &mut share(&budget))
                .unwrap_err();
            assert_eq!(refused.problem().code, code::BAD_BODY);
        }
    }
}
