//! To be written.

use crate::delivery::Delivery;
use crate::reading::{Reading, Unreadable};

/// Reads a delivery.
pub(crate) fn read(_delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    Ok(Reading::default())
}
