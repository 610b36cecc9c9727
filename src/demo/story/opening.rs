//! What is said before anything happens, and before each act.

use std::net::SocketAddr;

/// What this is.
pub(in crate::demo) const OPENING: &str = "Four versions of a model that reads handwritten \
    digits want to serve one endpoint. A server of its own, the models and the traffic, about 500 \
    requests a second with labels sent back, are real and on this machine; every line after a $ \
    is a command you could type. The scenario is built, not found: models and data were chosen so \
    that each shows what it is meant to show (demo/README.md says how).";

/// Before the first act.
pub(in crate::demo) const SETTING: &str = "An endpoint's first version has nobody to be compared \
    with: it must pass its contract tests, and a person approves it (here beforehand: \
    --bootstrap). The clients begin as soon as it serves.";

/// One act's title, and what the audience should know.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct Opening {
    pub(in crate::demo) title: &'static str,
    pub(in crate::demo) text: &'static str,
}

/// The acts, in order.
pub(in crate::demo) const ACTS: [Opening; 4] = [
    Opening {
        title: "Act 1: v2 is better, on paper",
        text: "Gradient boosting, trained with care, beats v1 on the holdout. Since the holdout \
               was collected, a mobile scanner came into use: its pictures are pale, and a quarter \
               of the live traffic.",
    },
    Opening {
        title: "Act 2: v3 is excellent, in its notebook",
        text: "A network that scored 0.958 where it was trained. What is pushed is the file.",
    },
    Opening {
        title: "Act 3: v4 is better",
        text: "A network that looks at shape and not at contrast. Its share grows while every gate \
               finds it healthy: 5, 10, 25, 50, then 100 %.",
    },
    Opening {
        title: "Act 4: one word takes it back",
        text: "Nothing is wrong with v4. Still, the night is short and somebody has a bad feeling.",
    },
];

/// Where the demo's server listens.
pub(in crate::demo) fn opening(inference: SocketAddr, control: SocketAddr) -> String {
    format!(
        "The server takes inference requests at http://{inference} and commands at \
         http://{control} (add --server http://{control} to look on from another terminal)."
    )
}
