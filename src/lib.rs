//! The product as a library: the shell around the pure core. `main` only parses and dispatches.

pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dataset;
pub mod demo;
pub mod driver;
mod http;
mod mlflow;
pub mod past;
pub mod registry;
pub mod scrub;
pub mod signatures;
pub mod tasks;
pub mod upstream;
pub mod validation;
pub mod world;
