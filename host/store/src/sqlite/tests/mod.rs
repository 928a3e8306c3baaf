//! What the store promises, held against real files.
