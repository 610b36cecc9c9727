//! The command line: one binary is server and client. One file a noun.
//!
//! Owns verbs, tables and exit statuses. Refuses decisions: a client only asks the control API.

mod actor;
mod audit;
mod client;
mod completions;
mod dataset;
mod demo;
mod doctor;
mod endpoint;
mod exit;
mod feedback;
mod logging;
mod model;
mod output;
mod policy;
mod progress;
mod push;
mod rollback;
mod rollout;
mod serve;
mod signing;
mod simulate;
mod table;
mod verb;
mod watch;

pub use exit::Exit;
pub use output::Format;
pub use verb::{Cli, Verb};

use crate::config::Environment;
use client::Client;
use output::Output;

/// What a verb needs besides its own arguments.
#[derive(Debug)]
struct Context {
    output: Output,
    environment: Environment,
    server: String,
}

impl Context {
    fn client(&self) -> anyhow::Result<Client> {
        Client::new(&self.server, &actor::header_value(&self.environment.user))
    }
}

/// Tells an error that came before any verb.
pub fn complain(error: &anyhow::Error, exit: Exit) -> Exit {
    Output::new(Format::Table, None).error(error);
    exit
}

/// Carries out the verb; errors are told on standard error.
pub async fn run(cli: Cli, environment: Environment) -> Exit {
    let output = Output::new(cli.output, environment.no_color.as_deref());
    let server = cli.server.clone().or_else(|| environment.server.clone());
    let server = server.unwrap_or_else(|| client::DEFAULT_SERVER.to_owned());
    let context = Context { output, environment, server };
    match dispatch(cli.verb, &context).await {
        Ok(exit) => exit,
        Err(error) => {
            context.output.error(&error);
            Exit::of(&error)
        }
    }
}

async fn dispatch(verb: Verb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Verb::Serve(arguments) => serve::run(arguments, context).await,
        Verb::Demo(arguments) => demo::run(arguments, context).await,
        Verb::Simulate(arguments) => simulate::run(&arguments, context),
        Verb::Doctor(arguments) => doctor::run(&arguments, context).await,
        Verb::Completions(arguments) => completions::run(&arguments),
        Verb::Model(verb) => model::run(verb, context).await,
        Verb::Dataset(verb) => dataset::run(verb, context).await,
        Verb::Policy(verb) => policy::run(verb, context).await,
        Verb::Endpoint(verb) => endpoint::run(verb, context).await,
        Verb::Rollout(verb) => rollout::run(verb, context).await,
        Verb::Rollback(arguments) => rollback::run(arguments, context).await,
        Verb::Feedback(verb) => feedback::run(verb, context).await,
        Verb::Audit(arguments) => audit::run(arguments, context).await,
    }
}
