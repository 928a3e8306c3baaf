//! The scenes, in order. Each says what is about to be seen, and fails where it is not.

use super::act::{Company, word_after};
use super::{Stop, chain, expect, scene};
use interlock_system_tests::{Person, World};
use interlock_test_servers::Stack;
use std::time::Duration;

/// The alert comes some scrapes after its cause.
const ALERT_WITHIN: Duration = Duration::from_secs(60);

/// Plays them; gives what `apply` said.
pub(super) async fn play(world: &World, company: &Company) -> Result<String, Stop> {
    let stack = world
        .stack()
        .ok_or_else(|| "nothing watches the database".to_owned())?;
    let server = world.cast().server;
    alert(world, stack).await?;

    scene("Bob is on call. The runbook may look at once; what it would change becomes a plan.");
    let run = company
        .bob(&[
            "run",
            "postgres-connections",
            "--incident",
            "incident.toml",
            "-i",
            "stuck_after=2s",
        ])
        .await?;
    expect(&run, 3)?;
    let plan = word_after(&run.text, "PROPOSED  plan ")?;

    scene("Nobody has approved it. Applying it changes nothing.");
    expect(&company.bob(&["apply", &plan]).await?, 3)?;

    scene("Bob has a key and the role, but he is the one who asked. His approval does not count.");
    let all = format!("{server} {}", world.incident.guilty.len());
    let mine = company
        .bob(&[
            "approve",
            &plan,
            "--key",
            "keys/bob",
            "--reason",
            "I am sure",
            "--confirm",
            &all,
        ])
        .await?;
    let refused = company.bob(&["apply", &plan]).await?;
    if mine.code == 0 && refused.code == 0 {
        return Err(Stop::Failed("the requester approved his own plan".into()));
    }
    unchanged(world).await?;

    let somewhere = if company.is_apart() {
        "under her own account"
    } else {
        "in her own folder"
    };
    scene(&format!(
        "Alice works {somewhere} and cannot reach the database. Bob sends her the plan."
    ));
    outbox(world)?;
    expect(
        &company
            .bob(&["plan", "export", &plan, "--out", "outbox"])
            .await?,
        0,
    )?;
    let exported = exported(world)?;
    let token = world.people.home(Person::Alice).join("approval.token");
    let key = world.people.home(Person::Alice).join(".ssh/id_ed25519");
    let approved = company
        .alice(&[
            "approve",
            &exported,
            "--key",
            &key.display().to_string(),
            "--reason",
            "open for minutes, none of them is a job",
            "--confirm",
            &all,
            "--out",
            &token.display().to_string(),
        ])
        .await?;
    expect(&approved, 0)?;

    scene("Her token comes back. What she signed is carried out, and nothing else.");
    let applied = company
        .bob(&["apply", &plan, "--token", &token.display().to_string()])
        .await?;
    expect(&applied, 0)?;
    ended(world).await?;

    scene("Anyone with the journal can check what was decided, by whom, and what came of it.");
    expect(&company.bob(&["journal", "verify"]).await?, 0)?;

    scene("The run plays again from its record, without any server, and gives the same bytes.");
    let run = word_after(&approved.text, "run        ")?;
    expect(
        &company.bob(&["replay", run.trim_end_matches(',')]).await?,
        0,
    )?;
    Ok(applied.text)
}

async fn alert(world: &World, stack: &Stack) -> Result<(), Stop> {
    println!("  database      127.0.0.1:{}", world.postgres().port());
    println!("  prometheus    {}", stack.prometheus.url());
    println!("  alertmanager  {}", stack.alertmanager.url());
    let name = "PostgresConnectionsHigh";
    let alert = stack
        .alertmanager
        .wait_for(name, ALERT_WITHIN)
        .await
        .map_err(chain)?;
    let since = alert["startsAt"].as_str().unwrap_or("now");
    println!("the alert `{name}` fires since {since}");
    Ok(())
}

/// A folder of Bob's that Alice can read.
fn outbox(world: &World) -> Result<(), String> {
    let outbox = world.path("outbox");
    std::fs::create_dir(&outbox).map_err(chain)?;
    world
        .people
        .give(&outbox, Person::Bob, 0o755)
        .map_err(chain)
}

/// The plan that lies in the outbox.
fn exported(world: &World) -> Result<String, String> {
    let outbox = world.path("outbox");
    let entries = std::fs::read_dir(&outbox).map_err(chain)?;
    let mut plans: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .filter(|path| path.ends_with(".json") && !path.ends_with(".evidence.json"))
        .collect();
    match (plans.pop(), plans.pop()) {
        (Some(plan), None) => Ok(plan),
        _ => Err(format!("`{}` does not hold one plan", outbox.display())),
    }
}

/// The database itself is asked, past Interlock.
async fn alive(world: &World, pids: &[i32]) -> Result<usize, String> {
    let admin = world.postgres().superuser().await.map_err(chain)?;
    Ok(world
        .postgres()
        .alive(&admin, pids)
        .await
        .map_err(chain)?
        .len())
}

async fn unchanged(world: &World) -> Result<(), Stop> {
    let guilty = &world.incident.guilty;
    let still = alive(world, guilty).await?;
    println!(
        "\nthe database says: {still} of {} stuck sessions are still there",
        guilty.len()
    );
    if still == guilty.len() {
        return Ok(());
    }
    Err(Stop::Failed(
        "sessions have ended without an approval".into(),
    ))
}

async fn ended(world: &World) -> Result<(), Stop> {
    let (guilty, innocent) = (&world.incident.guilty, &world.incident.innocent);
    let gone = guilty.len() - alive(world, guilty).await?;
    let kept = alive(world, innocent).await?;
    println!(
        "\nthe database says: {gone} of {} stuck sessions are gone, {kept} of {} others are still \
         there",
        guilty.len(),
        innocent.len()
    );
    if gone == guilty.len() && kept == innocent.len() {
        return Ok(());
    }
    Err(Stop::Failed("that is not what was approved".into()))
}
