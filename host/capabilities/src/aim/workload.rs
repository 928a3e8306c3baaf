//! A Kubernetes workload. Target: `<cluster>/<name>`; its namespace is an
//! argument.

use interlock_gate::{
    action::{Restart, RestartArguments, Rollback, RollbackArguments, Scale, ScaleArguments},
    revision::{Revision, WorkloadRevision},
    target::Target,
};

use super::{At, CannotAim, Found, not_identified, target};
use crate::{Answer, read::workloads::Workload};

pub(super) fn restart(at: &At<'_>) -> Result<Found, CannotAim> {
    let (workload, target, seen) = find(at, &["Deployment", "StatefulSet", "DaemonSet"])?;
    let arguments = RestartArguments {
        kind: workload.kind.clone(),
        namespace: workload.namespace.clone(),
    };
    Ok((Restart { target, arguments }.into(), seen))
}

pub(super) fn scale(at: &At<'_>, replicas: u32) -> Result<Found, CannotAim> {
    let (workload, target, seen) = find(at, &["Deployment", "StatefulSet"])?;
    let observed = workload
        .replicas
        .ok_or(not_identified("`replicas` could not be read"))?;
    let arguments = ScaleArguments {
        kind: workload.kind.clone(),
        namespace: workload.namespace.clone(),
        replicas,
        observed_replicas: observed,
    };
    Ok((Scale { target, arguments }.into(), seen))
}

pub(super) fn rollback(at: &At<'_>) -> Result<Found, CannotAim> {
    let (workload, target, seen) = find(at, &["Deployment"])?;
    let from = workload
        .revision
        .clone()
        .ok_or(not_identified("it has no revision"))?;
    let to = workload.previous_revision.clone();
    let arguments = RollbackArguments {
        kind: workload.kind.clone(),
        namespace: workload.namespace.clone(),
        from_revision: from,
        to_revision: to.ok_or(not_identified("it has no revision before this one"))?,
    };
    Ok((Rollback { target, arguments }.into(), seen))
}

fn find<'a>(at: &'a At<'_>, kinds: &[&str]) -> Result<(&'a Workload, Target, Revision), CannotAim> {
    let Answer::WorkloadsDescribe(all) = at.answer()? else {
        return Err(at.wrong_call());
    };
    let workload = at.pick(&all.workloads)?;
    if !kinds.contains(&workload.kind.as_str()) {
        let kind: String = workload.kind.chars().take(40).collect();
        return Err(at.wrong_kind(format!("a `{kind}`")));
    }
    if workload.uid.is_empty() || workload.resource_version.is_empty() {
        return Err(not_identified("it has no `uid` or no `resourceVersion`"));
    }
    let revision = WorkloadRevision {
        uid: workload.uid.clone(),
        resource_version: workload.resource_version.clone(),
    };
    let target = target(&workload.cluster, &workload.name)?;
    Ok((workload, target, Revision::Workload(revision)))
}
