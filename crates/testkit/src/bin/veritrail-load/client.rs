//! A keep-alive HTTP/1.1 connection that costs the machine as little as it can.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::Error;
use super::process::Server;

/// What came back.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// One connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
    request: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(server: &Server) -> Result<Self, Error> {
        let stream = TcpStream::connect(server.address)?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            server.address, server.key
        );
        Ok(Self {
            stream: BufReader::with_capacity(256 * 1024, stream),
            head,
            request: Vec::new(),
        })
    }

    /// Posts events and reads the whole answer.
    pub(crate) fn post(&mut self, body: &[u8]) -> Result<Response, Error> {
        self.request.clear();
        write!(
            self.request,
            "{}Content-Length: {}\r\n\r\n",
            self.head,
            body.len()
        )?;
        self.request.extend_from_slice(body);
        self.stream.get_mut().write_all(&self.request)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Response, Error> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or("no status line")?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Response {
            status,
            body: String::from_utf8(body)?,
        })
    }
}
