//! Where connections come in: a socket, and the TLS that is spoken on it.

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::tls::Tls;

/// A socket that listens, in the clear or under TLS.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) secure: Option<Secure>,
}

/// TLS, and what asks to look for a renewed certificate.
#[derive(Debug)]
pub(crate) struct Secure {
    pub(crate) tls: Arc<Tls>,
    pub(crate) hangup: Signal,
}

impl Listener {
    /// Plain HTTP.
    pub fn plain(socket: TcpListener) -> Self {
        Self {
            socket,
            secure: None,
        }
    }

    /// HTTPS. From now on SIGHUP does not end the process, but has it look for a renewed certificate.
    ///
    /// # Errors
    /// The system's, when the signal can't be listened for.
    pub fn secure(socket: TcpListener, tls: Tls) -> io::Result<Self> {
        Ok(Self {
            socket,
            secure: Some(Secure {
                tls: Arc::new(tls),
                hangup: signal(SignalKind::hangup())?,
            }),
        })
    }
}
