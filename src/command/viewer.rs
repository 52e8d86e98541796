//! `playhead viewer`: requests lie in the control database, and the service carries them out when it runs.

use serde_json::json;

use super::{Of, Said, note, time};
use crate::control::{Control, ControlError, Deed, Receipt};

/// What can be done about viewers.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Asks for everything about a viewer to be erased
    Erase {
        viewer_id: String,
        #[command(flatten)]
        of: Of,
    },
    /// Shows what was erased, and what is pending
    Receipts {
        #[command(flatten)]
        of: Of,
    },
}

pub(super) async fn run(command: Command, control: &Control) -> Result<Said, ControlError> {
    match command {
        Command::Erase { viewer_id, of } => {
            let environment = of.id(control).await?;
            let receipt = control.request_erasure(&environment, &viewer_id, "the command line").await?;
            note(control, Some(&environment), Deed::ErasureRequested, &receipt.id, json!({})).await;
            Ok(Said::table(HEAD, &[row(&receipt)], &receipt))
        }
        Command::Receipts { of } => {
            let receipts = control.receipts(&of.id(control).await?).await?;
            let rows: Vec<_> = receipts.iter().map(row).collect();
            Ok(Said::table(HEAD, &rows, json!(receipts)))
        }
    }
}

const HEAD: [&str; 6] = ["RECEIPT", "REQUESTED", "FINISHED", "VIEWS", "EVENT ROWS", "PENDING"];

fn row(receipt: &Receipt) -> [String; 6] {
    [
        receipt.id.clone(),
        time(Some(receipt.requested_ms)),
        time(receipt.finished_ms),
        receipt.views.to_string(),
        receipt.event_rows.to_string(),
        receipt.pending.join("; "),
    ]
}
