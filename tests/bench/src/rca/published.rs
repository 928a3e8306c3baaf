//! What others report on the same data, and how this project divides it.

/// One published table: the best that any method reaches, column by column.
pub(crate) struct Table {
    /// What stands in the line that is printed: `rca-NAME-top1`.
    pub(crate) name: &'static str,
    /// What it is measured on, for readers.
    pub(crate) about: &'static str,
    /// How far down a list, and the best recall there with whose it is.
    pub(crate) best: &'static [(usize, f64, &'static str)],
    /// In how many parts of 1 the figures are published: 100 where they have two digits. Ours are
    /// compared with as many, since theirs say no more.
    pub(crate) parts: f64,
}

const PETSHOP_LATENCY: Table = Table {
    name: "petshop-latency",
    about: "PetShop low_traffic, latency incidents; published: the authors' code on train and test",
    best: &[(1, 0.571, "traversal"), (3, 0.857, "CIRCA")],
    parts: 1000.0,
};
const PETSHOP_AVAILABILITY: Table = Table {
    name: "petshop-availability",
    about: "PetShop low_traffic, availability incidents; published: as above",
    best: &[(1, 0.750, "ranked correlation"), (3, 1.0, "traversal")],
    parts: 1000.0,
};
const TRAIN_TICKET: Table = Table {
    name: "nezha-trainticket",
    about: "Nezha, TrainTicket; published: Nezha's Table 3, both days of it",
    best: &[(1, 0.87, "Nezha"), (3, 0.98, "Nezha"), (5, 0.98, "Nezha")],
    parts: 100.0,
};
const ONLINE_BOUTIQUE: Table = Table {
    name: "nezha-onlineboutique",
    about: "Nezha, Online Boutique; published: Nezha's Table 3, both days of it",
    best: &[(1, 0.93, "Nezha"), (3, 0.96, "Nezha"), (5, 0.96, "Nezha")],
    parts: 100.0,
};

/// Which group of incidents a bundle belongs to, and whether it was held out from all tuning.
pub(crate) struct Place {
    /// The group, for readers.
    pub(crate) group: String,
    /// The published table of the group, where there is one.
    pub(crate) table: Option<&'static Table>,
    /// Held out.
    pub(crate) held_out: bool,
}

/// By the bundle's name, and the signal that its alert is about. The rule was fixed before anything
/// was tuned: PetShop's own halves; of Nezha's faults in the order of time every second.
pub(crate) fn place(bundle: &str, signal: Option<&str>) -> Place {
    let parts: Vec<&str> = bundle.split('-').collect();
    match parts.as_slice() {
        ["petshop", level @ .., half, _number] => {
            let level = level.join("-");
            let signal = signal.unwrap_or("?");
            let table = match (level.as_str(), signal) {
                ("low_traffic", "latency") => Some(&PETSHOP_LATENCY),
                ("low_traffic", "errors") => Some(&PETSHOP_AVAILABILITY),
                _ => None,
            };
            let signal = if signal == "errors" {
                "availability"
            } else {
                signal
            };
            Place {
                group: format!("petshop {level} {signal}"),
                table,
                held_out: *half == "test",
            }
        }
        ["nezha", day @ .., number] => {
            let day = day.join("-");
            let table = match day.get(..4) {
                Some("2023") => Some(&TRAIN_TICKET),
                Some("2022") => Some(&ONLINE_BOUTIQUE),
                _ => None,
            };
            Place {
                group: format!("nezha {day}"),
                table,
                held_out: number.parse::<u32>().is_ok_and(|number| number % 2 == 1),
            }
        }
        _ => Place {
            group: bundle.to_owned(),
            table: None,
            held_out: false,
        },
    }
}
