//! Prints docs/reference/config.md: `cargo run -p veritrail-server --example config_reference`.

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() {
    print!("{}", server::config::reference());
}
