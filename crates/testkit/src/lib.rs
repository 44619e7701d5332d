//! Test and load tools; never linked into the product
