//! `playhead user`.

use serde_json::json;

use super::{Said, note, time};
use crate::control::{Control, ControlError, Deed, NewInvitation, Person, Role};

/// What can be done with people.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Shows everybody who may sign in
    List,
    /// Makes a link that lets somebody set a password and sign in; for a user, a new password
    Invite {
        email: String,
        #[command(flatten)]
        membership: Membership,
    },
    /// Gives somebody another role or other environments
    Set {
        email: String,
        #[command(flatten)]
        membership: Membership,
    },
    /// Takes somebody's access away
    Remove { email: String },
}

/// What somebody is, and where.
#[derive(Debug, clap::Args)]
pub struct Membership {
    /// viewer, editor, admin or owner
    #[arg(long)]
    role: Role,
    /// Id of an environment they see; may be repeated. An owner sees all
    #[arg(long = "environment", value_name = "ID")]
    environments: Vec<String>,
}

pub(super) async fn run(command: Command, control: &Control) -> Result<Said, ControlError> {
    match command {
        Command::List => {
            let people = control.people().await?;
            let rows: Vec<_> = people.iter().map(row).collect();
            Ok(Said::table(["EMAIL", "ROLE", "ENVIRONMENTS", "LAST SIGN-IN"], &rows, json!(people)))
        }
        Command::Invite { email, membership: Membership { role, environments } } => {
            let made = control.invite(&email, role, &environments).await?;
            let NewInvitation { invitation, code } = &made;
            let detail = json!({"role": role, "environments": environments, "invitation": invitation.id});
            note(control, None, Deed::PersonInvited, &invitation.email, detail).await;
            let until = time(Some(invitation.expires_ms));
            let text =
                format!("/login#invitation={code}\nworks once, on your server's address, until {until} UTC");
            Ok(Said::new(text, &made))
        }
        Command::Set { email, membership: Membership { role, environments } } => {
            let person = control.change_person(&email, role, &environments).await?;
            let detail = json!({"role": person.role, "environments": person.environments});
            note(control, None, Deed::PersonChanged, &person.email, detail).await;
            Ok(Said::table(["EMAIL", "ROLE", "ENVIRONMENTS", "LAST SIGN-IN"], &[row(&person)], &person))
        }
        Command::Remove { email } => {
            if !control.remove_person(&email).await? {
                return Err(ControlError::Missing("there is nobody with this address".to_owned()));
            }
            note(control, None, Deed::PersonRemoved, &email.to_lowercase(), json!({})).await;
            Ok(Said::new(format!("{email} may not sign in any more"), json!({"removed": email})))
        }
    }
}

fn row(person: &Person) -> [String; 4] {
    let environments = match person.role {
        Role::Owner => "all".to_owned(),
        _ => person.environments.join(" "),
    };
    [person.email.clone(), person.role.word().to_owned(), environments, time(person.last_sign_in_ms)]
}
