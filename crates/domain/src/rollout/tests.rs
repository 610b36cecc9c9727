//! Command scripts: what an operator would see, line by line, in each terminal state and overlay.

mod ends;
mod guardrails;
mod holds;
mod loads;
mod objective;
mod pauses;
mod people;
mod restarts;
mod script;
mod shadows;
mod voyages;
