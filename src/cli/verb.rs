//! The verbs, as parsed.

use super::output::Format;
use super::{
    audit, completions, dataset, demo, doctor, endpoint, feedback, model, policy, rollback,
    rollout, serve, simulate,
};
use clap::{Parser, Subcommand};

const EXITS: &str = "\
Exit status:
  0    success
  1    internal error, or a check of the server that does not hold
  2    usage, a file or a value that is refused
  3    not found
  4    denied
  5    conflict: changed meanwhile, in use, quarantined, superseded, or too many at once
  6    rolled back or rejected: the gate worked
  7    waiting for approval
  8    inconclusive: paused, a person decides
  9    aborted by a person
  10   server unreachable, or without an answer
  124  timed out";

/// Takes a newly trained model version to full production traffic, and back out again.
#[derive(Debug, Parser)]
#[command(name = "seatrial", version, after_help = EXITS)]
pub struct Cli {
    /// How results are printed on standard output.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    pub(super) output: Format,
    /// The server's control address [default: http://127.0.0.1:8002; env: SEATRIAL_SERVER].
    #[arg(long, global = true, value_name = "URL")]
    pub(super) server: Option<String>,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

impl Cli {
    /// How much to log: a server says what it does, a client only what goes wrong.
    pub const fn serves(&self) -> bool {
        matches!(self.verb, Verb::Serve(_))
    }

    /// The server's flags, where this is one.
    pub const fn serve(&self) -> Option<&serve::Serve> {
        match &self.verb {
            Verb::Serve(arguments) => Some(arguments),
            Verb::Demo(_)
            | Verb::Simulate(_)
            | Verb::Doctor(_)
            | Verb::Completions(_)
            | Verb::Model(_)
            | Verb::Dataset(_)
            | Verb::Policy(_)
            | Verb::Endpoint(_)
            | Verb::Rollout(_)
            | Verb::Rollback(_)
            | Verb::Feedback(_)
            | Verb::Audit(_) => None,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the server: gateway, driver and control API in one process.
    Serve(serve::Serve),
    /// Play the whole voyage on bundled models and real traffic.
    Demo(demo::Demo),
    /// Try a policy on simulated traffic: how it ends, when, and at what cost.
    Simulate(simulate::Simulate),
    /// Check this machine and the server.
    Doctor(doctor::Doctor),
    /// Print a shell's completion script.
    Completions(completions::Completions),
    /// Register and look at model versions.
    #[command(subcommand)]
    Model(model::Model),
    /// Register and look at datasets.
    #[command(subcommand)]
    Dataset(dataset::Dataset),
    /// Check, plan and apply rollout policies.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Look at endpoints, and change their settings.
    #[command(subcommand)]
    Endpoint(endpoint::Endpoint),
    /// Start, watch and steer rollouts.
    #[command(subcommand)]
    Rollout(rollout::Rollout),
    /// Take an endpoint back to a known-good version.
    Rollback(rollback::Rollback),
    /// Send labels for answered requests.
    #[command(subcommand)]
    Feedback(feedback::Feedback),
    /// Read the journal, prove it, or ask what served when.
    Audit(audit::Audit),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, CommandFactory as _};

    fn help(command: &mut Command, path: &str, pages: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name()).trim().to_owned();
        let text = command.render_help().to_string();
        let verbs = command.get_subcommands_mut().map(|verb| (verb.get_name() != "help", verb));
        pages.push(format!("$ {path} --help\n{text}"));
        for (_, verb) in verbs.filter(|(is_ours, _)| *is_ours) {
            help(verb, &path, pages);
        }
    }

    #[test]
    fn the_verbs_change_only_on_purpose() {
        let mut command = Cli::command().term_width(100);
        command.build();
        let mut pages = Vec::new();
        help(&mut command, "", &mut pages);
        insta::assert_snapshot!("help", pages.join("\n"));
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
