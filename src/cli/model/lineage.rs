//! `model show --lineage`: what a version was made from, as a tree, and what was made from it.

use super::{Context, Exit};
use crate::api::wire::{Descent, Kin, Lineage, Whereabouts};
use std::collections::BTreeSet;

pub(super) async fn show(path: &str, context: &Context) -> anyhow::Result<Exit> {
    let lineage: Lineage = context.client()?.get(&format!("{path}/lineage")).await?;
    context.output.show(&lineage, drawn)?;
    Ok(Exit::Success)
}

fn drawn(lineage: &Lineage) -> String {
    let Some(first) = lineage.line.first() else { return String::new() };
    let mut tree = Tree { lineage, lines: Vec::new(), drawn: BTreeSet::new() };
    tree.draw(&first.version, "");
    for child in &lineage.children {
        tree.lines.push(format!("child    {}", named(child)));
    }
    if lineage.cut {
        tree.lines.push("… and more than is shown here".to_owned());
    }
    tree.lines.join("\n")
}

struct Tree<'a> {
    lineage: &'a Lineage,
    lines: Vec<String>,
    /// Whoever has several descendants in the tree is drawn once.
    drawn: BTreeSet<&'a str>,
}

impl<'a> Tree<'a> {
    fn draw(&mut self, kin: &'a Kin, indent: &str) {
        let head = if indent.is_empty() { "" } else { "parent   " };
        let before = kin.name.as_deref().is_some_and(|name| !self.drawn.insert(name));
        let again = if before { "  (above)" } else { "" };
        self.lines.push(format!("{indent}{head}{}{again}", named(kin)));
        let found = self.lineage.line.iter().find(|descent| descent.version.name == kin.name);
        let Some(descent) = found.filter(|_| kin.name.is_some() && !before) else { return };
        let deeper = format!("{indent}  ");
        self.lines.extend(facts(descent).into_iter().map(|fact| format!("{deeper}{fact}")));
        for parent in &descent.parents {
            self.draw(parent, &deeper);
        }
    }
}

fn facts(descent: &Descent) -> Vec<String> {
    let trained = descent.trained_on.as_ref().map(|trained| match &trained.name {
        Some(name) => format!("{name}  {}", trained.digest),
        None => trained.digest.clone(),
    });
    let run = descent.run_id.as_ref().map(|run| match &descent.run_link {
        Some(link) => format!("{run}  {link}"),
        None => run.clone(),
    });
    let said = [
        ("dataset", trained),
        ("code", descent.code_ref.clone()),
        ("run", run),
        ("logged", descent.model_id.clone()),
    ];
    said.into_iter().filter_map(|(what, said)| Some(format!("{what:<8} {}", said?))).collect()
}

fn named(kin: &Kin) -> String {
    let name = kin.name.as_deref().map(|name| format!("{name}  ")).unwrap_or_default();
    let whereabouts = match kin.whereabouts {
        Whereabouts::Here => "",
        Whereabouts::Deleted => "  (deleted)",
        Whereabouts::Elsewhere => "  (not in this registry)",
    };
    format!("{name}{}{whereabouts}", kin.digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::TrainedOn;

    fn kin(name: Option<&str>, digest: &str, whereabouts: Whereabouts) -> Kin {
        Kin { digest: digest.to_owned(), name: name.map(str::to_owned), whereabouts }
    }

    fn descent(version: Kin, parents: Vec<Kin>) -> Descent {
        let (trained_on, code_ref, run_id, run_link, model_id) = (None, None, None, None, None);
        Descent { version, parents, trained_on, code_ref, run_id, run_link, model_id }
    }

    #[test]
    fn a_tree_goes_up_and_draws_a_common_ancestor_once() {
        let base = || kin(Some("base@1"), "sha256:b", Whereabouts::Deleted);
        let (left, right) = (
            || kin(Some("left@1"), "sha256:l", Whereabouts::Here),
            || kin(Some("right@2"), "sha256:r", Whereabouts::Here),
        );
        let foreign = kin(None, "sha256:f", Whereabouts::Elsewhere);
        let top = kin(Some("m@3"), "sha256:m", Whereabouts::Here);
        let name = Some("train@1".to_owned());
        let lineage = Lineage {
            line: vec![
                Descent {
                    trained_on: Some(TrainedOn { digest: "sha256:t".to_owned(), name }),
                    code_ref: Some("4f2a1c".to_owned()),
                    ..descent(top, vec![left(), right(), foreign])
                },
                descent(left(), vec![base()]),
                descent(right(), vec![base()]),
                descent(base(), Vec::new()),
            ],
            children: vec![kin(Some("m@4"), "sha256:c", Whereabouts::Here)],
            cut: false,
        };
        let expected = "\
m@3  sha256:m
  dataset  train@1  sha256:t
  code     4f2a1c
  parent   left@1  sha256:l
    parent   base@1  sha256:b  (deleted)
  parent   right@2  sha256:r
    parent   base@1  sha256:b  (deleted)  (above)
  parent   sha256:f  (not in this registry)
child    m@4  sha256:c";
        assert_eq!(drawn(&lineage), expected);
    }
}
