// A plan is its bytes: no field of it changes under its digest.
use interlock_gate::plan::{BadPlan, Plan};

pub fn alter(plan: Plan, incident: String) -> Result<Plan, BadPlan> {
    let mut body = plan.body().clone();
    body.incident = incident;
    Plan::new(body)
}

fn main() {
    let _ = alter;
}
