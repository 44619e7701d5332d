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
    host: String,
    key: String,
    /// A header line, or nothing.
    tenant: String,
    request: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(server: &Server) -> Result<Self, Error> {
        let stream = TcpStream::connect(server.address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(256 * 1024, stream),
            host: server.address.to_string(),
            key: server.key.clone(),
            tenant: String::new(),
            request: Vec::new(),
        })
    }

    /// From now on, another API key.
    pub(crate) fn speak_as(&mut self, key: &str) {
        key.clone_into(&mut self.key);
    }

    /// From now on, for this tenant: the key is a platform's.
    pub(crate) fn speak_for(&mut self, tenant: &str) {
        self.tenant = format!("Veritrail-Tenant: {tenant}\r\n");
    }

    /// Posts events and reads the whole answer.
    pub(crate) fn post(&mut self, body: &[u8]) -> Result<Response, Error> {
        self.post_to("/v1/events", body)
    }

    /// Posts JSON.
    pub(crate) fn post_to(&mut self, path: &str, body: &[u8]) -> Result<Response, Error> {
        self.begin("POST", path)?;
        write!(
            self.request,
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        self.request.extend_from_slice(body);
        self.finish()
    }

    /// Reads the whole answer of a path.
    pub(crate) fn get(&mut self, path: &str) -> Result<Response, Error> {
        self.begin("GET", path)?;
        self.request.extend_from_slice(b"\r\n");
        self.finish()
    }

    /// Reads an export and lets go of it: how many lines it had, and its id.
    pub(crate) fn download(&mut self, path: &str) -> Result<(usize, String), Error> {
        self.begin("GET", path)?;
        self.request.extend_from_slice(b"\r\n");
        self.stream.get_mut().write_all(&self.request)?;
        let status = self.line()?;
        let mut export = String::new();
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if let Some(id) = line.strip_prefix("veritrail-export:") {
                id.trim().clone_into(&mut export);
            }
            if line.is_empty() {
                break;
            }
        }
        if !status.contains(" 200 ") {
            return Err(format!("not exported: {status}").into());
        }
        let (mut lines, mut piece) = (0, Vec::new());
        loop {
            let size = self.line()?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16)?;
            piece.clear();
            self.take(size, &mut piece)?;
            self.line()?;
            if size == 0 {
                return Ok((lines, export));
            }
            lines += piece
                .iter()
                .map(|byte| usize::from(*byte == b'\n'))
                .sum::<usize>();
        }
    }

    fn begin(&mut self, method: &str, path: &str) -> Result<(), Error> {
        self.request.clear();
        write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{}",
            self.host, self.key, self.tenant
        )?;
        Ok(())
    }

    fn finish(&mut self) -> Result<Response, Error> {
        self.stream.get_mut().write_all(&self.request)?;
        let status = self
            .line()?
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or("no status line")?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
            if line.is_empty() {
                break;
            }
        }
        let mut body = Vec::new();
        if chunked {
            self.chunks(&mut body)?;
        } else {
            self.take(length, &mut body)?;
        }
        Ok(Response {
            status,
            body: String::from_utf8(body)?,
        })
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Result<(), Error> {
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size, 16)?;
            self.take(size, body)?;
            self.line()?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, count: usize, body: &mut Vec<u8>) -> Result<(), Error> {
        let begin = body.len();
        body.resize(begin + count, 0);
        self.stream.read_exact(&mut body[begin..])?;
        Ok(())
    }

    fn line(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err("the server closed the connection".into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

/// A value as it may stand in a query string.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            out.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    out
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}
